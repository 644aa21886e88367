package dev.partita.node.transaction;

import dev.partita.node.partition.Ballots;
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

/// Brings a three-phase transaction to its end with a majority of its participants, as a pure
/// function of what is heard. The coordinator does so with ballot 0 when all have prepared; whoever
/// takes its place asks first, with a larger ballot, what was accepted before.
///
/// When a majority has promised, what was accepted with the largest ballot is put forward again: it
/// may have been decided. If nothing was accepted, nothing is decided: commit if all are seen to
/// have prepared, else abort. What a majority accepts is the outcome.
///
/// @param promises what participants had accepted when they promised
/// @param prepared who was found prepared
/// @param proposed what was put forward; null before
/// @param accepted who has accepted it
/// @param outcome null while it is open
/// @param beaten whether somebody with a larger ballot is at it
/// @param ended who knows the outcome
record TakeOver(
    List<PartitionId> participants,
    long ballot,
    Map<PartitionId, Ballots> promises,
    Map<PartitionId, Timestamp> prepared,
    @Nullable TransactionOutcome proposed,
    Set<PartitionId> accepted,
    @Nullable TransactionOutcome outcome,
    boolean beaten,
    Set<PartitionId> ended) {

  TakeOver {
    participants = List.copyOf(participants);
    promises = Map.copyOf(promises);
    prepared = Map.copyOf(prepared);
    accepted = Set.copyOf(accepted);
    ended = Set.copyOf(ended);
  }

  /// The protocol after an event, and what is to be sent.
  record Step(TakeOver next, List<Message> messages) {}

  /// Begins for a coordinator that nobody has to listen to yet: all have prepared.
  static Step ofCoordinator(List<PartitionId> participants, Map<PartitionId, Timestamp> prepared) {
    return new TakeOver(participants, 0, Map.of(), prepared, null, Set.of(), null, false, Set.of())
        .propose(new Committed(latest(prepared)));
  }

  /// Begins in the place of a coordinator.
  ///
  /// @param ballot larger than 0, and nobody else's
  static Step begin(List<PartitionId> participants, long ballot) {
    return new Step(
        new TakeOver(
            participants, ballot, Map.of(), Map.of(), null, Set.of(), null, false, Set.of()),
        participants.stream().<Message>map(one -> new Message.Promise(one, ballot)).toList());
  }

  private static Timestamp latest(Map<PartitionId, Timestamp> prepared) {
    return prepared.values().stream().reduce(Timestamp.MIN, Timestamp::later);
  }

  private int majority() {
    return participants.size() / 2 + 1;
  }

  private Step stay() {
    return new Step(this, List.of());
  }

  /// Begins with an outcome that is known.
  static Step known(List<PartitionId> participants, TransactionOutcome outcome) {
    return new TakeOver(participants, 0, Map.of(), Map.of(), null, Set.of(), null, false, Set.of())
        .tell(outcome);
  }

  /// Whether nothing is left to be done here.
  boolean isDone() {
    return beaten || (outcome != null && ended.size() == participants.size());
  }

  /// A participant has promised.
  ///
  /// @param at from when on it can commit; null if it has not prepared
  /// @param before what it had accepted
  Step promised(PartitionId by, @Nullable Timestamp at, Ballots before) {
    if (outcome != null || proposed != null || beaten) {
      return stay();
    }
    var allPromises = new HashMap<>(promises);
    allPromises.put(by, before);
    var allPrepared = new HashMap<>(prepared);
    if (at != null) {
      allPrepared.put(by, at);
    }
    var next =
        new TakeOver(
            participants, ballot, allPromises, allPrepared, null, accepted, null, false, ended);
    return allPromises.size() < majority() ? next.stay() : next.propose(next.choose());
  }

  private TransactionOutcome choose() {
    TransactionOutcome last = null;
    long largest = -1;
    for (Ballots before : promises.values()) {
      if (before.accepted() != null && before.acceptedBallot() > largest) {
        last = before.accepted();
        largest = before.acceptedBallot();
      }
    }
    if (last != null) {
      return last;
    }
    return prepared.size() == participants.size() ? new Committed(latest(prepared)) : new Aborted();
  }

  private Step propose(TransactionOutcome wanted) {
    return new Step(
        new TakeOver(
            participants, ballot, promises, prepared, wanted, accepted, null, false, ended),
        participants.stream()
            .<Message>map(one -> new Message.Accept(one, ballot, wanted))
            .toList());
  }

  /// A participant has accepted what was put forward.
  Step accepted(PartitionId by) {
    TransactionOutcome wanted = proposed;
    if (outcome != null || wanted == null) {
      return stay();
    }
    Set<PartitionId> all = CommitProtocol.with(accepted, by);
    var next =
        new TakeOver(participants, ballot, promises, prepared, proposed, all, null, beaten, ended);
    return all.size() < majority() ? next.stay() : next.tell(wanted);
  }

  /// A participant listens to somebody else.
  Step rejected() {
    return outcome != null
        ? stay()
        : new Step(
            new TakeOver(
                participants, ballot, promises, prepared, proposed, accepted, null, true, ended),
            List.of());
  }

  /// A participant knows the outcome.
  Step finished(PartitionId by, TransactionOutcome told) {
    Set<PartitionId> knowing = CommitProtocol.with(ended, by);
    var next =
        new TakeOver(
            participants, ballot, promises, prepared, proposed, accepted, outcome, beaten, knowing);
    if (outcome == null) {
      return next.tell(told);
    }
    return knowing.size() == participants.size() && outcome instanceof Committed
        ? new Step(next, participants.stream().<Message>map(Message.Forget::new).toList())
        : next.stay();
  }

  private Step tell(TransactionOutcome decided) {
    return new Step(
        new TakeOver(
            participants, ballot, promises, prepared, proposed, accepted, decided, beaten, ended),
        participants.stream()
            .filter(one -> !ended.contains(one))
            .<Message>map(one -> new Message.Finish(one, decided))
            .toList());
  }
}
