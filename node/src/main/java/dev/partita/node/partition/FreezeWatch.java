package dev.partita.node.partition;

import dev.partita.node.time.Clock;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/// How long a replica has known that its Partition is frozen. Changed by the thread that applies,
/// read by any.
final class FreezeWatch {

  private final Clock clock;

  /// When this replica came to know that it is frozen; null while it is not.
  private volatile @Nullable Long sinceNanos;

  FreezeWatch(Clock clock) {
    this.clock = clock;
  }

  /// @param freeze null if the Partition is not frozen, or not any more
  void changed(@Nullable FreezeState freeze) {
    if (freeze != null && sinceNanos == null) {
      sinceNanos = clock.monotonicNanos();
    } else if (freeze == null) {
      sinceNanos = null;
    }
  }

  @Nullable FreezeReport report(@Nullable FreezeState freeze) {
    Long since = sinceNanos;
    return freeze == null
        ? null
        : new FreezeReport(
            freeze.into().id(),
            freeze.epoch(),
            freeze.members(),
            since == null ? Duration.ZERO : Duration.ofNanos(clock.monotonicNanos() - since));
  }
}
