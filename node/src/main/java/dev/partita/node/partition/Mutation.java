package dev.partita.node.partition;

import dev.partita.node.index.JsonBytes;
import dev.partita.node.key.PrimaryKey;
import dev.partita.node.time.Timestamp;
import org.jspecify.annotations.Nullable;

/// The change of one row.
///
/// @param document the new document, null to delete the row
public record Mutation(PrimaryKey key, @Nullable JsonBytes document, Precondition precondition) {

  /// What must hold for the row when the write is applied; else the result is
  /// [MutationResult.Conflict].
  public sealed interface Precondition {}

  /// Nothing.
  public record Always() implements Precondition {}

  /// The row does not exist.
  public record IfAbsent() implements Precondition {}

  /// The row exists.
  public record IfPresent() implements Precondition {}

  /// The row exists and was last written at this timestamp.
  public record IfVersion(Timestamp version) implements Precondition {}

  /// The row does not exist, or is this document. A deletion whose row is another document does
  /// nothing instead of being refused: it was to delete this one.
  public record IfAbsentOr(JsonBytes document) implements Precondition {}

  /// Writes the row, whether it exists or not.
  public static Mutation put(PrimaryKey key, JsonBytes document) {
    return new Mutation(key, document, new Always());
  }

  /// Writes the row if it does not exist.
  public static Mutation insert(PrimaryKey key, JsonBytes document) {
    return new Mutation(key, document, new IfAbsent());
  }

  /// Deletes the row, if it exists.
  public static Mutation delete(PrimaryKey key) {
    return new Mutation(key, null, new Always());
  }

  public Mutation when(Precondition other) {
    return new Mutation(key, document, other);
  }
}
