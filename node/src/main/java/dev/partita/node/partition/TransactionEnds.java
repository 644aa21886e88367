package dev.partita.node.partition;

import dev.partita.node.partition.PartitionCommand.FinishTransaction;
import dev.partita.node.replication.Proposed;
import dev.partita.node.time.Timestamp;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/// Ends of transactions on their way into a leader's log. Nobody's commit waits for them, but each
/// entry costs every member a write, so they share entries: while some are on their way, those that
/// come wait for the next one. Thread-safe.
final class TransactionEnds {

  /// Entries on their way at once. The locks of what waits are held for as long as one of them
  /// takes.
  private static final int ENTRIES_IN_FLIGHT_MAX = 2;

  /// Ends in one entry.
  private static final int ENDS_MAX = 256;

  private record Waiting(FinishTransaction finish, CompletableFuture<Response> answer) {}

  private final WritePipeline pipeline;
  private final Deque<Waiting> queue = new ArrayDeque<>();
  private final Set<TransactionId> toForget = new LinkedHashSet<>();
  private int inFlight;

  TransactionEnds(WritePipeline pipeline) {
    this.pipeline = pipeline;
  }

  /// Ends a transaction; the future gives the outcome that stands, or fails if it is not known
  /// whether the entry is in the log.
  CompletableFuture<Response> finish(FinishTransaction finish) {
    var answer = new CompletableFuture<Response>();
    synchronized (this) {
      queue.add(new Waiting(finish, answer));
    }
    pump();
    return answer;
  }

  private void pump() {
    while (true) {
      List<Waiting> batch = next();
      if (batch.isEmpty()) {
        return;
      }
      Timestamp commit =
          batch.stream()
              .map(one -> commit(one.finish().outcome()))
              .reduce(Timestamp.MIN, Timestamp::later);
      var command =
          new PartitionCommand.FinishTransactions(batch.stream().map(Waiting::finish).toList());
      var _ =
          pipeline
              .proposeAbove(commit, CommandCodec.encode(command, 64 + 64 * batch.size()))
              .whenComplete((proposed, failure) -> settle(batch, proposed, failure));
    }
  }

  private static Timestamp commit(TransactionOutcome outcome) {
    return outcome instanceof TransactionOutcome.Committed(Timestamp at) ? at : Timestamp.MIN;
  }

  private synchronized List<Waiting> next() {
    var batch = new ArrayList<Waiting>();
    if (inFlight < ENTRIES_IN_FLIGHT_MAX) {
      while (!queue.isEmpty() && batch.size() < ENDS_MAX) {
        batch.add(queue.removeFirst());
      }
      inFlight += batch.isEmpty() ? 0 : 1;
    }
    return batch;
  }

  private void settle(
      List<Waiting> batch, @Nullable Proposed proposed, @Nullable Throwable failure) {
    synchronized (this) {
      inFlight--;
    }
    if (proposed != null && proposed.result() instanceof List<?> answers) {
      for (int at = 0; at < batch.size(); at++) {
        batch.get(at).answer().complete((Response) answers.get(at));
      }
    } else {
      Throwable why =
          failure == null ? new IllegalStateException("an entry without answers") : failure;
      batch.forEach(one -> one.answer().completeExceptionally(why));
    }
    pump();
  }

  /// Has a commit forgotten that every participant knows of: some time, since that costs an entry
  /// and nothing waits for it. If that is lost, it is found out again, see [TransactionDuties].
  synchronized void forget(TransactionId id) {
    toForget.add(id);
  }

  /// Another node leads, or nobody: what is to be forgotten is its business.
  synchronized void follow() {
    toForget.clear();
  }

  /// Forgets all that has come together since the last time, however much: what is left would be
  /// found out again, one by one. Called often.
  void tick() {
    List<TransactionId> ids;
    synchronized (this) {
      ids = List.copyOf(toForget);
      toForget.clear();
    }
    for (int from = 0; from < ids.size(); from += ENDS_MAX) {
      List<TransactionId> some = ids.subList(from, Math.min(ids.size(), from + ENDS_MAX));
      var command = new PartitionCommand.ForgetTransactions(some);
      var _ =
          pipeline.proposeAbove(Timestamp.MIN, CommandCodec.encode(command, 64 + 32 * some.size()));
    }
  }
}
