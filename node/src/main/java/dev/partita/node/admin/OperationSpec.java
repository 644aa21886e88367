package dev.partita.node.admin;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.databind.JsonNode;
import org.jspecify.annotations.Nullable;

/// An operation as it is asked for (`PUT /admin/v1/operations/{id}`); which fields count depends on
/// the kind.
///
/// @param partition name of a Partition: MoveReplica, SplitPartition, TransferLeader; the one that
///   was split: MergePartitions
/// @param remove node id whose replica goes: MoveReplica
/// @param add node id that gets a replica: MoveReplica
/// @param to node id of the next leader: TransferLeader
/// @param at the first key of the second half, a JSON scalar or an array of them: SplitPartition of
///   a range
/// @param nodeId DrainNode, CancelDrain, RemoveNode
public record OperationSpec(
    Kind kind,
    @Nullable String partition,
    @Nullable String remove,
    @Nullable String add,
    @Nullable String to,
    @Nullable String nodeId,
    @Nullable JsonNode at) {

  /// What an operation does.
  public enum Kind {
    /// Adds a replica, removes one, or both (the new one first).
    @JsonProperty("MoveReplica")
    MOVE_REPLICA,
    /// Makes two Partitions of one, which keeps its name and has no rows any more.
    @JsonProperty("SplitPartition")
    SPLIT_PARTITION,
    /// Has the two parts of a Partition that was split be one again.
    @JsonProperty("MergePartitions")
    MERGE_PARTITIONS,
    /// Makes another voter the leader.
    @JsonProperty("TransferLeader")
    TRANSFER_LEADER,
    /// Moves leadership, and then every replica, away from a node.
    @JsonProperty("DrainNode")
    DRAIN_NODE,
    /// Lets a draining node keep what it still has.
    @JsonProperty("CancelDrain")
    CANCEL_DRAIN,
    /// Forgets a node that holds no replica any more.
    @JsonProperty("RemoveNode")
    REMOVE_NODE
  }

  /// A move of one replica.
  public static OperationSpec moveReplica(
      String partition, @Nullable String remove, @Nullable String add) {
    return new OperationSpec(Kind.MOVE_REPLICA, partition, remove, add, null, null, null);
  }

  /// A split of a range at a key; of hash bounds, by doubling their modulus, with null.
  public static OperationSpec splitPartition(String partition, @Nullable JsonNode at) {
    return new OperationSpec(Kind.SPLIT_PARTITION, partition, null, null, null, null, at);
  }

  /// A merge of the two parts of a Partition that was split.
  public static OperationSpec mergePartitions(String split) {
    return new OperationSpec(Kind.MERGE_PARTITIONS, split, null, null, null, null, null);
  }

  /// A transfer of leadership.
  public static OperationSpec transferLeader(String partition, String to) {
    return new OperationSpec(Kind.TRANSFER_LEADER, partition, null, null, to, null, null);
  }

  /// An operation on a whole node: DrainNode, CancelDrain or RemoveNode.
  public static OperationSpec ofNode(Kind kind, String nodeId) {
    return new OperationSpec(kind, null, null, null, null, nodeId, null);
  }
}
