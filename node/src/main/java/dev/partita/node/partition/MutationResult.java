package dev.partita.node.partition;

import dev.partita.node.error.ErrorCode;
import dev.partita.node.time.Timestamp;
import org.jspecify.annotations.Nullable;

/// What became of one [Mutation].
public sealed interface MutationResult {

  /// Done.
  ///
  /// @param version of the row from now on: the commit timestamp
  /// @param existed whether the row existed before
  record Written(Timestamp version, boolean existed) implements MutationResult {}

  /// The precondition does not hold.
  ///
  /// @param current version of the row, null if it does not exist
  record Conflict(@Nullable Timestamp current) implements MutationResult {}

  /// Another row has the same terms in a unique index.
  record UniqueViolation(long indexId, String indexName) implements MutationResult {}

  /// The terms of the row in an index that is unique in the whole collection change, and its writer
  /// has not claimed them; or columns of an index that has others in other column groups, and its
  /// writer does not write the joint row. It knew nothing of the index.
  record Unclaimed(long indexId) implements MutationResult {}

  /// The document is no JSON object, or has index entries that are too many or too large.
  ///
  /// @param code what is wrong
  record Invalid(ErrorCode code, String reason) implements MutationResult {}

  /// Nothing was wrong with it, but it belongs to an atomic batch in which something was.
  record NotApplied() implements MutationResult {}
}
