package dev.partita.node.partition;

import dev.partita.node.raft.NodeId;
import org.jspecify.annotations.Nullable;

/// Who leads, as far as a replica knows, for one listener. Thread-safe: the lock is held while the
/// listener is told, so that it hears of changes in their order.
final class KnownLeader {

  /// Learns who leads. Called on the thread that applies, so it is quick; calls do not overlap.
  @FunctionalInterface
  interface Listener {
    void leaderChanged(@Nullable NodeId leader, long term, boolean self);
  }

  private @Nullable NodeId leader;
  private long term;
  private boolean self;
  private @Nullable Listener listener;

  synchronized void changed(@Nullable NodeId nowLeader, long nowTerm, boolean isSelf) {
    leader = nowLeader;
    term = nowTerm;
    self = isSelf;
    tell();
  }

  /// Sets the one listener and tells it what is known already.
  synchronized void listen(Listener toTell) {
    listener = toTell;
    tell();
  }

  /// Tells nobody any more.
  synchronized void forget() {
    listener = null;
  }

  private void tell() {
    Listener told = listener;
    if (told != null) {
      told.leaderChanged(leader, term, self);
    }
  }
}
