package dev.partita.node.time;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;

/// A clock that a test moves. For any thread.
public final class FakeClock implements Clock {
  private static final long START_MILLIS = 1_800_000_000_000L;

  private final AtomicLong nanos = new AtomicLong();

  /// Moves both clocks on.
  public void advance(Duration duration) {
    nanos.addAndGet(duration.toNanos());
  }

  @Override
  public long monotonicNanos() {
    return nanos.get();
  }

  @Override
  public long wallMillis() {
    return START_MILLIS + Duration.ofNanos(nanos.get()).toMillis();
  }
}
