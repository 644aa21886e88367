package dev.partita.node.partition;

import dev.partita.node.time.Timestamp;
import java.util.HashSet;
import java.util.List;

/// What every Partition knows of a transaction that it takes part in.
///
/// @param started about the timestamp at which this attempt began to commit: after a while
///   Partitions forget what began before, and refuse to prepare it
/// @param priority about the timestamp at which the first attempt began: of two that are in each
///   other's way the older one goes on
/// @param participants the Partitions that it reads or writes, each once; the first one holds the
///   record: in two phases, what is decided there is decided
/// @param protocol how the participants agree
public record Transaction(
    TransactionId id,
    Timestamp started,
    Timestamp priority,
    List<PartitionId> participants,
    CommitProtocolKind protocol) {

  /// Partitions in one transaction.
  public static final int PARTICIPANTS_MAX = 64;

  public Transaction {
    participants = List.copyOf(participants);
    if (participants.isEmpty() || participants.size() > PARTICIPANTS_MAX) {
      throw new IllegalArgumentException(
          "a transaction has 1 to " + PARTICIPANTS_MAX + " partitions: " + participants.size());
    }
    if (new HashSet<>(participants).size() != participants.size()) {
      throw new IllegalArgumentException("a participant is named twice: " + participants);
    }
  }

  /// A transaction of two phases.
  public Transaction(
      TransactionId id, Timestamp started, Timestamp priority, List<PartitionId> participants) {
    this(id, started, priority, participants, CommitProtocolKind.TWO_PHASE);
  }

  /// Whether a majority of the participants decides.
  public boolean isThreePhase() {
    return protocol == CommitProtocolKind.THREE_PHASE;
  }

  /// Whether a Partition has to remember a commit until all participants know it.
  boolean isRemembered(PartitionId by) {
    return isThreePhase() || record().equals(by);
  }

  /// The Partition that holds the record.
  public PartitionId record() {
    return participants.getFirst();
  }

  /// Whether one log entry is all it takes.
  public boolean isOnePhase() {
    return participants.size() == 1;
  }

  void writeTo(BinaryWriter out) {
    id.writeTo(out);
    out.timestamp(started)
        .timestamp(priority)
        .list(participants, participants.size(), (o, one) -> o.number(one.value()))
        .flag(isThreePhase());
  }

  static Transaction read(BinaryReader in) {
    return new Transaction(
        TransactionId.read(in),
        in.timestamp(),
        in.timestamp(),
        in.list(one -> new PartitionId(one.number())),
        in.flag() ? CommitProtocolKind.THREE_PHASE : CommitProtocolKind.TWO_PHASE);
  }
}
