package dev.partita.node.partition;

import java.util.function.LongSupplier;

/// How fast a counter rises, averaged over about the last [#WINDOW_NANOS]: each sample counts with
/// a weight that falls with its age. Sampling is for one thread, asking for any.
final class Rate {

  private static final double WINDOW_NANOS = 10e9;

  private final LongSupplier counter;
  private long sampledNanos;
  private long sampled;
  private volatile double perSecond;

  Rate(LongSupplier counter, long nowNanos) {
    this.counter = counter;
    sampled = counter.getAsLong();
    sampledNanos = nowNanos;
  }

  double perSecond() {
    return perSecond;
  }

  void sample(long nowNanos) {
    long elapsed = nowNanos - sampledNanos;
    if (elapsed <= 0) {
      return;
    }
    long total = counter.getAsLong();
    double recent = (total - sampled) * 1e9 / elapsed;
    double weight = 1 - Math.exp(-elapsed / WINDOW_NANOS);
    double next = perSecond + weight * (recent - perSecond);
    perSecond = next < 0.01 ? 0 : next;
    sampledNanos = nowNanos;
    sampled = total;
  }
}
