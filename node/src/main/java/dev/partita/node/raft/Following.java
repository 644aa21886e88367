package dev.partita.node.raft;

import java.util.List;
import org.jspecify.annotations.Nullable;

/// How a replica takes over its leader's log: appends, commits, snapshots. The caller has made sure
/// that each message is of the current term and from its leader.
final class Following {

  private final NodeId self;
  private final Rules rules;
  private final RaftLog log;
  private final Outbox outbox;
  private @Nullable SnapshotMark installing;
  private boolean installingTaken;

  Following(NodeId self, Rules rules, RaftLog log, Outbox outbox) {
    this.self = self;
    this.rules = rules;
    this.log = log;
    this.outbox = outbox;
  }

  void append(Message.AppendEntries append) {
    if (installing != null) {
      return;
    }
    if (log.snapshot().awaitsSnapshot()) {
      outbox.send(
          new Message.AppendRejected(
              self, append.from(), append.term(), append.previousIndex(), 0, 0));
    } else if (append.previousIndex() < log.commitIndex()) {
      appendAfterCommitted(append);
    } else if (log.matches(append.previousIndex(), append.previousTerm())) {
      appendAfterMatch(append, append.entries());
    } else {
      reject(append);
    }
  }

  /// What is committed is the leader's as well, so only what comes after it is looked at.
  private void appendAfterCommitted(Message.AppendEntries append) {
    long known = log.commitIndex() - append.previousIndex();
    if (known < append.entries().size()) {
      appendAfterMatch(append, append.entries().subList((int) known, append.entries().size()));
    } else {
      accept(append.from(), append.term(), log.commitIndex());
    }
  }

  private void appendAfterMatch(Message.AppendEntries append, List<Entry> entries) {
    List<Entry> fresh = entries.subList(rules.entriesToSkip(log, entries), entries.size());
    if (!fresh.isEmpty()) {
      if (fresh.getFirst().index() <= log.lastIndex()) {
        log.truncateAfter(fresh.getFirst().index() - 1);
      }
      fresh.forEach(log::append);
    }
    // No further than this append has shown the log to be the leader's.
    long matchIndex = append.previousIndex() + append.entries().size();
    log.commitTo(Math.min(append.commitIndex(), matchIndex));
    accept(append.from(), append.term(), matchIndex);
  }

  private void reject(Message.AppendEntries append) {
    long hintIndex =
        log.lastIndexWithTermUpTo(
            append.previousTerm(), Math.min(append.previousIndex(), log.lastIndex()));
    outbox.send(
        new Message.AppendRejected(
            self,
            append.from(),
            append.term(),
            append.previousIndex(),
            hintIndex,
            log.term(hintIndex)));
  }

  private void accept(NodeId leader, long term, long matchIndex) {
    var accepted = new Message.AppendAccepted(self, leader, term, matchIndex);
    if (rules.appendResponseWaitsForDisk()) {
      outbox.sendAfterPersist(accepted);
    } else {
      outbox.send(accepted);
    }
  }

  /// @param termIsDurable whether a restart would remember the leader's term
  void heartbeat(Message.Heartbeat heartbeat, boolean termIsDurable) {
    log.commitTo(Math.min(heartbeat.commitIndex(), log.lastIndex()));
    var response =
        new Message.HeartbeatResponse(
            self, heartbeat.from(), heartbeat.term(), heartbeat.readRound(), heartbeat.sentNanos());
    if (termIsDurable) {
      outbox.send(response);
    } else {
      // With the answer goes the promise to keep still, which a restart keeps only from a term it
      // remembers.
      outbox.sendAfterPersist(response);
    }
  }

  /// Returns whether this replica is as far as the leader believes, so that it may sleep. If not,
  /// the answer wakes the leader.
  boolean quiesce(Message.Quiesce quiesce) {
    if (installing == null && log.lastIndex() == quiesce.commitIndex()) {
      log.commitTo(quiesce.commitIndex());
      return true;
    }
    outbox.send(new Message.HeartbeatResponse(self, quiesce.from(), quiesce.term(), 0, Peer.NEVER));
    return false;
  }

  // Snapshots

  void install(Message.InstallSnapshot install) {
    SnapshotMark mark = install.mark();
    if (installing != null) {
      return;
    }
    if (log.snapshot().awaitsSnapshot()) {
      if (mark.upToDate(log.snapshot())) {
        begin(mark);
      }
    } else if (mark.index() <= log.commitIndex()) {
      accept(install.from(), install.term(), log.commitIndex());
    } else if (rules.logCovers(log, mark)) {
      log.commitTo(mark.index());
      accept(install.from(), install.term(), log.commitIndex());
    } else {
      begin(mark);
    }
  }

  private void begin(SnapshotMark mark) {
    installing = mark;
    installingTaken = false;
  }

  boolean isInstalling() {
    return installing != null;
  }

  boolean hasSnapshotToTake() {
    return installing != null && !installingTaken;
  }

  /// The snapshot to be installed, once.
  @Nullable SnapshotMark takeSnapshot() {
    SnapshotMark snapshot = installingTaken ? null : installing;
    installingTaken = installing != null;
    return snapshot;
  }

  /// @param leader of the current term, who is told, if there is one
  void installed(SnapshotMark mark, @Nullable NodeId leader, long term) {
    finish(mark);
    log.resetTo(mark);
    if (leader != null) {
      accept(leader, term, mark.index());
    }
  }

  void abandoned(SnapshotMark mark) {
    finish(mark);
  }

  private void finish(SnapshotMark mark) {
    if (!mark.equals(installing)) {
      throw new IllegalStateException("snapshot " + mark + " was not asked for, but " + installing);
    }
    installing = null;
  }
}
