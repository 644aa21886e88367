/// The custom resources of Partita: Site, Partition and Index.
@NullMarked
package dev.partita.crd;

import org.jspecify.annotations.NullMarked;
