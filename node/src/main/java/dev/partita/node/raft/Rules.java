package dev.partita.node.raft;

import java.util.List;
import java.util.function.Predicate;
import java.util.function.ToLongFunction;

/// The decisions that safety stands on, one method each, with the reason why it is so. They are
/// gathered here so that tests can break them one at a time and see that the simulation notices;
/// everything but such a test uses [#SOUND].
class Rules {

  /// The rules as they are.
  static final Rules SOUND = new Rules();

  /// A vote is told only when it is durable; else a restart could vote again in the same term.
  boolean voteWaitsForDisk() {
    return true;
  }

  /// An append is acknowledged only when it is durable, because the leader counts it from then on.
  boolean appendResponseWaitsForDisk() {
    return true;
  }

  /// A write confirms nothing about entries that were replaced after it was handed out.
  boolean truncationVoidsPendingWrites() {
    return true;
  }

  /// One vote in a term, for ever.
  boolean mayVote(long term, HardState state, NodeId candidate) {
    return term > state.term() || state.vote() == null || candidate.equals(state.vote());
  }

  /// Nobody gets a vote whose log ends before the voter's (Raft thesis, section 3.6.1), not even on
  /// the leader's wish.
  boolean upToDate(
      long candidateTerm, long candidateIndex, long ownTerm, long ownIndex, boolean transfer) {
    return candidateTerm > ownTerm || (candidateTerm == ownTerm && candidateIndex >= ownIndex);
  }

  /// Only entries of the leader's own term are committed by counting; earlier ones with them (Raft
  /// thesis, section 3.6.2).
  boolean mayCommit(long entryTerm, long currentTerm) {
    return entryTerm == currentTerm;
  }

  /// What of the log is committed: the highest index that a quorum of voters holds.
  long quorumIndex(Configuration configuration, ToLongFunction<NodeId> matchIndex) {
    return configuration.quorumValue(matchIndex);
  }

  /// Whether an election is won.
  boolean isQuorum(Configuration configuration, Predicate<NodeId> yes) {
    return configuration.isQuorum(yes);
  }

  /// How many of the entries of an append are in the log already. Only a conflict truncates: an old
  /// append must not cut off what was acknowledged since.
  int entriesToSkip(RaftLog log, List<Entry> entries) {
    int count = 0;
    while (count < entries.size()
        && log.matches(entries.get(count).index(), entries.get(count).term())) {
      count++;
    }
    return count;
  }

  /// A leader tells a follower no higher commit index than the follower's log is known to match.
  long heartbeatCommitIndex(long commitIndex, long matchIndex) {
    return Math.min(commitIndex, matchIndex);
  }

  /// The log makes a snapshot superfluous only if it holds the very entry the snapshot ends with.
  boolean logCovers(RaftLog log, SnapshotMark mark) {
    return log.matches(mark.index(), mark.term());
  }

  /// Before a leader has committed in its term, an earlier configuration that it does not know of
  /// may be committed (Raft thesis, section 4.1, and its erratum).
  boolean mayChangeConfiguration(boolean committedInTerm) {
    return committedInTerm;
  }

  /// At most one change at a time, or two quorums need not overlap.
  boolean mayChangeConfiguration(long configurationIndex, boolean joint, long commitIndex) {
    return configurationIndex <= commitIndex && !joint;
  }

  /// Voters change only while a quorum of the new ones is there and has a log: were the leader lost
  /// after the change, nobody else could be elected.
  boolean mayDependOn(Configuration next, Predicate<NodeId> ready) {
    return next.isQuorum(ready);
  }

  /// A configuration whose entry is truncated was never decided.
  boolean truncationUndoesConfiguration() {
    return true;
  }

  /// A new leader does not know what is committed before it has committed in its term.
  boolean readsWaitForCommit(boolean committedInTerm) {
    return !committedInTerm;
  }

  /// A read waits until a quorum has heard the leader after the read came.
  boolean readNeedsQuorum() {
    return true;
  }

  /// The lease counts from the sending of the heartbeats that a quorum answered, by the clock and
  /// not by ticks, which stand still while the process does.
  boolean leaseHolds(long nowNanos, long startNanos, long leaseNanos) {
    return nowNanos - startNanos < leaseNanos;
  }

  /// What earlier leaders answered is applied only with an entry of the leader's own term.
  boolean appliedReadsWait(long appliedIndex, long firstIndexOfTerm) {
    return appliedIndex < firstIndexOfTerm;
  }

  /// Only who has the whole log is told to campaign; anybody else could not win.
  boolean transferWaitsForLog() {
    return true;
  }

  /// The leader that all members of a group begin with leads the first term once: it might have led
  /// it and sent entries before a crash that its disk knows nothing of, if its log was there
  /// already.
  boolean mayLeadFirstTerm(boolean begun) {
    return begun;
  }

  /// Once a leader has told another to campaign, its followers may vote at any moment.
  boolean leaseEndsWithTransfer() {
    return true;
  }

  /// Who heard a leader keeps still for an election timeout. After a restart that may have been
  /// just before it.
  boolean mustKeepStill(
      long nowNanos, long heardNanos, long electionTimeoutNanos, boolean heardSinceStart) {
    return nowNanos - heardNanos < electionTimeoutNanos;
  }
}
