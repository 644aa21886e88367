package dev.partita.node.system;

import dev.partita.node.catalog.TimestampWindow;
import dev.partita.node.raft.NodeId;
import dev.partita.node.time.Timestamp;
import dev.partita.node.time.TimestampBlock;
import java.util.Optional;

/// Decides which timestamps the leader of the system partition hands out. A leader takes them from
/// a window that it reserved in the catalog; where the catalog's window is not its own it starts
/// behind it. Not for use by several threads at once.
///
/// The window reaches three seconds ahead: that is how far timestamps may run ahead of time after a
/// failover.
final class TimestampSource {
  /// How far ahead a window reaches.
  static final long WINDOW_MILLIS = TimestampWindow.LENGTH_MILLIS;

  private final NodeId self;
  private boolean started;
  private Timestamp next = Timestamp.MIN;

  TimestampSource(NodeId self) {
    this.self = self;
  }

  /// Forgets what was handed out; the next block starts behind the catalog's window.
  void reset() {
    started = false;
  }

  /// A block of `count` timestamps inside the window, or nothing if the window has to be extended
  /// first.
  Optional<TimestampBlock> take(int count, long nowMillis, TimestampWindow window) {
    if (!started || !self.equals(window.owner())) {
      next = Timestamp.later(next, window.end());
      started = true;
    }
    next = Timestamp.later(next, Timestamp.ofMillis(nowMillis));
    if (next.plus(count).isAfter(window.end())) {
      return Optional.empty();
    }
    TimestampBlock block = new TimestampBlock(next, count);
    next = next.plus(count);
    return Optional.of(block);
  }

  /// The end of a window that has room for a block and some time.
  Timestamp windowFor(int count, long nowMillis) {
    Timestamp from = Timestamp.later(next, Timestamp.ofMillis(nowMillis)).plus(count);
    return from.plus(WINDOW_MILLIS << Timestamp.LOGICAL_BITS);
  }

  /// Whether less than half of a window is left.
  boolean runsLow(long nowMillis, TimestampWindow window) {
    Timestamp half =
        Timestamp.later(next, Timestamp.ofMillis(nowMillis))
            .plus((WINDOW_MILLIS / 2) << Timestamp.LOGICAL_BITS);
    return half.isAfter(window.end());
  }
}
