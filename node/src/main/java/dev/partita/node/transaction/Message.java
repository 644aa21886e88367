package dev.partita.node.transaction;

import dev.partita.node.partition.PartitionId;
import dev.partita.node.partition.TransactionOutcome;

/// What a coordinator, or whoever takes its place, tells a participant.
sealed interface Message {
  PartitionId to();

  /// Check, lock, and promise to be able to commit.
  record Prepare(PartitionId to) implements Message {}

  /// It ended this way; to the record: let it end this way, unless it has ended.
  record Finish(PartitionId to, TransactionOutcome outcome) implements Message {}

  /// Where does it stand? What is not prepared never is to be.
  record Inspect(PartitionId to) implements Message {}

  /// Listen to nobody with a smaller ballot from now on, and tell what was accepted before.
  record Promise(PartitionId to, long ballot) implements Message {}

  /// Let it end this way, unless you listen to somebody with a larger ballot.
  record Accept(PartitionId to, long ballot, TransactionOutcome outcome) implements Message {}

  /// To the record of a commit: all participants know.
  record Forget(PartitionId to) implements Message {}
}
