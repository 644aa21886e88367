package dev.partita.node.partition;

import dev.partita.node.replication.Proposed;
import dev.partita.node.time.CoarseTimeouts;
import dev.partita.node.time.Deadline;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;

/// Answers that wait for something, as long as a request has time. They never fail.
final class TimedAnswers {

  private final LockTable locks;
  private final TransactionDuties transactions;
  private final PartitionReplica.Surroundings node;

  /// @param transactions ends what is in the way
  TimedAnswers(
      LockTable locks, TransactionDuties transactions, PartitionReplica.Surroundings node) {
    this.locks = locks;
    this.transactions = transactions;
    this.node = node;
  }

  /// What applying a proposal has answered.
  CompletableFuture<Response> proposed(CompletableFuture<Proposed> proposal, Deadline deadline) {
    return inTime(
        proposal.thenApply(proposed ->
            proposed.result() instanceof Response response ? response : new Response.Done()),
        deadline);
  }

  CompletableFuture<Response> inTime(CompletableFuture<Response> answer, Deadline deadline) {
    return CoarseTimeouts.completeOnTimeout(
            answer,
            new Response.Unavailable("Time has run out"),
            deadline.remainingNanos(node.clock()))
        .exceptionally(Refusals::ofHarmless);
  }

  /// Goes on with an answer, or asks again when the transaction has ended that was in the way.
  CompletableFuture<Response> unlocked(
      Response response, Deadline deadline, Supplier<CompletableFuture<Response>> again) {
    if (!(response instanceof Response.Locked(TransactionId id))
        || deadline.isExpired(node.clock())) {
      return CompletableFuture.completedFuture(response);
    }
    HeldTransaction holder = locks.get(id);
    if (holder == null) {
      return CompletableFuture.completedFuture(response)
          .thenComposeAsync(_ -> again.get(), node.reads());
    }
    transactions.resolveLater(holder);
    return CoarseTimeouts.completeOnTimeout(
            holder.released().thenApply(_ -> false), true, deadline.remainingNanos(node.clock()))
        .thenComposeAsync(
            late -> late ? CompletableFuture.completedFuture(response) : again.get(), node.reads());
  }

  /// Reads once a future is complete: at once on a caller that may block, else on the executor.
  CompletableFuture<Response> afterwards(
      CompletableFuture<?> condition, Deadline deadline, Supplier<Response> read) {
    CompletableFuture<Response> answer;
    if (condition.isDone() && !condition.isCompletedExceptionally() && mayBlock()) {
      answer = CompletableFuture.completedFuture(read.get());
    } else {
      answer =
          CoarseTimeouts.completeOnTimeout(
              condition.thenApplyAsync(_ -> read.get(), node.reads()),
              new Response.Unavailable("Time has run out"),
              deadline.remainingNanos(node.clock()));
    }
    return answer.exceptionally(Refusals::ofHarmless);
  }

  private static boolean mayBlock() {
    return Thread.currentThread().isVirtual();
  }
}
