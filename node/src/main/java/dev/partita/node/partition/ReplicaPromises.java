package dev.partita.node.partition;

import dev.partita.node.time.Timestamp;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/// What a leader promises about the past, and what a replica that does not lead can answer because
/// of such promises. Thread-safe.
final class ReplicaPromises {

  private final PartitionStateMachine machine;
  private final ReadBarrier barrier;
  private final WritePipeline pipeline;
  private final ReplicaReader reader;
  private final ClosedReads closed = new ClosedReads();

  ReplicaPromises(
      PartitionStateMachine machine,
      ReadBarrier barrier,
      WritePipeline pipeline,
      ReplicaReader reader) {
    this.machine = machine;
    this.barrier = barrier;
    this.pipeline = pipeline;
    this.reader = reader;
  }

  /// Lets nothing be written at or below a timestamp any more; as the leader.
  ///
  /// @param now a timestamp that was handed out, not below it
  CompletableFuture<ClosedTimestamp> close(Timestamp at, Timestamp now) {
    pipeline.note(now);
    return pipeline
        .snapshot(at)
        .thenCompose(_ -> barrier.pass())
        .thenApply(_ -> new ClosedTimestamp(machine.id(), at, machine.state().appliedIndex()));
  }

  void learn(ClosedTimestamp promise) {
    closed.learn(promise, machine.state().appliedIndex());
  }

  /// Up to which timestamp the replica can be read although it does not lead.
  Timestamp readableUpTo() {
    return closed.readable(machine.state().appliedIndex());
  }

  /// Answers a read of the past although the replica does not lead; null if it cannot. May block.
  @Nullable Response read(Request.Reading request) {
    Timestamp at = request.at();
    if (at == null || at.isAfter(readableUpTo())) {
      return null;
    }
    Response answer = reader.promised(request, at);
    // Whoever is to blame, the leader knows better.
    return answer instanceof Response.Refusal ? null : answer;
  }
}
