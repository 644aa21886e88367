package dev.partita.node.partition;

import dev.partita.node.error.DatabaseException;
import dev.partita.node.error.ErrorCode;
import dev.partita.node.index.IndexDefinition;
import dev.partita.node.index.JsonBytes;
import dev.partita.node.index.JsonColumns;
import dev.partita.node.time.Timestamp;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// The Partitions of a collection that is divided by columns: the groups, in the order of their
/// numbers. Each has some columns of every document; what a document has of them is its row there.
/// A document is there if it has a row in any group. Immutable.
public final class ColumnGroups {
  private final String collection;
  private final List<PartitionDescriptor> groups;
  private final Map<String, PartitionDescriptor> byColumn = new HashMap<>();

  private ColumnGroups(String collection, List<PartitionDescriptor> groups) {
    this.collection = collection;
    this.groups = groups;
    groups.forEach(group -> columns(group).forEach(column -> byColumn.put(column, group)));
  }

  /// Of these Partitions, each of which has columns.
  public static ColumnGroups of(String collection, Collection<PartitionDescriptor> partitions) {
    return new ColumnGroups(
        collection,
        partitions.stream()
            .sorted(Comparator.comparingInt(PartitionDescriptor::columnGroup))
            .toList());
  }

  /// The columns of a group.
  ///
  /// @throws IllegalArgumentException if the Partition is none
  public static List<String> columns(PartitionDescriptor group) {
    if (group.bounds() instanceof Bounds.Columns(List<String> columns)) {
      return columns;
    }
    throw new IllegalArgumentException("no column group: " + group.name());
  }

  /// Every group.
  public List<PartitionDescriptor> all() {
    return groups;
  }

  /// The group of a number, null if it is not there.
  public @Nullable PartitionDescriptor numbered(int number) {
    return groups.stream().filter(group -> group.columnGroup() == number).findFirst().orElse(null);
  }

  /// The group that has the fields of an index, null if none has.
  public @Nullable PartitionDescriptor of(IndexDefinition index) {
    return groups.stream()
        .filter(group -> group.bounds().hasFieldsOf(index))
        .findFirst()
        .orElse(null);
  }

  /// The columns among these that no group has.
  public Set<String> lacking(Collection<String> columns) {
    Set<String> lacking = new HashSet<>(columns);
    lacking.removeAll(byColumn.keySet());
    lacking.remove(JsonColumns.ID);
    return lacking;
  }

  /// The groups that have some of these columns. The key alone is in all of them.
  ///
  /// @param columns null for all
  /// @throws DatabaseException [ErrorCode#NO_PARTITION], naming a column that no group has
  public List<PartitionDescriptor> having(@Nullable Collection<String> columns) {
    if (groups.isEmpty()) {
      throw new DatabaseException(
              ErrorCode.NO_PARTITION, "the collection is divided by columns and has no partition")
          .with("collection", collection);
    }
    if (columns == null || columns.stream().allMatch(JsonColumns.ID::equals)) {
      return groups;
    }
    Set<String> lacking = lacking(columns);
    if (!lacking.isEmpty()) {
      throw new DatabaseException(
              ErrorCode.NO_PARTITION,
              "no partition of the collection has the column: declare one with it in its columns")
          .with("collection", collection)
          .with("column", lacking.stream().sorted().toList().getFirst());
    }
    Set<String> wanted = new HashSet<>(columns);
    return groups.stream()
        .filter(group -> columns(group).stream().anyMatch(wanted::contains))
        .toList();
  }

  /// The rows of a document, in the order of groups: those that it has columns of. One without any
  /// column has an empty row in the first group.
  ///
  /// @throws DatabaseException as [#having]
  public Map<PartitionDescriptor, JsonBytes> split(JsonBytes document) {
    Map<PartitionDescriptor, JsonBytes> rows = new LinkedHashMap<>();
    Set<String> columns = JsonColumns.of(document);
    List<PartitionDescriptor> concerned = having(columns);
    for (PartitionDescriptor group : columns.isEmpty() ? groups.subList(0, 1) : concerned) {
      rows.put(group, JsonColumns.project(document, columns(group)));
    }
    return rows;
  }

  /// One row of those of a document in the order of groups, at one timestamp: what is there, with
  /// the newest version. None if none of them is there.
  public static Response.Row join(Collection<Response.Row> rows) {
    List<JsonBytes> parts = new ArrayList<>();
    Timestamp newest = null;
    for (Response.Row row : rows) {
      Timestamp version = row.version();
      if (row.document() != null && version != null) {
        parts.add(row.document());
        newest = newest == null || version.isAfter(newest) ? version : newest;
      }
    }
    return newest == null
        ? new Response.Row(null, null)
        : new Response.Row(newest, JsonColumns.join(parts));
  }
}
