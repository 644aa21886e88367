package dev.partita.node.partition;

import dev.partita.node.time.Deadline;
import dev.partita.node.time.Timestamp;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/// Executes requests at the replicas of one node: [LocalPartitions] on this one, [RemotePartitions]
/// on another.
public interface PartitionClient {
  /// Executes a request at this node's replica of its Partition. The future never fails: whatever
  /// keeps the request from being executed is a [Response.Refusal], at the deadline
  /// [Response.Unavailable] or, for a write that may have happened, [Response.OutcomeUnknown].
  ///
  /// The future may be completed on a thread that must not block.
  CompletableFuture<Response> handle(Request request, Deadline deadline);

  /// Answers a read of the past at this node's replica, whether it leads or not; null if it cannot,
  /// and the leader is to be asked. May block.
  default @Nullable Response readClosed(Request.Reading request) {
    return null;
  }

  /// Up to which timestamp this node's replica can be read although another node leads; null if
  /// there is none, or it leads.
  default @Nullable Timestamp readableUpTo(PartitionId id) {
    return null;
  }
}
