package dev.partita.node.partition;

import dev.partita.node.key.Key;
import java.util.Set;

/// What mutations touch in the indexes of a Partition.
///
/// @param entries every entry that their rows have before or have after
/// @param terms the terms in unique indexes that their rows have after, as
///   [dev.partita.node.index.IndexKeys#sameTerms] gives them
record Footprint(Set<Key> entries, Set<Key> terms) {

  static final Footprint NONE = new Footprint(Set.of(), Set.of());

  Footprint {
    entries = Set.copyOf(entries);
    terms = Set.copyOf(terms);
  }
}
