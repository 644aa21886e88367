package dev.partita.node.partition;

import dev.partita.node.key.Datum;
import dev.partita.node.storage.Storage;
import dev.partita.node.time.Clock;
import java.time.Duration;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/// Keeps the middle of a Partition by bytes known while it is led here, see [SizeMiddle]: it is
/// looked for anew when the size has changed by a part of itself, in the background.
///
/// Ticked by one thread; asked by any.
final class SizeWatch {

  /// Smaller Partitions are not split by their size: a limit is a mebibyte at least, and a sequence
  /// is split a little below it.
  static final long BYTES_MIN = 512 << 10;

  /// What it has to change by, as a divisor of its size, until somebody looks again.
  private static final int CHANGE_DIVISOR = 8;

  /// How far it may have grown since the last look, as a divisor of its size: wherever the new rows
  /// are, a third of all bytes is on either side of what was the middle.
  private static final int GROWN_DIVISOR = 2;

  /// The same for rows that are gone.
  private static final int SHRUNK_DIVISOR = 4;

  private static final Duration PAUSE_MIN = Duration.ofMillis(500);

  /// The pause after a look is so many times as long as the look.
  private static final int PAUSE_FACTOR = 20;

  private record Look(long bytes, @Nullable Datum middle) {}

  private final Storage storage;
  private final Executor executor;
  private final Clock clock;
  private volatile @Nullable Look last;
  private volatile boolean looking;

  /// Written by whoever looks, before it says that it has.
  private long nextNanos;

  /// @param executor whose threads may block
  SizeWatch(Storage storage, Executor executor, Clock clock) {
    this.storage = storage;
    this.executor = executor;
    this.clock = clock;
    this.nextNanos = clock.monotonicNanos();
  }

  /// Looks again if there is a reason to.
  void tick(PartitionState state) {
    PartitionDescriptor descriptor = state.descriptor();
    if (descriptor == null
        || !descriptor.bounds().isRange()
        || !isExact(state)
        || state.bytes() < BYTES_MIN
        || looking
        || clock.monotonicNanos() - nextNanos < 0
        || isWithin(state.bytes(), CHANGE_DIVISOR, CHANGE_DIVISOR)) {
      return;
    }
    looking = true;
    executor.execute(() -> {
      long begun = clock.monotonicNanos();
      try {
        long bytes = state.bytes();
        last = new Look(bytes, SizeMiddle.find(storage, descriptor, bytes));
      } finally {
        long ended = clock.monotonicNanos();
        nextNanos = ended + Math.max(PAUSE_MIN.toNanos(), PAUSE_FACTOR * (ended - begun));
        looking = false;
      }
    });
  }

  /// What is known of a state.
  ///
  /// @param load where its requests go
  SplitPoints points(PartitionState state, LoadProfile load) {
    PartitionDescriptor descriptor = state.descriptor();
    if (descriptor == null || !isExact(state)) {
      return SplitPoints.UNKNOWN;
    }
    Bounds bounds = descriptor.bounds();
    Look look = last;
    boolean fresh = look != null && isWithin(state.bytes(), GROWN_DIVISOR, SHRUNK_DIVISOR);
    return new SplitPoints(
        !bounds.isRange() || fresh || state.bytes() < BYTES_MIN,
        fresh && look != null ? SizeMiddle.inside(bounds, look.middle()) : null,
        SizeMiddle.inside(bounds, load.middle()),
        SizeMiddle.inside(bounds, load.end()));
  }

  private static boolean isExact(PartitionState state) {
    return state.split() == null && !state.estimated();
  }

  /// Whether it has not changed much since the last look.
  private boolean isWithin(long bytes, int grownDivisor, int shrunkDivisor) {
    Look look = last;
    if (look == null) {
      return false;
    }
    long grown = bytes - look.bytes();
    return grown <= look.bytes() / grownDivisor && -grown <= look.bytes() / shrunkDivisor;
  }
}
