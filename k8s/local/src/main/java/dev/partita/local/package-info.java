/// The local control plane: the subset of the Kubernetes API that kubectl and the operator use.
@NullMarked
package dev.partita.local;

import org.jspecify.annotations.NullMarked;
