package dev.partita.node.transaction;

import dev.partita.node.partition.PartitionId;
import dev.partita.node.partition.TransactionOutcome;
import dev.partita.node.partition.TransactionOutcome.Aborted;
import dev.partita.node.time.Timestamp;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// The coordinator of a three-phase transaction, as a pure function of what it hears: it has all
/// participants prepare, and then a majority of them accept the commit.
///
/// @param prepared who has prepared, and from which timestamp on it can commit
/// @param deciding the second part; null before it begins
record ThreePhaseCommit(
    List<PartitionId> participants,
    Map<PartitionId, Timestamp> prepared,
    @Nullable TakeOver deciding) {

  ThreePhaseCommit {
    participants = List.copyOf(participants);
    prepared = Map.copyOf(prepared);
  }

  /// The protocol after an event, and what is to be sent.
  record Step(ThreePhaseCommit next, List<Message> messages) {}

  static Step begin(List<PartitionId> participants) {
    return new Step(
        new ThreePhaseCommit(participants, Map.of(), null),
        participants.stream().<Message>map(Message.Prepare::new).toList());
  }

  /// What the client may be told; null while that is open.
  @Nullable TransactionOutcome outcome() {
    return deciding == null ? null : deciding.outcome();
  }

  private Step stay() {
    return new Step(this, List.of());
  }

  private Step with(TakeOver.Step step) {
    return new Step(new ThreePhaseCommit(participants, prepared, step.next()), step.messages());
  }

  private TakeOver open() {
    return new TakeOver(participants, 0, Map.of(), prepared, null, Set.of(), null, false, Set.of());
  }

  /// A participant has prepared.
  Step prepared(PartitionId by, Timestamp at) {
    if (deciding != null) {
      return stay();
    }
    var all = new HashMap<>(prepared);
    all.put(by, at);
    var next = new ThreePhaseCommit(participants, all, null);
    return all.size() < participants.size()
        ? next.stay()
        : next.with(TakeOver.ofCoordinator(participants, all));
  }

  /// A participant will never prepare, so nobody can put forward a commit.
  Step refused(PartitionId by) {
    return deciding == null ? with(open().finished(by, new Aborted())) : stay();
  }

  /// A participant knows the outcome.
  Step finished(PartitionId by, TransactionOutcome told) {
    return with((deciding == null ? open() : deciding).finished(by, told));
  }

  /// Something about the decision was heard.
  Step heard(TakeOver.Step step) {
    return with(step);
  }

  /// Goes on as one who takes over: after having waited too long, or when somebody else has begun
  /// to.
  ///
  /// @param ballot larger than 0, and nobody else's
  Step takeOver(long ballot) {
    return outcome() == null ? with(TakeOver.begin(participants, ballot)) : stay();
  }
}
