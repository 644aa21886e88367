package dev.partita.node.query;

import dev.partita.node.index.JsonBytes;
import dev.partita.node.index.JsonColumns;
import dev.partita.node.key.PrimaryKey;
import dev.partita.node.time.Timestamp;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// A change of a document. A document changes once at a timestamp, so both together name the
/// change.
///
/// @param timestamp of the commit; all changes of a transaction have the same
/// @param document as it is from then on, null if it was deleted
/// @param before as it was until then; null if there was none, or nobody has asked for it
/// @param columns where the collection is divided by columns those that were replaced, sorted:
///   `document` and `before` have these and no others; else null, for all
public record Change(
    PrimaryKey key,
    Timestamp timestamp,
    @Nullable JsonBytes document,
    @Nullable JsonBytes before,
    @Nullable List<String> columns) {

  public Change {
    columns = columns == null ? null : List.copyOf(columns);
  }

  /// A change of a whole document.
  public Change(
      PrimaryKey key,
      Timestamp timestamp,
      @Nullable JsonBytes document,
      @Nullable JsonBytes before) {
    this(key, timestamp, document, before, null);
  }

  /// What changes in several column groups are for the document, which they have in common with
  /// their timestamp.
  ///
  /// @param parts at least one, in the order of the groups
  static Change joined(List<Change> parts) {
    Change first = parts.getFirst();
    return new Change(
        first.key(),
        first.timestamp(),
        joined(parts.stream().map(Change::document)),
        joined(parts.stream().map(Change::before)),
        parts.stream()
            .map(Change::columns)
            .filter(Objects::nonNull)
            .flatMap(List::stream)
            .sorted()
            .toList());
  }

  private static @Nullable JsonBytes joined(Stream<@Nullable JsonBytes> parts) {
    List<JsonBytes> present = parts.filter(Objects::nonNull).toList();
    return present.isEmpty() ? null : JsonColumns.join(present);
  }
}
