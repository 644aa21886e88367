package dev.partita.node.cluster;

import dev.partita.node.catalog.Catalog;
import dev.partita.node.catalog.PartitionEntry;
import dev.partita.node.partition.PartitionId;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// What the rows of a Partition come from on one node. Pure.
///
/// A child of a split gets its rows from its Partition's replica on the node, if there is one, and
/// from nowhere else. So it must not be opened before that one is split: two replicas would have
/// the same rows, and the one would write into, or clear away, those of the other. A node that was
/// away may be several splits behind its catalog, so that its Partition's replica is not made yet
/// either, and that of an older one has the rows.
///
/// What was merged is not split before all members have merged it durably.
final class Origins {

  /// What a node has of a Partition.
  enum Here {
    /// Nothing, any more or yet.
    NOTHING,
    /// A state that a split has made, and no replica: whoever has split opens it.
    STORED,
    /// A replica with rows, or one that the log knows.
    REPLICA,
    /// A replica without rows, which others have by now.
    SPLIT
  }

  private Origins() {}

  /// Whether no replica on the node has the rows of a Partition, or will have them, but its own.
  static boolean haveSplit(
      Catalog catalog, PartitionEntry entry, Function<PartitionId, Here> node) {
    boolean stored = false;
    PartitionId origin = entry.parent();
    while (origin != null) {
      switch (node.apply(origin)) {
        case SPLIT -> {
          return !stored;
        }
        case REPLICA -> {
          return false;
        }
        case STORED -> stored = true;
        case NOTHING -> {}
      }
      origin = parent(catalog, origin);
    }
    return true;
  }

  private static @Nullable PartitionId parent(Catalog catalog, PartitionId id) {
    return catalog.partition(id).map(PartitionEntry::parent).orElse(null);
  }
}
