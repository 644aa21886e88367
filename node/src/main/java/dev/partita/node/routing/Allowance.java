package dev.partita.node.routing;

/// How many new intervals may be asked for through one node: a number at once, and then so many per
/// second. A day's load of a new collection gets its Partitions at once; keys without any order do
/// not fill the cluster with groups before somebody notices. Thread-safe.
final class Allowance {

  /// Intervals at once, after a quiet time: one transaction of as many Partitions as it may have.
  static final int BURST = 64;

  /// Intervals per second after that.
  static final int PER_SECOND = 4;

  private static final long NANOS_PER_INTERVAL = 1_000_000_000L / PER_SECOND;

  private long takenUntilNanos;

  Allowance(long nowNanos) {
    takenUntilNanos = nowNanos - BURST * NANOS_PER_INTERVAL;
  }

  /// Takes one, if there is one.
  synchronized boolean take(long nowNanos) {
    long oldest = nowNanos - BURST * NANOS_PER_INTERVAL;
    if (takenUntilNanos - oldest < 0) {
      takenUntilNanos = oldest;
    }
    if (takenUntilNanos + NANOS_PER_INTERVAL - nowNanos > 0) {
      return false;
    }
    takenUntilNanos += NANOS_PER_INTERVAL;
    return true;
  }
}
