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

/// A leader's writes, and statements that lock rows, which wait for the locks of others: first
/// come, first served, so a write also waits for those that came before it and are in its way,
/// unless its transaction has locks here already. Only of statements the one of the older
/// transaction comes first: they ask anew when they have waited for a while, and keep their place
/// that way.
///
/// Deadlocks are broken by age (wound-wait): who waits for a younger transaction has it ended,
/// unless that is committed already; who waits for an older one waits. One that is not prepared has
/// nothing in the log yet, and is ended by taking its locks. Nobody waits for long for one that is
/// prepared without asking what became of it, since its coordinator may be gone.
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
  private final RowLocks rows = new RowLocks();
  private final WritePipeline pipeline;
  private final Executor executor;
  private final Consumer<Transaction> resolve;
  private final Clock clock;

  /// In the order of their arrival; guarded by this.
  private final List<Waiter> waiting = new ArrayList<>();

  private long arrivals;

  private static final class Waiter {
    private final Request request;
    private final LockTable.Intent intent;
    private final List<PrimaryKey> read;
    private final Timestamp priority;
    private final Deadline deadline;
    private final long arrival;
    private final long sinceNanos;
    private final CompletableFuture<Response> answer = new CompletableFuture<>();
    private @Nullable LockHolder blocker;
    private @Nullable HeldTransaction met;

    Waiter(Request.Stamped request, Deadline deadline, long arrival, long sinceNanos) {
      this.request = request;
      this.intent = LockTable.Intent.of(request);
      boolean prepares = request instanceof Request.Prepare;
      this.read = prepares ? ((Request.Prepare) request).reads().keys() : List.of();
      this.priority =
          prepares ? ((Request.Prepare) request).transaction().priority() : Timestamp.MAX;
      this.deadline = deadline;
      this.arrival = arrival;
      this.sinceNanos = sinceNanos;
    }

    Waiter(Request.Lock request, Deadline deadline, long arrival, long sinceNanos) {
      this.request = request;
      this.intent = LockTable.Intent.of(request);
      this.read = List.of();
      this.priority = request.priority();
      this.deadline = deadline;
      this.arrival = arrival;
      this.sinceNanos = sinceNanos;
    }

    boolean locks() {
      return request instanceof Request.Lock;
    }

    /// Of two that have begun at once the same one is the older everywhere, so that there is no
    /// deadlock in which nobody is.
    boolean isOlderThan(LockHolder holder) {
      TransactionId own = intent.own();
      return priority.equals(holder.priority())
          ? own != null && own.compareTo(holder.id()) < 0
          : priority.isBefore(holder.priority());
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
      queued = !waiting.isEmpty() || !locks.isEmpty() || !rows.isEmpty();
      if (queued) {
        waiting.add(waiter);
      }
    }
    if (queued) {
      pump();
    } else {
      propose(waiter, request);
    }
    return waiter.answer;
  }

  /// Has a statement's row locked as soon as nobody is in its way. Answered by [Response.Done], or
  /// by [Response.Wounded].
  CompletableFuture<Response> lock(Request.Lock request, Deadline deadline) {
    Waiter waiter;
    synchronized (this) {
      if (waiting.size() >= WAITERS_MAX || rows.size() >= RowLocks.ROWS_MAX) {
        return CompletableFuture.completedFuture(
            new Response.Overloaded("Too many rows are locked or waited for"));
      }
      waiter = new Waiter(request, deadline, arrivals++, clock.monotonicNanos());
      int at = waiting.size();
      while (at > 0
          && waiting.get(at - 1).locks()
          && waiter.priority.isBefore(waiting.get(at - 1).priority)) {
        at--;
      }
      waiting.add(at, waiter);
    }
    pump();
    return waiter.answer;
  }

  /// What statements have locked.
  RowLocks rows() {
    return rows;
  }

  private void goOn(Waiter waiter) {
    if (waiter.request instanceof Request.Stamped write) {
      propose(waiter, write);
    } else {
      waiter.answer.complete(new Response.Done());
    }
  }

  private void propose(Waiter waiter, Request.Stamped request) {
    var _ =
        pipeline
            .write(request, waiter.deadline)
            .whenComplete((response, _) -> {
              if (response instanceof Response.Locked(TransactionId holder)
                  && !waiter.deadline.isExpired(clock)) {
                comeBack(waiter, locks.get(holder));
              } else {
                TransactionId own = waiter.intent.own();
                if (own != null && !(response instanceof Response.Refusal)) {
                  // It has the locks in the log by now, or needs none.
                  rows.end(own, clock.monotonicNanos());
                }
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
    var wounded = new ArrayList<Waiter>();
    synchronized (this) {
      Set<PrimaryKey> writtenBefore = new HashSet<>();
      Set<PrimaryKey> readBefore = new HashSet<>();
      for (Waiter waiter : List.copyOf(waiting)) {
        List<PrimaryKey> written = waiter.intent.written();
        TransactionId own = waiter.intent.own();
        if (waiter.locks() && own != null && rows.hasEnded(own)) {
          waiting.remove(waiter);
          wounded.add(waiter);
          continue;
        }
        // Those in front may wait for it.
        boolean holds = own != null && (rows.holds(own) || locks.get(own) != null);
        boolean queued =
            !holds
                && (written.stream()
                        .anyMatch(key -> writtenBefore.contains(key) || readBefore.contains(key))
                    || waiter.read.stream().anyMatch(writtenBefore::contains));
        LockHolder blocker = blocker(waiter);
        note(waiter, blocker);
        // Who asks for a lock too late would not know that it has it.
        boolean gone = waiter.locks() && waiter.deadline.isExpired(clock);
        if (blocker == null && !queued && !gone) {
          admitted.add(waiter);
          waiting.remove(waiter);
          if (own != null && waiter.locks()) {
            // At once, so that it is in the way of those behind.
            rows.take(own, waiter.priority, written, clock.monotonicNanos());
          }
        } else {
          writtenBefore.addAll(written);
          readBefore.addAll(waiter.read);
        }
      }
    }
    admitted.forEach(this::goOn);
    wounded.forEach(waiter -> waiter.answer.complete(new Response.Wounded()));
  }

  private @Nullable LockHolder blocker(Waiter waiter) {
    LockHolder blocker = locks.blocker(waiter.intent);
    HeldTransaction met = waiter.met;
    if (blocker == null && met != null && !met.released().isDone()) {
      blocker = met;
    }
    return blocker == null ? rows.blocker(waiter.intent.written(), waiter.intent.own()) : blocker;
  }

  private void note(Waiter waiter, @Nullable LockHolder blocker) {
    if (blocker == null || blocker == waiter.blocker) {
      waiter.blocker = blocker;
      return;
    }
    waiter.blocker = blocker;
    var _ = blocker.released().thenRunAsync(this::pump, executor);
    boolean older = waiter.isOlderThan(blocker);
    switch (blocker) {
      case HeldTransaction held ->
          whileItWaits(
              waiter,
              held,
              older ? WOUND_AFTER : ASK_AFTER,
              () -> resolve.accept(held.prepared().transaction()));
      case RowLocks.Holding holding -> {
        if (older) {
          whileItWaits(
              waiter, holding, WOUND_AFTER, () -> rows.end(holding.id(), clock.monotonicNanos()));
        }
      }
    }
  }

  private void whileItWaits(Waiter waiter, LockHolder blocker, Duration patience, Runnable ending) {
    CompletableFuture.delayedExecutor(patience.toMillis(), TimeUnit.MILLISECONDS, executor)
        .execute(() -> {
          if (!blocker.released().isDone() && !waiter.answer.isDone()) {
            ending.run();
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
        if (waiter.deadline.isExpired(clock)) {
          waiting.remove(waiter);
          expired.add(waiter);
        } else if (waiter.blocker instanceof HeldTransaction held
            && !held.released().isDone()
            && now - waiter.sinceNanos > ASK_AFTER.toNanos()) {
          inTheWay.add(held.prepared().transaction());
        }
      }
    }
    rows.expire(now);
    expired.forEach(waiter -> waiter.answer.complete(expiry(waiter)));
    inTheWay.forEach(resolve);
    if (!expired.isEmpty()) {
      pump();
    }
  }

  private static Response expiry(Waiter waiter) {
    LockHolder blocker = waiter.blocker;
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
    rows.clear();
    refused.forEach(waiter -> waiter.answer.complete(answer));
  }
}
