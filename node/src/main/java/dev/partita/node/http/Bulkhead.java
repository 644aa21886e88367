package dev.partita.node.http;

import dev.partita.node.error.DatabaseException;
import dev.partita.node.error.ErrorCode;
import java.time.Duration;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;

/// A bound that requests wait for in line, for a while; then they are refused, retryably. Safe for
/// all threads.
final class Bulkhead {
  private final int limit;
  private final Duration patience;
  private final String refusal;
  private final Semaphore free;
  private final LongAdder refused = new LongAdder();

  /// @param limit what there is of the thing that is bounded
  /// @param patience how long a request waits
  /// @param refusal what a request is told then
  Bulkhead(int limit, Duration patience, String refusal) {
    this.limit = limit;
    this.patience = patience;
    this.refusal = refusal;
    this.free = new Semaphore(limit, true);
  }

  /// Waits until there is as much as that; whoever has it gives it back with [#leave].
  void enter(int amount) {
    boolean admitted;
    try {
      admitted = free.tryAcquire(amount, patience.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new DatabaseException(ErrorCode.UNAVAILABLE, "interrupted", e);
    }
    if (!admitted) {
      refused.increment();
      throw new DatabaseException(ErrorCode.OVERLOADED, refusal).with("limit", limit);
    }
  }

  void leave(int amount) {
    free.release(amount);
  }

  /// Requests that were refused since the start.
  long refused() {
    return refused.sum();
  }
}
