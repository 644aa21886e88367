package dev.partita.node.partition;

import dev.partita.node.storage.CollectProgress;
import dev.partita.node.storage.Family;
import dev.partita.node.storage.Span;
import dev.partita.node.storage.Storage;
import dev.partita.node.time.Timestamp;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;

/// Drops what no read at the safe point of a replica or later can see, in short steps. For one
/// thread.
final class OldVersions {

  /// Versions looked at in one step.
  private static final int BUDGET = 10_000;

  /// They are dropped when the safe point has risen by this part of the retention: each time costs
  /// a walk over all of them.
  private static final int FRACTION = 16;

  private final Storage storage;
  private final Duration retention;
  private Timestamp droppedUpTo = Timestamp.MIN;
  private final Deque<Span> left = new ArrayDeque<>();

  OldVersions(Storage storage, Duration retention) {
    this.storage = storage;
    this.retention = retention;
  }

  /// Takes a step, if there is something to drop. A Partition that was split, or merged into
  /// another one, has nothing any more.
  void drop(PartitionState state) {
    if (left.isEmpty()) {
      long risenMillis = state.safePoint().millis() - droppedUpTo.millis();
      if (!state.safePoint().isAfter(droppedUpTo)
          || risenMillis < retention.toMillis() / FRACTION) {
        return;
      }
      droppedUpTo = state.safePoint();
      left.addAll(PartitionKeys.versionedSpans(state));
    }
    Span next = left.pollFirst();
    if (next == null) {
      return;
    }
    boolean rows = next.family() == Family.ROWS;
    CollectProgress progress =
        storage.collect(
            rows ? next : Span.none(Family.ROWS),
            rows ? Span.none(Family.ENTRIES) : next,
            droppedUpTo,
            BUDGET);
    if (!progress.isDone()) {
      left.addFirst(rows ? progress.rows() : progress.entries());
    }
  }
}
