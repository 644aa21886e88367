package dev.partita.node.partition;

import dev.partita.node.key.Datum;
import dev.partita.node.storage.Storage;
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

  /// What it has to change by, as a divisor of its size.
  private static final int CHANGE_DIVISOR = 8;

  /// The last look counts up to twice that change.
  private static final int STALE_DIVISOR = 4;

  private static final Duration PAUSE = Duration.ofSeconds(5);

  /// Large ones are read for longer, and grow by a part of themselves more slowly.
  private static final long LARGE_BYTES = 8 << 20;

  private static final Duration PAUSE_LARGE = Duration.ofSeconds(20);

  private record Look(long bytes, @Nullable Datum middle) {}

  private final Storage storage;
  private final Executor executor;
  private volatile @Nullable Look last;
  private volatile boolean looking;
  private long nextNanos;

  /// @param executor whose threads may block
  SizeWatch(Storage storage, Executor executor, long nowNanos) {
    this.storage = storage;
    this.executor = executor;
    this.nextNanos = nowNanos;
  }

  /// Looks again if there is a reason to.
  void tick(PartitionState state, long nowNanos) {
    PartitionDescriptor descriptor = state.descriptor();
    if (descriptor == null
        || !descriptor.bounds().isRange()
        || !isExact(state)
        || state.bytes() < BYTES_MIN
        || looking
        || nowNanos - nextNanos < 0
        || isWithin(state.bytes(), CHANGE_DIVISOR)) {
      return;
    }
    Duration pause = state.bytes() < LARGE_BYTES ? PAUSE : PAUSE_LARGE;
    nextNanos = nowNanos + pause.toNanos();
    looking = true;
    executor.execute(() -> {
      try {
        long bytes = state.bytes();
        last = new Look(bytes, SizeMiddle.find(storage, descriptor, bytes));
      } finally {
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
    boolean fresh = look != null && isWithin(state.bytes(), STALE_DIVISOR);
    return new SplitPoints(
        !bounds.isRange() || fresh || state.bytes() < BYTES_MIN,
        fresh && look != null ? SizeMiddle.inside(bounds, look.middle()) : null,
        SizeMiddle.inside(bounds, load.middle()),
        SizeMiddle.inside(bounds, load.end()));
  }

  private static boolean isExact(PartitionState state) {
    return state.split() == null && !state.estimated();
  }

  private boolean isWithin(long bytes, int divisor) {
    Look look = last;
    return look != null && Math.abs(bytes - look.bytes()) <= look.bytes() / divisor;
  }
}
