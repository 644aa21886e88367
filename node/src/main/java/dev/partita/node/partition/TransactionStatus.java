package dev.partita.node.partition;

import dev.partita.node.time.Timestamp;

/// Where a transaction stands at one of its Partitions: the whole of a participant's protocol, as
/// pure transitions. `Prepared` is a promise that only the record's Partition can release, and
/// `Finished` is for ever: whatever comes late finds it and changes nothing.
public sealed interface TransactionStatus {

  /// Nothing is known of it.
  record Absent() implements TransactionStatus {}

  /// It holds its locks here and can commit at this timestamp or any later one.
  record Prepared(Timestamp at) implements TransactionStatus {}

  /// It has ended here.
  record Finished(TransactionOutcome outcome) implements TransactionStatus {}

  /// Nothing is known.
  static TransactionStatus absent() {
    return new Absent();
  }

  /// It has ended without writing.
  static TransactionStatus aborted() {
    return new Finished(new TransactionOutcome.Aborted());
  }

  /// After a request to prepare whose checks hold.
  default TransactionStatus prepare(Timestamp at) {
    return this instanceof Absent ? new Prepared(at) : this;
  }

  /// After a request to prepare whose checks do not hold: the refusal is final, so that a copy of
  /// the request which comes later cannot succeed.
  default TransactionStatus refuse() {
    return this instanceof Absent ? aborted() : this;
  }

  /// After being told how it ended. Only what is prepared can commit; a commit of something absent
  /// is the late copy of a message about what was finished and forgotten.
  default TransactionStatus finish(TransactionOutcome outcome) {
    return switch (this) {
      case Absent() -> outcome instanceof TransactionOutcome.Aborted ? aborted() : this;
      case Prepared _ -> new Finished(outcome);
      case Finished _ -> this;
    };
  }

  /// After being asked by somebody who wants to end it: what is not prepared yet never will be.
  default TransactionStatus inspect() {
    return this instanceof Absent ? aborted() : this;
  }
}
