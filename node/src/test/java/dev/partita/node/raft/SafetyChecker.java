package dev.partita.node.raft;

import static dev.partita.node.raft.SimFailure.Check.ELECTION_SAFETY;
import static dev.partita.node.raft.SimFailure.Check.LEADER_COMPLETENESS;
import static dev.partita.node.raft.SimFailure.Check.LOG_MATCHING;
import static dev.partita.node.raft.SimFailure.Check.STATE_MACHINE_SAFETY;

import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// Watches every replica of a simulation and knows what Raft promises (Raft thesis, figure 3.2).
final class SafetyChecker {

  private record Position(long term, long index) {}

  private record Written(long previousTerm, long digest) {}

  /// @param seenTerm of the replica that was first seen to know of it: the entry was committed in
  ///   that term or before
  private record Committed(long term, long seenTerm) {}

  private final Map<Long, NodeId> leaders = new HashMap<>();
  private final Map<Position, Written> entries = new HashMap<>();
  private final Map<Long, Committed> committed = new HashMap<>();
  private final Map<Long, Long> digests = new HashMap<>();
  private long committedIndex;

  long committedIndex() {
    return committedIndex;
  }

  /// Entries that a replica put into its log. Each entry is the only one at its term and index and
  /// follows the only one before it, so by induction two logs that share one entry share all before
  /// it.
  void wrote(NodeId node, Raft raft, List<Entry> written) {
    if (written.isEmpty()) {
      return;
    }
    long previousTerm = raft.termAt(written.getFirst().index() - 1);
    for (Entry entry : written) {
      var now = new Written(previousTerm, KeyValueMachine.digestOf(entry));
      Written before = entries.putIfAbsent(new Position(entry.term(), entry.index()), now);
      if (before != null && !before.equals(now)) {
        throw new SimFailure(
            LOG_MATCHING,
            node
                + " holds another entry at "
                + entry.term()
                + "/"
                + entry.index()
                + " than someone else");
      }
      previousTerm = entry.term();
    }
  }

  /// A replica was seen to lead. Returns whether it has just begun.
  boolean leads(NodeId node, Raft raft) {
    NodeId other = leaders.putIfAbsent(raft.term(), node);
    if (other == null) {
      checkCompleteness(node, raft);
    } else if (!other.equals(node)) {
      throw new SimFailure(
          ELECTION_SAFETY, "both " + other + " and " + node + " lead term " + raft.term());
    }
    return other == null;
  }

  private void checkCompleteness(NodeId node, Raft raft) {
    for (long index = committedIndex; index > raft.snapshot().index(); index--) {
      Committed entry = committed.get(index);
      if (entry != null
          && entry.seenTerm() < raft.term()
          && (index > raft.lastIndex() || raft.termAt(index) != entry.term())) {
        throw new SimFailure(
            LEADER_COMPLETENESS,
            node + " leads term " + raft.term() + " without " + index + ", " + entry);
      }
    }
  }

  /// A replica believes everything up to its commit index committed.
  void committed(NodeId node, Raft raft, long fromIndex) {
    for (long index = Math.max(fromIndex, raft.snapshot().index() + 1);
        index <= raft.commitIndex();
        index++) {
      long term = raft.termAt(index);
      Committed before = committed.putIfAbsent(index, new Committed(term, raft.term()));
      if (before != null && before.term() != term) {
        throw new SimFailure(
            STATE_MACHINE_SAFETY,
            node
                + " commits "
                + term
                + "/"
                + index
                + " in term "
                + raft.term()
                + ", but committed was "
                + before);
      }
    }
    committedIndex = Math.max(committedIndex, raft.commitIndex());
  }

  /// A replica's state machine has got to its applied index, by an entry or by a snapshot.
  void applied(NodeId node, KeyValueMachine machine) {
    Long before = digests.putIfAbsent(machine.appliedIndex(), machine.digest());
    if (before != null && before != machine.digest()) {
      throw new SimFailure(
          STATE_MACHINE_SAFETY,
          node + " has another state at " + machine.appliedIndex() + " than someone else");
    }
  }
}
