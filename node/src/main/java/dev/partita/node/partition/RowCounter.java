package dev.partita.node.partition;

import dev.partita.node.storage.Storage;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// Has the rows of a Partition counted by its leader, see [RowCount], in short steps with rests in
/// between, so that those who read and write notice nothing of it. For any thread.
final class RowCounter {

  /// A few milliseconds to read, even for a slow machine.
  private static final long STEP_BYTES = 256 << 10;

  /// How much longer than a step the rest after it is: nobody waits for a count.
  private static final int REST_FACTOR = 10;

  private static final long REST_NANOS_MIN = Duration.ofMillis(5).toNanos();

  /// Before the first step: whoever has waited for a split has its turn first.
  private static final long REST_NANOS_FIRST = Duration.ofMillis(250).toNanos();

  private final PartitionId id;
  private final Storage storage;
  private final Executor executor;
  private final Runnable listener;
  private @Nullable Run run;

  /// @param executor whose threads may block
  /// @param listener told when the correction is known
  RowCounter(PartitionId id, Storage storage, Executor executor, Runnable listener) {
    this.id = id;
    this.storage = storage;
    this.executor = executor;
    this.listener = listener;
  }

  /// What the log is to be told; null until all rows are counted, which begins if need be.
  synchronized PartitionCommand.@Nullable CorrectCounters correction() {
    if (run == null) {
      run = new Run();
      run.after(REST_NANOS_FIRST);
    }
    return run.correction;
  }

  /// Forgets the count, or what has come of it. Waits for nothing, not even for a step that is
  /// under way.
  void stop() {
    Run ended;
    synchronized (this) {
      ended = run;
      run = null;
    }
    if (ended != null) {
      ended.end();
    }
  }

  /// One count, from its beginning.
  private final class Run implements Runnable {

    private @Nullable RowCount count;
    private boolean ended;
    private volatile PartitionCommand.@Nullable CorrectCounters correction;

    /// Takes a step.
    @Override
    public void run() {
      long begunNanos = System.nanoTime();
      boolean more = false;
      try {
        RowCount present = count();
        more = present != null && present.step(STEP_BYTES);
        if (present != null && !more) {
          correction = present.correction();
        }
      } finally {
        if (!more) {
          end();
          if (correction == null) {
            forget(this);
          }
        }
      }
      if (correction != null) {
        listener.run();
      } else if (more) {
        after(Math.max(REST_NANOS_MIN, REST_FACTOR * (System.nanoTime() - begunNanos)));
      }
    }

    /// Has a step taken after a rest.
    void after(long restNanos) {
      CompletableFuture.delayedExecutor(restNanos, TimeUnit.NANOSECONDS, executor).execute(this);
    }

    private synchronized @Nullable RowCount count() {
      if (count == null && !ended) {
        count = RowCount.begin(storage, id);
      }
      return ended ? null : count;
    }

    private synchronized void end() {
      ended = true;
      if (count != null) {
        count.close();
      }
    }
  }

  /// Nothing has come of it: whoever asks next begins anew.
  private synchronized void forget(Run over) {
    if (run == over) {
      run = null;
    }
  }
}
