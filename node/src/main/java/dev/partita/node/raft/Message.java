package dev.partita.node.raft;

import java.util.List;

/// What replicas of one group say to each other. Messages may be lost, delayed, doubled and
/// reordered at will. `term` is the sender's, except in pre-votes, where it is the term the
/// candidate would have.
public sealed interface Message {

  NodeId from();

  NodeId to();

  long term();

  /// Would you vote for me in `term`? Changes nothing at the receiver.
  record PreVoteRequest(NodeId from, NodeId to, long term, long lastIndex, long lastTerm)
      implements Message {}

  /// The answer to a [PreVoteRequest].
  ///
  /// @param term the asked term when granted, else the receiver's own
  record PreVoteResponse(NodeId from, NodeId to, long term, boolean granted) implements Message {}

  /// Vote for me in `term`.
  ///
  /// @param transfer the leader itself asked for this election, so its lease need not be waited for
  record VoteRequest(
      NodeId from, NodeId to, long term, long lastIndex, long lastTerm, boolean transfer)
      implements Message {}

  record VoteResponse(NodeId from, NodeId to, long term, boolean granted) implements Message {}

  /// Entries that follow the one at `previousIndex`; none as a probe.
  record AppendEntries(
      NodeId from,
      NodeId to,
      long term,
      long previousIndex,
      long previousTerm,
      long commitIndex,
      List<Entry> entries)
      implements Message {
    public AppendEntries {
      entries = List.copyOf(entries);
    }
  }

  /// The sender's log is durable and equal to the leader's up to `matchIndex`.
  record AppendAccepted(NodeId from, NodeId to, long term, long matchIndex) implements Message {}

  /// The sender's log does not hold the previous entry of an append.
  ///
  /// @param rejectedIndex the `previousIndex` that did not match
  /// @param hintIndex the highest index at which the logs may match: the last one at or below it
  ///   whose term is not above the leader's
  /// @param hintTerm the sender's term there, so that the leader can skip whole terms as well
  record AppendRejected(
      NodeId from, NodeId to, long term, long rejectedIndex, long hintIndex, long hintTerm)
      implements Message {}

  /// The leader is there.
  ///
  /// @param commitIndex committed and known to be in the receiver's log
  /// @param readRound the latest round of reads that waits for a quorum
  /// @param sentNanos the leader's clock, returned as it is
  record Heartbeat(
      NodeId from, NodeId to, long term, long commitIndex, long readRound, long sentNanos)
      implements Message {}

  record HeartbeatResponse(NodeId from, NodeId to, long term, long readRound, long sentNanos)
      implements Message {}

  /// The receiver needs a snapshot, because the log it lacks is gone. The host of the sender makes
  /// one at any applied index not below the mark, carries its files over, and only then hands the
  /// message with that snapshot's mark to the receiver's core.
  record InstallSnapshot(NodeId from, NodeId to, long term, SnapshotMark mark) implements Message {
    public InstallSnapshot withMark(SnapshotMark actual) {
      return new InstallSnapshot(from, to, term, actual);
    }
  }

  /// Campaign at once: the leader hands over to you.
  record TimeoutNow(NodeId from, NodeId to, long term) implements Message {}

  /// The group sleeps: every member has everything up to `commitIndex`, which is the end of the
  /// log. See [Raft#quiesced].
  record Quiesce(NodeId from, NodeId to, long term, long commitIndex) implements Message {}
}
