package dev.partita.node.partition;

import java.util.concurrent.atomic.LongAdder;

/// Operations per second, averaged over about the last [#WINDOW_NANOS]: each sample counts with a
/// weight that falls with its age. Adding is for any thread, sampling for one.
final class OperationRate {

  private static final double WINDOW_NANOS = 10e9;

  private final LongAdder operations = new LongAdder();
  private long sampledNanos;
  private long sampledOperations;
  private volatile double perSecond;

  OperationRate(long nowNanos) {
    sampledNanos = nowNanos;
  }

  void add(long count) {
    operations.add(count);
  }

  /// Operations since the start.
  long total() {
    return operations.sum();
  }

  double perSecond() {
    return perSecond;
  }

  void sample(long nowNanos) {
    long elapsed = nowNanos - sampledNanos;
    if (elapsed <= 0) {
      return;
    }
    long total = operations.sum();
    double recent = (total - sampledOperations) * 1e9 / elapsed;
    double weight = 1 - Math.exp(-elapsed / WINDOW_NANOS);
    double next = perSecond + weight * (recent - perSecond);
    perSecond = next < 0.01 ? 0 : next;
    sampledNanos = nowNanos;
    sampledOperations = total;
  }
}
