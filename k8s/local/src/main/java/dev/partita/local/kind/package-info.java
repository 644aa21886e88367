/// The kinds that are served: the built-in ones and those of custom resource definitions, which
/// come and go while the server runs. [Kind] says how a kind is named and shaped, [KindRegistry]
/// finds one, and [Tables] prints objects as the rows that `kubectl get` shows.
@NullMarked
package dev.partita.local.kind;

import org.jspecify.annotations.NullMarked;
