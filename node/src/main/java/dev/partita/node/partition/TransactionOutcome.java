package dev.partita.node.partition;

import dev.partita.node.time.Timestamp;

/// How a transaction has ended.
public sealed interface TransactionOutcome {

  /// Its writes exist from this timestamp on, in all Partitions.
  record Committed(Timestamp at) implements TransactionOutcome {}

  /// It has written nothing and never will.
  record Aborted() implements TransactionOutcome {}

  default void writeTo(BinaryWriter out) {
    switch (this) {
      case Committed(Timestamp at) -> out.raw(1).timestamp(at);
      case Aborted() -> out.raw(0);
    }
  }

  static TransactionOutcome read(BinaryReader in) {
    return in.flag() ? new Committed(in.timestamp()) : new Aborted();
  }
}
