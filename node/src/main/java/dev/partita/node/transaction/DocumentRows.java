package dev.partita.node.transaction;

import dev.partita.node.error.DatabaseException;
import dev.partita.node.error.ErrorCode;
import dev.partita.node.index.JsonBytes;
import dev.partita.node.index.JsonColumns;
import dev.partita.node.key.PrimaryKey;
import dev.partita.node.partition.ColumnGroups;
import dev.partita.node.partition.Mutation;
import dev.partita.node.partition.PartitionDescriptor;
import dev.partita.node.partition.Request;
import dev.partita.node.partition.Response;
import dev.partita.node.time.Timestamp;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/// Pure: the rows of a document that a read or a write is about. Where a collection is not divided
/// by columns that is one, the document; else one in each of some column groups. Immutable.
///
/// @param columns that are read or written; null for the whole document
/// @param owners where the rows are, in the order of the column groups; none if there is surely no
///   document
public record DocumentRows(
    String collection,
    PrimaryKey key,
    @Nullable List<String> columns,
    List<PartitionDescriptor> owners) {

  public DocumentRows {
    columns = columns == null ? null : List.copyOf(columns);
    owners = List.copyOf(owners);
  }

  /// Whether they are of a collection that is divided by columns.
  public boolean areDivided() {
    return !owners.isEmpty() && owners.getFirst().columnGroup() > 0;
  }

  /// Whether columns mean the whole document, or whether it is there.
  public static boolean areAll(@Nullable Collection<String> columns) {
    return columns == null || columns.stream().allMatch(JsonColumns.ID::equals);
  }

  /// What is read of the document.
  ///
  /// @param rows one for each owner
  public Response.Row join(List<Response.Row> rows) {
    Response.Row whole = ColumnGroups.join(rows);
    JsonBytes document = whole.document();
    return columns == null || document == null
        ? whole
        : new Response.Row(whole.version(), JsonColumns.project(document, columns));
  }

  /// Whether a write cannot be told without the rows as they are, which must be so until it
  /// commits. Else each is written by itself, with its own condition.
  public boolean needsRows(Mutation mutation) {
    return areDivided()
        ? !(mutation.precondition() instanceof Mutation.Always)
            || !owners.stream().allMatch(this::isWhole)
        : columns != null;
  }

  /// Whether all columns of a group are written.
  private boolean isWhole(PartitionDescriptor owner) {
    return columns == null || Set.copyOf(columns).containsAll(ColumnGroups.columns(owner));
  }

  /// What a write does to each row, in the order of the owners. What columns are written leaves no
  /// row deleted, so that the document does not go with its last value.
  ///
  /// @param before the rows as they are, as far as they were read
  /// @throws DatabaseException `NO_PARTITION` if no group has a column of the document; `TOO_LARGE`
  public List<Mutation> mutations(
      Mutation mutation, Map<PartitionDescriptor, Response.Row> before) {
    requireInside(mutation, columns);
    if (!areDivided() && columns == null) {
      return List.of(mutation);
    }
    JsonBytes document = mutation.document();
    if (document == null) {
      return owners.stream().map(_ -> Mutation.delete(key)).toList();
    }
    if (columns == null) {
      Map<PartitionDescriptor, JsonBytes> parts =
          ColumnGroups.of(collection, owners).split(document);
      return owners.stream()
          .map(owner -> new Mutation(key, parts.get(owner), new Mutation.Always()))
          .toList();
    }
    List<Mutation> mutations = new ArrayList<>();
    for (PartitionDescriptor owner : owners) {
      mutations.add(Mutation.put(key, replaced(document, columns, owner, before.get(owner))));
    }
    return mutations;
  }

  private JsonBytes replaced(
      JsonBytes document,
      List<String> written,
      PartitionDescriptor owner,
      Response.@Nullable Row before) {
    Set<String> here = new TreeSet<>(written);
    if (areDivided()) {
      here.retainAll(ColumnGroups.columns(owner));
    }
    JsonBytes present = before == null ? null : before.document();
    JsonBytes row =
        present == null
            ? JsonColumns.project(document, here)
            : JsonColumns.replace(present, here, document);
    if (row.size() > Request.DOCUMENT_BYTES_MAX) {
      throw new DatabaseException(ErrorCode.TOO_LARGE, "the document is larger than the limit")
          .with("key", key)
          .with("bytes", row.size())
          .with("limit", Request.DOCUMENT_BYTES_MAX);
    }
    return row;
  }

  /// Makes sure that a document has only columns that are to be written, if some are named.
  ///
  /// @throws DatabaseException `INVALID_REQUEST` if a document has columns that are not to be
  ///   written, or some columns are to be deleted
  public static void requireInside(Mutation mutation, @Nullable Collection<String> columns) {
    if (columns == null) {
      return;
    }
    JsonBytes document = mutation.document();
    if (areAll(columns)) {
      throw new DatabaseException(
              ErrorCode.INVALID_REQUEST, "the key is no column: name those that are to be written")
          .with("key", mutation.key())
          .with("columns", columns);
    }
    if (document == null) {
      throw new DatabaseException(
              ErrorCode.INVALID_REQUEST,
              "documents are deleted as a whole: to remove columns, write a document without them")
          .with("key", mutation.key())
          .with("columns", columns);
    }
    Set<String> others = new TreeSet<>(JsonColumns.of(document));
    others.removeAll(columns);
    if (!others.isEmpty()) {
      throw new DatabaseException(
              ErrorCode.INVALID_REQUEST,
              "the document has columns that are not among those to be written")
          .with("key", mutation.key())
          .with("columns", columns)
          .with("others", others);
    }
  }

  /// Whether a condition holds of a document with this version, null if there is none.
  public static boolean holds(Mutation.Precondition precondition, @Nullable Timestamp version) {
    return switch (precondition) {
      case Mutation.Always() -> true;
      case Mutation.IfAbsent() -> version == null;
      case Mutation.IfPresent() -> version != null;
      case Mutation.IfVersion(Timestamp wanted) -> wanted.equals(version);
      case Mutation.IfAbsentOr _ -> throw new IllegalArgumentException("claims have no conditions");
    };
  }
}
