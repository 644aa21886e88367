package dev.partita.node.transaction;

import dev.partita.node.error.DatabaseException;
import dev.partita.node.error.ErrorCode;
import java.util.concurrent.ThreadLocalRandom;

/// The pauses between the attempts of one transaction: each about twice as long as the one before,
/// and at random, so that those who were in each other's way are not so again. For one thread.
final class Backoff {
  private static final long MILLIS_MIN = 2;
  private static final long MILLIS_MAX = 100;

  private long millis = MILLIS_MIN;

  /// Waits before the next attempt.
  ///
  /// @throws DatabaseException `UNAVAILABLE` if the thread is interrupted
  void pause() {
    try {
      Thread.sleep(ThreadLocalRandom.current().nextLong(millis / 2, millis + 1));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new DatabaseException(ErrorCode.UNAVAILABLE, "interrupted", e);
    }
    millis = Math.min(MILLIS_MAX, 2 * millis);
  }
}
