package dev.partita.node.time;

import dev.partita.node.error.DatabaseException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/// A virtual thread that does the same work again and again: after each [#wake], and otherwise once
/// in a while. A failure is logged and the work tried again: it has to be of the kind that looks at
/// the state of things and corrects it.
public final class WorkLoop implements AutoCloseable {
  private static final Logger LOGGER = System.getLogger(WorkLoop.class.getName());

  /// Pause after each round, so that a storm of wakes becomes few rounds.
  private static final Duration PAUSE = Duration.ofMillis(5);

  private static final Duration PATIENCE = Duration.ofSeconds(2);

  private final Runnable work;
  private final Duration interval;
  private final Semaphore wakes = new Semaphore(1);
  private final Thread thread;
  private volatile boolean closed;

  private WorkLoop(String name, Duration interval, Runnable work) {
    this.work = work;
    this.interval = interval;
    this.thread = Thread.ofVirtual().name(name).unstarted(this::run);
  }

  /// Starts the loop with a first round.
  public static WorkLoop start(String name, Duration interval, Runnable work) {
    WorkLoop loop = new WorkLoop(name, interval, work);
    loop.thread.start();
    return loop;
  }

  /// Has the work done soon. May be called from any thread and does not block.
  public void wake() {
    wakes.release();
  }

  private void run() {
    try {
      while (!closed) {
        // Woken or not, the work is done.
        boolean _ = wakes.tryAcquire(interval.toNanos(), TimeUnit.NANOSECONDS);
        wakes.drainPermits();
        if (!closed) {
          work();
        }
        Thread.sleep(PAUSE);
      }
    } catch (InterruptedException e) {
      // Closed.
    }
  }

  private void work() {
    try {
      work.run();
    } catch (DatabaseException e) {
      LOGGER.log(
          e.code().isRetryable() ? Level.DEBUG : Level.WARNING,
          "A round of {0} stopped: {1}",
          thread.getName(),
          e.getMessage());
    } catch (RuntimeException e) {
      if (!closed) {
        LOGGER.log(Level.WARNING, "A round of " + thread.getName() + " failed", e);
      }
    }
  }

  /// Ends the loop and waits for the round that is under way. One that takes long is interrupted;
  /// not at once, because an interrupt closes files.
  @Override
  public void close() {
    closed = true;
    wake();
    try {
      if (!thread.join(PATIENCE)) {
        thread.interrupt();
        thread.join();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
