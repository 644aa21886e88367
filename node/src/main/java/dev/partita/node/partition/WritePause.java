package dev.partita.node.partition;

import dev.partita.node.partition.OperationListener.Division;
import java.util.concurrent.atomic.AtomicInteger;

/// How long no write is taken while a Partition is split or merged: from the proposal that closes
/// it, by its leader, until all serve that have its rows then. Told if all of them are led where it
/// was led, as they are unless something fails meanwhile. Thread-safe.
final class WritePause {
  private final OperationListener listener;
  private final Division division;
  private final long sinceNanos;
  private final AtomicInteger awaited;

  /// @param sinceNanos when it was proposed, on the monotonic clock
  /// @param heirs how many Partitions have the rows then
  WritePause(OperationListener listener, Division division, long sinceNanos, int heirs) {
    this.listener = listener;
    this.division = division;
    this.sinceNanos = sinceNanos;
    this.awaited = new AtomicInteger(heirs);
  }

  /// One of the heirs serves.
  void served(long nowNanos) {
    if (awaited.decrementAndGet() == 0) {
      listener.paused(division, nowNanos - sinceNanos);
    }
  }
}
