package dev.partita.node.partition;

import dev.partita.node.key.PrimaryKey;
import dev.partita.node.time.Clock;
import dev.partita.node.time.Deadline;
import dev.partita.node.time.Timestamp;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// A leader's writes that wait for the locks of prepared transactions, first come, first served: a
/// write also waits for those that came before it and are in its way.
///
/// Deadlocks are broken by age (wound-wait): who waits for a younger transaction has it ended,
/// unless that is committed already; who waits for an older one waits. Nobody waits for long
/// without asking what became of the transaction, since its coordinator may be gone.
///
/// Locks are looked at again when the write is applied: in the log is the order that counts. Who
/// finds a lock only then comes back to its old place.
final class LockQueue {

  /// Writes that wait at once.
  private static final int WAITERS_MAX = 4_096;

  /// How long an older transaction waits for a younger one: most locks are gone by then, and only a
  /// deadlock is not.
  private static final Duration WOUND_AFTER = Duration.ofMillis(20);

  /// How long anybody waits before asking what became of a transaction: longer than a commit takes
  /// on a busy machine.
  private static final Duration ASK_AFTER = Duration.ofMillis(400);

  private final LockTable locks;
  private final WritePipeline pipeline;
  private final Executor executor;
  private final Consumer<Transaction> resolve;
  private final Clock clock;

  /// In the order of their arrival; guarded by this.
  private final List<Waiter> waiting = new ArrayList<>();

  private long arrivals;

  private static final class Waiter {
    private final Request.Stamped request;
    private final Deadline deadline;
    private final long arrival;
    private final long sinceNanos;
    private final CompletableFuture<Response> answer = new CompletableFuture<>();
    private @Nullable HeldTransaction blocker;
    private @Nullable HeldTransaction met;

    Waiter(Request.Stamped request, Deadline deadline, long arrival, long sinceNanos) {
      this.request = request;
      this.deadline = deadline;
      this.arrival = arrival;
      this.sinceNanos = sinceNanos;
    }

    Timestamp priority() {
      return request instanceof Request.Prepare prepare
          ? prepare.transaction().priority()
          : Timestamp.MAX;
    }
  }

  /// @param executor runs what must not run on the thread that applies
  /// @param resolve has a transaction ended, soon and without blocking the caller
  LockQueue(
      LockTable locks,
      WritePipeline pipeline,
      Executor executor,
      Consumer<Transaction> resolve,
      Clock clock) {
    this.locks = locks;
    this.pipeline = pipeline;
    this.executor = executor;
    this.resolve = resolve;
    this.clock = clock;
  }

  /// Has a write that was checked written as soon as nobody is in its way.
  CompletableFuture<Response> write(Request.Stamped request, Deadline deadline) {
    Waiter waiter;
    boolean queued;
    synchronized (this) {
      if (waiting.size() >= WAITERS_MAX) {
        return CompletableFuture.completedFuture(
            new Response.Overloaded("Too many writes wait for locks"));
      }
      waiter = new Waiter(request, deadline, arrivals++, clock.monotonicNanos());
      queued = !waiting.isEmpty() || !locks.isEmpty();
      if (queued) {
        waiting.add(waiter);
      }
    }
    if (queued) {
      pump();
    } else {
      propose(waiter);
    }
    return waiter.answer;
  }

  private void propose(Waiter waiter) {
    var _ =
        pipeline
            .write(waiter.request, waiter.deadline)
            .whenComplete((response, _) -> {
              if (response instanceof Response.Locked(TransactionId holder)
                  && !waiter.deadline.isExpired(clock)) {
                comeBack(waiter, locks.get(holder));
              } else {
                waiter.answer.complete(response);
              }
            });
  }

  /// @param met who was in the way when it was applied, perhaps for something that only the store
  ///   tells, as the terms of an index; null if it has ended since
  private void comeBack(Waiter waiter, @Nullable HeldTransaction met) {
    synchronized (this) {
      waiter.met = met;
      int at = 0;
      while (at < waiting.size() && waiting.get(at).arrival < waiter.arrival) {
        at++;
      }
      waiting.add(at, waiter);
    }
    executor.execute(this::pump);
  }

  /// Looks who can go on.
  void pump() {
    var admitted = new ArrayList<Waiter>();
    synchronized (this) {
      Set<PrimaryKey> writtenBefore = new HashSet<>();
      Set<PrimaryKey> readBefore = new HashSet<>();
      for (Waiter waiter : List.copyOf(waiting)) {
        List<PrimaryKey> written = waiter.request.mutations().stream().map(Mutation::key).toList();
        List<PrimaryKey> read =
            waiter.request instanceof Request.Prepare prepare ? prepare.reads().keys() : List.of();
        boolean queued =
            written.stream()
                    .anyMatch(key -> writtenBefore.contains(key) || readBefore.contains(key))
                || read.stream().anyMatch(writtenBefore::contains);
        HeldTransaction blocker = locks.blocker(LockTable.Intent.of(waiter.request));
        HeldTransaction met = waiter.met;
        if (blocker == null && met != null && !met.released().isDone()) {
          blocker = met;
        }
        note(waiter, blocker);
        if (blocker == null && !queued) {
          admitted.add(waiter);
          waiting.remove(waiter);
        } else {
          writtenBefore.addAll(written);
          readBefore.addAll(read);
        }
      }
    }
    admitted.forEach(this::propose);
  }

  private void note(Waiter waiter, @Nullable HeldTransaction blocker) {
    if (blocker == null || blocker == waiter.blocker) {
      waiter.blocker = blocker;
      return;
    }
    waiter.blocker = blocker;
    var _ = blocker.released().thenRunAsync(this::pump, executor);
    Transaction holder = blocker.prepared().transaction();
    Duration patience = waiter.priority().isBefore(holder.priority()) ? WOUND_AFTER : ASK_AFTER;
    CompletableFuture.delayedExecutor(patience.toMillis(), TimeUnit.MILLISECONDS, executor)
        .execute(() -> {
          if (!blocker.released().isDone() && !waiter.answer.isDone()) {
            resolve.accept(holder);
          }
        });
  }

  /// Answers those whose deadline has passed, and asks once more about those that are in the way of
  /// others.
  void tick() {
    var expired = new ArrayList<Waiter>();
    var inTheWay = new HashSet<Transaction>();
    long now = clock.monotonicNanos();
    synchronized (this) {
      for (Waiter waiter : List.copyOf(waiting)) {
        HeldTransaction blocker = waiter.blocker;
        if (waiter.deadline.isExpired(clock)) {
          waiting.remove(waiter);
          expired.add(waiter);
        } else if (blocker != null
            && !blocker.released().isDone()
            && now - waiter.sinceNanos > ASK_AFTER.toNanos()) {
          inTheWay.add(blocker.prepared().transaction());
        }
      }
    }
    expired.forEach(waiter -> waiter.answer.complete(expiry(waiter)));
    inTheWay.forEach(resolve);
    if (!expired.isEmpty()) {
      pump();
    }
  }

  private static Response expiry(Waiter waiter) {
    HeldTransaction blocker = waiter.blocker;
    return blocker == null
        ? new Response.Unavailable("Time has run out")
        : new Response.Locked(blocker.id());
  }

  /// Answers all: this replica does not lead any more.
  void clear(Response answer) {
    List<Waiter> refused;
    synchronized (this) {
      refused = List.copyOf(waiting);
      waiting.clear();
    }
    refused.forEach(waiter -> waiter.answer.complete(answer));
  }
}
