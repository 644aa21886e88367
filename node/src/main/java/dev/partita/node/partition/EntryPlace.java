package dev.partita.node.partition;

import dev.partita.node.index.IndexKeys;
import dev.partita.node.key.Key;
import java.util.List;

/// Where entries of an index lie: a space, of which others may have a part.
///
/// @param within the entries of rows inside all of these bounds; all entries if there are none
record EntryPlace(IndexKeys keys, List<Bounds> within) {
  EntryPlace {
    within = List.copyOf(within);
  }

  boolean has(Key entry) {
    if (within.isEmpty()) {
      return true;
    }
    var row = keys.primaryKey(IndexKeys.position(entry));
    return within.stream().allMatch(bounds -> bounds.contains(row));
  }
}
