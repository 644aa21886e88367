package dev.partita.node.raft;

import java.util.ArrayDeque;

/// What a leader knows of one other member and what is on its way there.
final class Peer {

  /// No heartbeat was answered yet.
  static final long NEVER = Long.MIN_VALUE;

  private record Inflight(long lastIndex, long bytes) {}

  private final RaftSettings settings;
  private final ArrayDeque<Inflight> inflights = new ArrayDeque<>();
  private long inflightBytes;
  private PeerState state = PeerState.PROBE;
  private long matchIndex;
  private long nextIndex;
  private long snapshotIndex;
  private boolean probeSent;
  private long sentCommitIndex;
  private boolean active;
  private boolean activeBefore;
  private long heardRound;
  private long heardSentNanos = NEVER;

  Peer(long nextIndex, boolean active, RaftSettings settings) {
    this.nextIndex = nextIndex;
    this.active = active;
    this.settings = settings;
  }

  PeerState state() {
    return state;
  }

  long matchIndex() {
    return matchIndex;
  }

  long nextIndex() {
    return nextIndex;
  }

  /// Whether it was heard of since the last [#forgetActivity].
  boolean active() {
    return active;
  }

  /// Whether it was heard of since the last [#forgetActivity] or in the time before that: right
  /// after it, nobody can have been heard of.
  boolean heardLately() {
    return active || activeBefore;
  }

  void forgetActivity() {
    activeBefore = active;
    active = false;
  }

  void heard() {
    active = true;
  }

  /// The latest round of reads it answered.
  long heardRound() {
    return heardRound;
  }

  /// When the latest heartbeat it answered was sent, by the leader's clock, or [#NEVER].
  long heardSentNanos() {
    return heardSentNanos;
  }

  void heardHeartbeat(long readRound, long sentNanos) {
    heardRound = Math.max(heardRound, readRound);
    heardSentNanos = Math.max(heardSentNanos, sentNanos);
    probeSent = false;
  }

  /// Whether entries may be sent now.
  boolean ready() {
    return switch (state) {
      case PROBE -> !probeSent;
      case REPLICATE ->
          inflights.size() < settings.inflightAppendsMax()
              && inflightBytes < settings.inflightBytesMax();
      case SNAPSHOT -> false;
    };
  }

  /// An append was sent that ends at `lastIndex` and carries `bytes`, 0 for one without entries.
  void sent(long lastIndex, long bytes, long commitIndex) {
    sentCommitIndex = Math.max(sentCommitIndex, commitIndex);
    if (state == PeerState.PROBE) {
      probeSent = true;
    } else if (bytes > 0) {
      nextIndex = lastIndex + 1;
      inflights.add(new Inflight(lastIndex, bytes));
      inflightBytes += bytes;
    }
  }

  void sentSnapshot(long index) {
    become(PeerState.SNAPSHOT);
    snapshotIndex = index;
  }

  /// Whether it would learn something from being told this commit index.
  boolean lacksCommit(long commitIndex) {
    return state == PeerState.REPLICATE && Math.min(commitIndex, matchIndex) > sentCommitIndex;
  }

  void sentCommit(long commitIndex) {
    sentCommitIndex = Math.max(sentCommitIndex, commitIndex);
  }

  /// Its log is durable and equal up to `index`; the leader's begins at `firstIndex`.
  void accepted(long index, long firstIndex) {
    matchIndex = Math.max(matchIndex, index);
    nextIndex = Math.max(nextIndex, matchIndex + 1);
    switch (state) {
      case PROBE -> becomeReplicate();
      case SNAPSHOT -> {
        if (matchIndex + 1 >= firstIndex) {
          becomeReplicate();
        }
      }
      case REPLICATE -> {
        while (!inflights.isEmpty() && inflights.element().lastIndex() <= index) {
          inflightBytes -= inflights.remove().bytes();
        }
      }
    }
  }

  /// It is taken to hold what comes before an index. Nothing counts as held before it has said so
  /// itself, and what it refuses is not taken for an old answer.
  void presumed(long index) {
    become(PeerState.REPLICATE);
    nextIndex = index;
  }

  /// Its log does not hold the entry at `rejectedIndex` but may match at `retryIndex`.
  ///
  /// @return false when the answer is an old one that says nothing
  boolean rejected(long rejectedIndex, long retryIndex) {
    switch (state) {
      case SNAPSHOT -> {
        return false;
      }
      case REPLICATE -> {
        if (rejectedIndex <= matchIndex) {
          return false;
        }
        become(PeerState.PROBE);
      }
      case PROBE -> {
        if (rejectedIndex != nextIndex - 1) {
          return false;
        }
        nextIndex = Math.max(Math.min(rejectedIndex, retryIndex + 1), matchIndex + 1);
        probeSent = false;
      }
    }
    return true;
  }

  void unreachable() {
    if (state == PeerState.REPLICATE) {
      become(PeerState.PROBE);
    }
  }

  /// The snapshot was handed over, or not. Either way nothing is sent before the peer is heard
  /// again.
  void snapshotSent(boolean success) {
    if (state == PeerState.SNAPSHOT) {
      long afterSnapshot = success ? snapshotIndex + 1 : 0;
      become(PeerState.PROBE);
      nextIndex = Math.max(nextIndex, afterSnapshot);
      probeSent = true;
    }
  }

  private void becomeReplicate() {
    become(PeerState.REPLICATE);
  }

  private void become(PeerState next) {
    state = next;
    nextIndex = matchIndex + 1;
    probeSent = false;
    inflights.clear();
    inflightBytes = 0;
  }
}
