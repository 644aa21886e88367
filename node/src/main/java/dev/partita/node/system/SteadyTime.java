package dev.partita.node.system;

import dev.partita.node.time.Clock;

/// Milliseconds since 1970 that never jump: they run with the monotonic clock and are steered
/// towards the wall clock by at most a tenth of the time that passes. So a wall clock that is set
/// forward or back, by whomever, moves this time slowly and never stops it. Safe for use by many
/// threads.
final class SteadyTime {
  private static final long NANOS_PER_MILLI = 1_000_000;
  private static final long STEERING = 10;

  private final Clock clock;
  private long lastNanos;
  private double millis;

  /// Starts at the wall clock's time.
  SteadyTime(Clock clock) {
    this.clock = clock;
    this.lastNanos = clock.monotonicNanos();
    this.millis = clock.wallMillis();
  }

  synchronized long millis() {
    long nanos = clock.monotonicNanos();
    double elapsed = (double) (nanos - lastNanos) / NANOS_PER_MILLI;
    lastNanos = nanos;
    double error = clock.wallMillis() - (millis + elapsed);
    double steer = Math.clamp(error, -elapsed / STEERING, elapsed / STEERING);
    millis += elapsed + steer;
    return (long) millis;
  }
}
