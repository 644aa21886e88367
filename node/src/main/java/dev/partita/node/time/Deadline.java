package dev.partita.node.time;

import java.time.Duration;

/// A moment on a node's monotonic clock after which nobody waits for the answer any more. Means
/// nothing on another node: what crosses the network is the time that remains.
public record Deadline(long monotonicNanos) {
  /// The deadline that lies so much later than now.
  public static Deadline after(Duration duration, Clock clock) {
    return new Deadline(clock.monotonicNanos() + duration.toNanos());
  }

  /// What remains, never negative.
  public Duration remaining(Clock clock) {
    return Duration.ofNanos(remainingNanos(clock));
  }

  /// What remains in nanoseconds, never negative.
  public long remainingNanos(Clock clock) {
    return Math.max(0, monotonicNanos - clock.monotonicNanos());
  }

  public boolean isExpired(Clock clock) {
    return remainingNanos(clock) == 0;
  }

  /// The earlier of this deadline and one that lies so much later than now.
  public Deadline atMost(Duration duration, Clock clock) {
    Deadline other = after(duration, clock);
    return monotonicNanos - other.monotonicNanos <= 0 ? this : other;
  }
}
