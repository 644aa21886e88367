package dev.partita.node.storage.rocksdb;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

/// Counts who uses native memory at the moment, and lets it be freed only when nobody does. For any
/// thread.
final class Lifetime {
  /// Added to the count of uses when the end has begun.
  private static final long ENDED = 1L << 62;

  private static final long POLL_NANOS = Duration.ofMillis(1).toNanos();

  private final AtomicLong state = new AtomicLong();

  /// Begins a use, which [#exit] ends.
  ///
  /// @throws IllegalStateException when the storage is closed
  void enter() {
    if (state.getAndIncrement() >= ENDED) {
      state.getAndDecrement();
      throw new IllegalStateException("the storage is closed");
    }
  }

  void exit() {
    state.getAndDecrement();
  }

  /// Uses under way.
  long uses() {
    return state.get() & (ENDED - 1);
  }

  /// Lets no further use begin; false when that was done before.
  boolean end() {
    return state.getAndUpdate(uses -> uses | ENDED) < ENDED;
  }

  /// Waits until the uses under way have ended; false when they did not in this time.
  boolean awaitUses(Duration patience) {
    long deadline = System.nanoTime() + patience.toNanos();
    while (uses() > 0) {
      if (System.nanoTime() - deadline >= 0) {
        return false;
      }
      LockSupport.parkNanos(POLL_NANOS);
    }
    return true;
  }
}
