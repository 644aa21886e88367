package dev.partita.node.transaction;

import dev.partita.node.partition.PartitionId;
import dev.partita.node.partition.TransactionOutcome;
import dev.partita.node.partition.TransactionOutcome.Aborted;
import dev.partita.node.partition.TransactionOutcome.Committed;
import dev.partita.node.time.Timestamp;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Ends a transaction whose coordinator may be gone, or only slow, as a pure function of what is
/// heard. Any number of nodes may do so at once, beside the coordinator: the record decides.
///
/// First the record is asked; if it has only prepared, all others are. Who has not prepared never
/// will from then on. All have prepared: the transaction is committed, at the highest of their
/// timestamps. Somebody has not: it is aborted. That is put to the record, and what the record
/// answers is the outcome.
///
/// @param prepared who was found prepared
/// @param outcome what the record says; null while that is open
/// @param proposed whether an outcome was put to the record
/// @param ended who knows the outcome
/// @param gone Partitions that were dropped: they need to know nothing any more
record RecoveryProtocol(
    List<PartitionId> participants,
    Map<PartitionId, Timestamp> prepared,
    @Nullable TransactionOutcome outcome,
    boolean proposed,
    Set<PartitionId> ended,
    Set<PartitionId> gone) {

  RecoveryProtocol {
    participants = List.copyOf(participants);
    prepared = Map.copyOf(prepared);
    ended = Set.copyOf(ended);
    gone = Set.copyOf(gone);
  }

  /// The protocol after an event, and what is to be sent.
  record Step(RecoveryProtocol next, List<Message> messages) {}

  static Step begin(List<PartitionId> participants) {
    return new Step(
        new RecoveryProtocol(participants, Map.of(), null, false, Set.of(), Set.of()),
        List.of(new Message.Inspect(participants.getFirst())));
  }

  /// Begins with what the record is known to say.
  static Step begin(List<PartitionId> participants, TransactionOutcome outcome) {
    PartitionId record = participants.getFirst();
    return new RecoveryProtocol(participants, Map.of(), null, true, Set.of(), Set.of())
        .finished(record, outcome);
  }

  private PartitionId record() {
    return participants.getFirst();
  }

  /// A participant has prepared.
  Step prepared(PartitionId by, Timestamp at) {
    var all = new HashMap<>(prepared);
    all.put(by, at);
    var next = new RecoveryProtocol(participants, all, outcome, proposed, ended, gone);
    if (proposed || outcome != null) {
      return new Step(next, List.of());
    }
    return by.equals(record()) ? next.askOthers() : next.proposeIfAllPrepared();
  }

  private Step askOthers() {
    return new Step(
        this,
        participants.stream()
            .skip(1)
            .filter(one -> !gone.contains(one))
            .<Message>map(Message.Inspect::new)
            .toList());
  }

  private Step proposeIfAllPrepared() {
    for (PartitionId one : participants) {
      if (!prepared.containsKey(one) && !gone.contains(one)) {
        return new Step(this, List.of());
      }
    }
    return propose(
        new Committed(prepared.values().stream().reduce(Timestamp.MIN, Timestamp::later)));
  }

  private Step propose(TransactionOutcome wanted) {
    var next = new RecoveryProtocol(participants, prepared, outcome, true, ended, gone);
    return gone.contains(record())
        ? next.tell(wanted)
        : new Step(next, List.of(new Message.Finish(record(), wanted)));
  }

  /// A participant says how it ended.
  Step finished(PartitionId by, TransactionOutcome told) {
    var next =
        new RecoveryProtocol(
            participants, prepared, outcome, proposed, CommitProtocol.with(ended, by), gone);
    if (outcome != null) {
      return next.forgetIfAllKnow();
    }
    if (by.equals(record())) {
      return next.tell(told);
    }
    return proposed ? new Step(next, List.of()) : next.propose(told);
  }

  /// A participant was dropped with all it knew. If it held the record, the others decide among
  /// themselves: what one of them knows, else whether all of them have prepared.
  Step dropped(PartitionId lost) {
    var next =
        new RecoveryProtocol(
            participants,
            prepared,
            outcome,
            proposed,
            CommitProtocol.with(ended, lost),
            CommitProtocol.with(gone, lost));
    if (outcome != null) {
      return next.forgetIfAllKnow();
    }
    if (lost.equals(record())) {
      return proposed ? next.tell(new Aborted()) : next.askOthers();
    }
    return proposed ? new Step(next, List.of()) : next.proposeIfAllPrepared();
  }

  private Step tell(TransactionOutcome decided) {
    var next = new RecoveryProtocol(participants, prepared, decided, true, ended, gone);
    List<Message> messages =
        participants.stream()
            .filter(one -> !ended.contains(one))
            .<Message>map(one -> new Message.Finish(one, decided))
            .toList();
    return messages.isEmpty() ? next.forgetIfAllKnow() : new Step(next, messages);
  }

  private Step forgetIfAllKnow() {
    boolean forget =
        ended.size() == participants.size()
            && outcome instanceof Committed
            && !gone.contains(record());
    return new Step(this, forget ? List.of(new Message.Forget(record())) : List.of());
  }

  /// Whether nothing is left to be done.
  boolean isDone() {
    return outcome != null && ended.size() == participants.size();
  }
}
