package dev.partita.node.partition;

import dev.partita.node.time.Deadline;
import java.util.concurrent.CompletableFuture;

/// Executes requests at the replicas of one node: [LocalPartitions] on this one, [RemotePartitions]
/// on another.
public interface PartitionClient {
  /// Executes a request at this node's replica of its Partition. The future never fails: whatever
  /// keeps the request from being executed is a [Response.Refusal], at the deadline
  /// [Response.Unavailable] or, for a write that may have happened, [Response.OutcomeUnknown].
  ///
  /// The future may be completed on a thread that must not block.
  CompletableFuture<Response> handle(Request request, Deadline deadline);
}
