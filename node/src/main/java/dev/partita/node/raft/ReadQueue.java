package dev.partita.node.raft;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;

/// Reads that wait until a quorum confirms that this leader still leads. They go in rounds: a round
/// is one broadcast of heartbeats, and every read asked for before it is confirmed with it.
final class ReadQueue {

  private record Waiting(long contextId, long readIndex, long round) {}

  private final ArrayDeque<Long> waitingForCommit = new ArrayDeque<>();
  private final ArrayDeque<Waiting> waitingForQuorum = new ArrayDeque<>();
  private long round;
  private boolean roundWanted;

  /// The latest round that was sent.
  long round() {
    return round;
  }

  boolean isEmpty() {
    return waitingForCommit.isEmpty() && waitingForQuorum.isEmpty();
  }

  /// Adds a read whose index is not known before the leader has committed in its term.
  void addWaitingForCommit(long contextId) {
    waitingForCommit.add(contextId);
  }

  void add(long contextId, long readIndex) {
    waitingForQuorum.add(new Waiting(contextId, readIndex, round + 1));
    roundWanted = true;
  }

  /// The leader has committed in its term: the reads that waited for that get their index.
  void committedInTerm(long commitIndex) {
    while (!waitingForCommit.isEmpty()) {
      add(waitingForCommit.remove(), commitIndex);
    }
  }

  boolean roundWanted() {
    return roundWanted;
  }

  /// Begins a round; the caller broadcasts it.
  void beginRound() {
    round++;
    roundWanted = false;
  }

  /// Takes out the reads of all rounds up to `quorumRound`.
  List<ConfirmedRead> takeConfirmed(long quorumRound) {
    if (waitingForQuorum.isEmpty() || waitingForQuorum.element().round() > quorumRound) {
      return List.of();
    }
    var confirmed = new ArrayList<ConfirmedRead>();
    while (!waitingForQuorum.isEmpty() && waitingForQuorum.element().round() <= quorumRound) {
      Waiting read = waitingForQuorum.remove();
      confirmed.add(new ConfirmedRead(read.contextId(), read.readIndex()));
    }
    return confirmed;
  }

  /// Takes out all contexts, to be told that they are lost.
  List<Long> takeAll() {
    var all = new ArrayList<>(waitingForCommit);
    waitingForQuorum.forEach(read -> all.add(read.contextId()));
    waitingForCommit.clear();
    waitingForQuorum.clear();
    return all;
  }
}
