package dev.partita.node.catalog;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import dev.partita.node.key.Datum;
import dev.partita.node.partition.PartitionId;
import dev.partita.node.raft.NodeId;
import org.jspecify.annotations.Nullable;

/// What an operation is to bring about. Each is a wish about a state, so that a driver which knows
/// nothing of what was done before can go on from what it observes.
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "kind")
@JsonSubTypes({
  @JsonSubTypes.Type(value = Operation.MoveReplica.class, name = "MoveReplica"),
  @JsonSubTypes.Type(value = Operation.SplitPartition.class, name = "SplitPartition"),
  @JsonSubTypes.Type(value = Operation.MergePartitions.class, name = "MergePartitions"),
  @JsonSubTypes.Type(value = Operation.TransferLeader.class, name = "TransferLeader"),
  @JsonSubTypes.Type(value = Operation.DrainNode.class, name = "DrainNode"),
  @JsonSubTypes.Type(value = Operation.CancelDrain.class, name = "CancelDrain"),
  @JsonSubTypes.Type(value = Operation.RemoveNode.class, name = "RemoveNode")
})
public sealed interface Operation {

  /// `add` is to be a member of the Partition, `remove` is not; the new one first.
  record MoveReplica(PartitionId partition, @Nullable NodeId remove, @Nullable NodeId add)
      implements Operation {
    public MoveReplica {
      if (remove == null && add == null) {
        throw new IllegalArgumentException("a move needs a node to add or to remove");
      }
      if (remove != null && remove.equals(add)) {
        throw new IllegalArgumentException("a move needs two different nodes");
      }
    }
  }

  /// Two others are to have the rows of the Partition.
  ///
  /// @param at the first key of the second half of a range; null for hash bounds, whose modulus is
  ///   doubled
  record SplitPartition(PartitionId partition, @Nullable Datum at) implements Operation {}

  /// The two parts of the Partition are to be one again.
  record MergePartitions(PartitionId partition) implements Operation {}

  /// `to` is to lead the Partition.
  record TransferLeader(PartitionId partition, NodeId to) implements Operation {}

  /// The node is to lead nothing, not to vote in the system partition, and to have no replica.
  record DrainNode(NodeId node) implements Operation {}

  /// The node may keep what it has.
  record CancelDrain(NodeId node) implements Operation {}

  /// The node, which has no replica any more, is to be forgotten.
  record RemoveNode(NodeId node) implements Operation {}
}
