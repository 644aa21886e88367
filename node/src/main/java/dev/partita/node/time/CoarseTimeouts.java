package dev.partita.node.time;

import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/// Limits of waiting for futures, kept to within [#PRECISION_MILLIS].
///
/// Almost no wait ends by its limit. The timed waits of the JDK nevertheless wake a timer thread
/// when each of them begins, which costs more than a small request does. Here a wait is put into a
/// list, which one thread of the process looks through now and then; while the list is empty it
/// sleeps. Safe for any thread.
public final class CoarseTimeouts {

  /// How late a limit may be noticed, if the machine has time.
  public static final long PRECISION_MILLIS = 20;

  /// Limits beyond this make no difference, and clocks would run over.
  private static final long NANOS_MAX = TimeUnit.DAYS.toNanos(365);

  private static final CoarseTimeouts SHARED = new CoarseTimeouts();

  /// What is to be done when the time is up, until then. It lets go of the future as soon as that
  /// is done: its value may be large, and the list is looked through later.
  private static final class Limit {
    private final long untilNanos;
    private volatile @Nullable Runnable expire;

    Limit(long untilNanos, Runnable expire) {
      this.untilNanos = untilNanos;
      this.expire = expire;
    }

    void end() {
      expire = null;
    }

    /// Whether it needs to be looked at no more.
    boolean isOver(long nowNanos) {
      Runnable present = expire;
      if (present != null && nowNanos - untilNanos >= 0) {
        present.run();
        end();
      }
      return expire == null;
    }
  }

  private final Queue<Limit> limits = new ConcurrentLinkedQueue<>();
  private final Thread sweeper;
  private volatile boolean idle;

  private CoarseTimeouts() {
    sweeper = Thread.ofPlatform().daemon().name("coarse-timeouts").unstarted(this::sweep);
    sweeper.start();
  }

  /// Waits for a future, as [CompletableFuture#get(long, TimeUnit)]. The future stays as it is when
  /// the time is up.
  ///
  /// @throws ExecutionException if the future fails
  /// @throws TimeoutException if it is not done in time
  public static <T> T get(CompletableFuture<T> future, long nanosMax)
      throws InterruptedException, ExecutionException, TimeoutException {
    if (future.isDone()) {
      return future.get();
    }
    CompletableFuture<T> waited = future.copy();
    TimeoutException timeout = new TimeoutException();
    SHARED.add(waited, nanosMax, () -> waited.completeExceptionally(timeout));
    try {
      return waited.get();
    } catch (ExecutionException e) {
      if (timeout.equals(e.getCause())) {
        throw timeout;
      }
      throw e;
    }
  }

  /// Completes a future with a value when the time is up, unless it is done by then.
  ///
  /// @return the future
  public static <T> CompletableFuture<T> completeOnTimeout(
      CompletableFuture<T> future, T value, long nanosMax) {
    if (!future.isDone()) {
      SHARED.add(future, nanosMax, () -> future.complete(value));
    }
    return future;
  }

  private void add(CompletableFuture<?> future, long nanosMax, Runnable expire) {
    var limit = new Limit(System.nanoTime() + Math.clamp(nanosMax, 0, NANOS_MAX), expire);
    var _ = future.whenComplete((_, _) -> limit.end());
    limits.add(limit);
    if (idle) {
      LockSupport.unpark(sweeper);
    }
  }

  private void sweep() {
    while (true) {
      idle = true;
      while (limits.isEmpty()) {
        LockSupport.park(this);
      }
      idle = false;
      LockSupport.parkNanos(this, TimeUnit.MILLISECONDS.toNanos(PRECISION_MILLIS));
      long now = System.nanoTime();
      limits.removeIf(limit -> limit.isOver(now));
    }
  }
}
