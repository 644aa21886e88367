package dev.partita.node.transaction;

import dev.partita.node.partition.MutationResult;
import dev.partita.node.partition.PartitionId;
import dev.partita.node.partition.Response.NotPrepared;
import dev.partita.node.partition.Response.Refusal;
import dev.partita.node.time.Timestamp;
import java.util.List;

/// How an attempt to commit has ended. That it cannot be known is an exception.
sealed interface CommitResult {

  /// Everything that was read is so, and everything that was written is there, at this timestamp.
  record Committed(Timestamp at) implements CommitResult {}

  /// An earlier attempt of the same transaction had committed.
  record Repeated(Timestamp at) implements CommitResult {}

  /// A participant has refused; nothing was written.
  ///
  /// @param results for each of its mutations, if it was one of them
  record Refused(PartitionId by, NotPrepared.Reason reason, List<MutationResult> results)
      implements CommitResult {}

  /// A participant could not be asked; nothing was written.
  record Failed(PartitionId by, Refusal refusal) implements CommitResult {}

  /// Somebody else has ended it, to go on himself; nothing was written.
  record Wounded() implements CommitResult {}
}
