package dev.partita.node.partition;

import dev.partita.node.time.Deadline;

/// Brings requests to the leader of a Partition, wherever it is.
public interface PartitionCaller {
  /// Sends the request to the Partition's leader, follows hints, learns new epochs and repeats what
  /// is safe to repeat until the deadline. Blocks: for virtual threads only.
  ///
  /// @return the result, or the refusal that was left in the end; a write with an unknown outcome
  ///   is never sent again
  Response call(PartitionDescriptor partition, Request request, Deadline deadline);
}
