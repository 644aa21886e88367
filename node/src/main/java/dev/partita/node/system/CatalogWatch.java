package dev.partita.node.system;

import dev.partita.node.catalog.Catalog;
import dev.partita.node.catalog.CatalogListener;
import dev.partita.node.error.DatabaseException;
import dev.partita.node.error.ErrorCode;
import dev.partita.node.time.Clock;
import dev.partita.node.time.Deadline;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Predicate;

/// Lets threads wait for a catalog.
final class CatalogWatch implements CatalogListener {
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private Catalog newest = Catalog.EMPTY;

  @Override
  public void changed(Catalog catalog) {
    lock.lock();
    try {
      newest = catalog;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /// Waits until the newest catalog satisfies the condition, and returns true, or until the
  /// deadline has passed.
  boolean await(Predicate<Catalog> condition, Deadline deadline, Clock clock) {
    lock.lock();
    try {
      while (!condition.test(newest)) {
        long nanos = deadline.remainingNanos(clock);
        if (nanos == 0) {
          return false;
        }
        // Woken early is as good as woken late: the loop looks again.
        boolean _ = changed.await(nanos, TimeUnit.NANOSECONDS);
      }
      return true;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new DatabaseException(ErrorCode.UNAVAILABLE, "interrupted", e);
    } finally {
      lock.unlock();
    }
  }
}
