package dev.partita.node.partition;

import dev.partita.node.time.CpuTime;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Supplier;

/// Adds up the processor time of what is done here for one Partition: reading rows, checking and
/// ordering writes, applying the entries of its log. Not in it is what is done for many at once, or
/// before anybody knows for which one: HTTP, the network, syncs of the log, compaction.
///
/// For any thread.
final class CpuMeter {

  /// Reading the clock twice costs about a microsecond, which a single row is not worth every time.
  private static final int STRIDE = 8;

  private final LongAdder nanos = new LongAdder();

  /// Does some work that belongs to the Partition. The work should not wait, nor measure parts of
  /// itself.
  <T> T measure(Supplier<T> work) {
    return measure(work, 1);
  }

  /// As [#measure], of work that is short and done often: once in [#STRIDE] times, for all of them.
  <T> T sample(Supplier<T> work) {
    return ThreadLocalRandom.current().nextInt(STRIDE) == 0 ? measure(work, STRIDE) : work.get();
  }

  private <T> T measure(Supplier<T> work, int times) {
    long cpu = CpuTime.nanos();
    long begun = System.nanoTime();
    try {
      return work.get();
    } finally {
      long passed = System.nanoTime() - begun;
      // A virtual thread that did wait may have gone on at another carrier.
      nanos.add(Math.clamp(CpuTime.nanos() - cpu, 0, passed) * times);
    }
  }

  /// Nanoseconds since the replica was opened.
  long nanos() {
    return nanos.sum();
  }
}
