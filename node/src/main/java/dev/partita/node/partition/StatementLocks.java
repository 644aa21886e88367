package dev.partita.node.partition;

import dev.partita.node.replication.ReplicationGroup;
import dev.partita.node.time.Clock;
import dev.partita.node.time.Deadline;
import dev.partita.node.time.Timestamp;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/// What a leader does for statements of transactions that have not begun to commit: it locks rows
/// for them, and reads these as they are then.
final class StatementLocks {

  private final PartitionStateMachine machine;
  private final ReplicationGroup group;
  private final ReadBarrier barrier;
  private final WritePipeline pipeline;
  private final ReplicaReader reader;
  private final LockQueue queue;
  private final TimedAnswers answers;
  private final Clock clock;

  StatementLocks(
      PartitionStateMachine machine,
      ReplicationGroup group,
      ReadBarrier barrier,
      WritePipeline pipeline,
      ReplicaReader reader,
      LockQueue queue,
      TimedAnswers answers,
      Clock clock) {
    this.machine = machine;
    this.group = group;
    this.barrier = barrier;
    this.pipeline = pipeline;
    this.reader = reader;
    this.queue = queue;
    this.answers = answers;
    this.clock = clock;
  }

  CompletableFuture<Response> lock(Request.Lock lock, Deadline deadline) {
    Response refusal = refusal(lock);
    return refusal != null
        ? CompletableFuture.completedFuture(refusal)
        : queue
            .lock(lock, deadline)
            .thenCompose(response ->
                response instanceof Response.Done
                    ? read(lock, deadline)
                    : CompletableFuture.completedFuture(response));
  }

  private @Nullable Response refusal(Request.Lock lock) {
    PartitionDescriptor descriptor = machine.state().descriptor();
    if (!pipeline.leads() || descriptor == null) {
      return new Response.NotLeader(group.status().leader());
    }
    if (!lock.epoch().equals(descriptor.epoch())) {
      return new Response.WrongEpoch(descriptor);
    }
    return descriptor.bounds().contains(lock.row()) ? null : new Response.OutOfBounds(lock.row());
  }

  /// Reads a row after everything that was on its way when it was locked.
  private CompletableFuture<Response> read(Request.Lock lock, Deadline deadline) {
    CompletableFuture<Timestamp> confirmed =
        pipeline
            .settled(lock.row())
            .thenCompose(_ -> pipeline.snapshot(null))
            .thenCompose(at -> barrier.pass().thenApply(_ -> at));
    return answers
        .afterwards(confirmed, deadline, () -> row(lock, confirmed.join()))
        .thenCompose(response -> answers.unlocked(response, deadline, () -> read(lock, deadline)));
  }

  private Response row(Request.Lock lock, Timestamp at) {
    Response row = reader.at(new Request.Read(lock.partition(), lock.epoch(), lock.row(), at), at);
    return row instanceof Response.Row(var version, var document)
        ? new Response.Granted(at, version, document)
        : row;
  }

  Response renew(Request.RenewLocks renewal) {
    if (!pipeline.leads()) {
      return new Response.NotLeader(group.status().leader());
    }
    RowLocks rows = queue.rows();
    if (rows.hasEnded(renewal.transaction())) {
      return new Response.Wounded();
    }
    rows.take(renewal.transaction(), renewal.priority(), renewal.rows(), clock.monotonicNanos());
    return new Response.Done();
  }

  Response unlock(Request.Unlock unlock) {
    queue.rows().end(unlock.transaction(), clock.monotonicNanos());
    return new Response.Done();
  }
}
