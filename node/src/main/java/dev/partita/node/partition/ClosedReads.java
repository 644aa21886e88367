package dev.partita.node.partition;

import dev.partita.node.time.Timestamp;
import org.jspecify.annotations.Nullable;

/// Up to which timestamp a replica that does not lead can be read. Thread-safe.
final class ClosedReads {

  private Timestamp readable = Timestamp.MIN;

  /// A promise that this replica has not applied enough for yet. Newer ones are passed over until
  /// it has, or a replica that stays behind by more than their interval would never keep one.
  private @Nullable ClosedTimestamp next;

  synchronized void learn(ClosedTimestamp promise, long appliedIndex) {
    take(appliedIndex);
    if (next == null && promise.at().isAfter(readable)) {
      next = promise;
      take(appliedIndex);
    }
  }

  /// The highest timestamp that can be read with so much applied.
  synchronized Timestamp readable(long appliedIndex) {
    take(appliedIndex);
    return readable;
  }

  private void take(long appliedIndex) {
    ClosedTimestamp waiting = next;
    if (waiting != null && appliedIndex >= waiting.index()) {
      readable = waiting.at();
      next = null;
    }
  }
}
