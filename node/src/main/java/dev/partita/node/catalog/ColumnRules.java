package dev.partita.node.catalog;

import dev.partita.node.catalog.CatalogResult.Reason;
import dev.partita.node.catalog.CatalogRules.Transition;
import dev.partita.node.index.IndexDefinition;
import dev.partita.node.partition.Bounds;
import dev.partita.node.partition.PartitionDescriptor;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/// What holds for the column groups of a collection and its indexes: all fields of an index lie in
/// one group, or none does. So a row of a group tells everything that an index has to say of it.
///
/// Retained groups count as well: they may come back.
final class ColumnRules {

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
    for (IndexEntry index : before.indexesOf(create.collection())) {
      Set<String> fields = index.definition().columns();
      String why = fields.isEmpty() ? "no column of a group: id" : torn(fields, columns);
      if (why != null) {
        return Transition.refused(
            before,
            Reason.INVALID,
            "all fields of an index lie in one column group or none does",
            create.name(),
            "index %s has %s".formatted(index.definition().name(), why));
      }
    }
    return null;
  }

  /// What speaks against an index, null if nothing does.
  static @Nullable Transition check(Catalog before, IndexDefinition index) {
    Set<String> fields = index.columns();
    for (PartitionEntry group : groups(before, index.collection())) {
      String why =
          fields.isEmpty()
              ? "no column of a group: id"
              : torn(fields, (Bounds.Columns) group.bounds());
      if (why != null) {
        return Transition.refused(
            before,
            Reason.INVALID,
            "all fields of an index lie in one column group or none does",
            index.name(),
            "partition %s: the index has %s".formatted(group.name(), why));
      }
    }
    return null;
  }

  private static @Nullable String torn(Set<String> fields, Bounds.Columns columns) {
    Set<String> inside = new TreeSet<>(fields);
    inside.retainAll(columns.columns());
    Set<String> outside = new TreeSet<>(fields);
    outside.removeAll(inside);
    return inside.isEmpty() || outside.isEmpty()
        ? null
        : "%s in the group and %s elsewhere"
            .formatted(String.join(", ", inside), String.join(", ", outside));
  }

  private static List<PartitionEntry> groups(Catalog catalog, String collection) {
    return catalog.partitions().all().stream()
        .filter(entry -> entry.collection().equals(collection))
        .filter(entry -> entry.bounds() instanceof Bounds.Columns)
        .toList();
  }
}
