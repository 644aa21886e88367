package dev.partita.node.catalog;

import dev.partita.node.catalog.CatalogResult.Reason;
import dev.partita.node.catalog.CatalogRules.Transition;
import dev.partita.node.index.IndexDefinition;
import dev.partita.node.partition.Bounds;
import dev.partita.node.partition.PartitionDescriptor;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What holds for the column groups of a collection and its indexes: there are not too many, and
/// every index has a column. Where its fields lie in several groups see [JointPartitions].
///
/// Retained groups count as well: they may come back.
final class ColumnRules {
  private static final String NO_COLUMN =
      "an index of a collection that is divided by columns has a column, and id is none";

  private ColumnRules() {}

  /// What speaks against a group that is declared, null if nothing does.
  static @Nullable Transition check(
      Catalog before, CatalogCommand.CreatePartition create, Bounds.Columns columns) {
    List<PartitionEntry> groups = groups(before, create.collection());
    CollectionEntry collection = before.collections().get(create.collection());
    boolean exhausted =
        collection != null
            && collection.columnGroups() != null
            && collection.columnGroups() >= PartitionDescriptor.COLUMN_GROUP_MAX;
    boolean again = groups.stream().anyMatch(group -> group.bounds().isSameAs(columns));
    if (!again && (exhausted || groups.size() >= PartitionRules.COLUMN_GROUPS_MAX)) {
      return Transition.refused(
          before,
          Reason.TOO_MANY,
          exhausted
              ? "the collection has had as many column groups as it may ever have"
              : "the collection has as many column groups as it may have, retained ones included",
          create.name(),
          create.collection());
    }
    return before.indexesOf(create.collection()).stream()
        .map(IndexEntry::definition)
        .filter(index -> index.columns().isEmpty())
        .findFirst()
        .map(index ->
            Transition.refused(
                before, Reason.INVALID, NO_COLUMN, create.name(), "index " + index.name()))
        .orElse(null);
  }

  /// What speaks against an index, null if nothing does.
  static @Nullable Transition check(Catalog before, IndexDefinition index) {
    List<PartitionEntry> groups = groups(before, index.collection());
    if (index.columns().isEmpty() && !groups.isEmpty()) {
      return Transition.refused(
          before, Reason.INVALID, NO_COLUMN, index.name(), "partition " + groups.getFirst().name());
    }
    boolean full = before.partitions().all().size() >= PartitionRules.PARTITIONS_MAX;
    return full && groups.stream().anyMatch(group -> group.bounds().divides(index))
        ? Transition.refused(before, Reason.TOO_MANY, "too many partitions", index.name(), null)
        : null;
  }

  private static List<PartitionEntry> groups(Catalog catalog, String collection) {
    return catalog.partitions().all().stream()
        .filter(entry -> entry.collection().equals(collection))
        .filter(entry -> entry.bounds() instanceof Bounds.Columns)
        .toList();
  }
}
