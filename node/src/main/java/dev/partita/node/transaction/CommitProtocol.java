package dev.partita.node.transaction;

import dev.partita.node.partition.PartitionId;
import dev.partita.node.partition.TransactionOutcome;
import dev.partita.node.partition.TransactionOutcome.Aborted;
import dev.partita.node.partition.TransactionOutcome.Committed;
import dev.partita.node.time.Timestamp;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// The coordinator of one transaction of several Partitions, as a pure function of what it hears.
///
/// @param participants the first one holds the record
/// @param prepared who has prepared, and from which timestamp on it can commit
/// @param outcome what the client may be told; null while that is open
/// @param doubtful whether the coordinator has given up and asked the record to abort: it may find
///   that somebody else has committed
/// @param ended who knows the outcome
record CommitProtocol(
    List<PartitionId> participants,
    Map<PartitionId, Timestamp> prepared,
    @Nullable TransactionOutcome outcome,
    boolean doubtful,
    Set<PartitionId> ended) {

  CommitProtocol {
    participants = List.copyOf(participants);
    prepared = Map.copyOf(prepared);
    ended = Set.copyOf(ended);
  }

  /// The protocol after an event, and what is to be sent.
  record Step(CommitProtocol next, List<Message> messages) {}

  static Step begin(List<PartitionId> participants) {
    return new Step(
        new CommitProtocol(participants, Map.of(), null, false, Set.of()),
        participants.stream().<Message>map(Message.Prepare::new).toList());
  }

  private PartitionId record() {
    return participants.getFirst();
  }

  /// A participant has prepared. When it is the last one, the transaction is committed: nobody can
  /// abort it any more, since for that somebody must be found who has not prepared.
  Step prepared(PartitionId by, Timestamp at) {
    var all = new HashMap<>(prepared);
    all.put(by, at);
    var next = new CommitProtocol(participants, all, outcome, doubtful, ended);
    if (outcome != null || doubtful || all.size() < participants.size()) {
      return new Step(next, List.of());
    }
    Timestamp commit = all.values().stream().reduce(Timestamp.MIN, Timestamp::later);
    return next.tell(new Committed(commit), ended);
  }

  /// A participant will never prepare.
  Step refused(PartitionId by) {
    if (outcome != null) {
      return new Step(this, List.of());
    }
    return tell(new Aborted(), with(ended, by));
  }

  /// Whoever has not answered by now may have prepared or may yet. Only the record can end it.
  Step givenUp() {
    if (outcome != null || doubtful) {
      return new Step(this, List.of());
    }
    return new Step(
        new CommitProtocol(participants, prepared, null, true, ended),
        List.of(new Message.Finish(record(), new Aborted())));
  }

  /// A participant knows the outcome. While it is open here, somebody else has ended the
  /// transaction.
  Step finished(PartitionId by, TransactionOutcome told) {
    Set<PartitionId> knowing = with(ended, by);
    if (outcome == null) {
      return tell(told, knowing);
    }
    var next = new CommitProtocol(participants, prepared, outcome, doubtful, knowing);
    boolean all = knowing.size() == participants.size();
    return new Step(
        next,
        all && outcome instanceof Committed ? List.of(new Message.Forget(record())) : List.of());
  }

  private Step tell(TransactionOutcome decided, Set<PartitionId> knowing) {
    return new Step(
        new CommitProtocol(participants, prepared, decided, doubtful, knowing),
        participants.stream()
            .filter(one -> !knowing.contains(one))
            .<Message>map(one -> new Message.Finish(one, decided))
            .toList());
  }

  static Set<PartitionId> with(Set<PartitionId> some, PartitionId one) {
    var more = new HashSet<>(some);
    more.add(one);
    return more;
  }
}
