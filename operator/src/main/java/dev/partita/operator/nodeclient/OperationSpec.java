package dev.partita.operator.nodeclient;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.databind.JsonNode;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// An operation as it is asked for; which fields count depends on the kind.
@JsonInclude(JsonInclude.Include.NON_NULL)
public record OperationSpec(
    Kind kind,
    @Nullable String partition,
    @Nullable String remove,
    @Nullable String add,
    @Nullable String to,
    @Nullable String nodeId,
    @Nullable JsonNode at) {

  /// What ids of splits begin with that the operator has asked for. Others are somebody's, who will
  /// want to see what became of them.
  private static final String SPLIT_PREFIX = "partita-split-";

  /// The same of merges.
  private static final String MERGE_PREFIX = "partita-merge-";

  /// What an operation does.
  public enum Kind {
    /// Adds a replica, removes one, or both (the new one first).
    @JsonProperty("MoveReplica")
    MOVE_REPLICA,
    /// Makes two Partitions of one.
    @JsonProperty("SplitPartition")
    SPLIT_PARTITION,
    /// Makes one Partition of the two that another one was split into.
    @JsonProperty("MergePartitions")
    MERGE_PARTITIONS,
    /// Makes another voter the leader.
    @JsonProperty("TransferLeader")
    TRANSFER_LEADER,
    /// Marks a node as one to be emptied.
    @JsonProperty("DrainNode")
    DRAIN_NODE,
    /// Lets a draining node keep what it still has.
    @JsonProperty("CancelDrain")
    CANCEL_DRAIN,
    /// Forgets a node that holds no replica any more.
    @JsonProperty("RemoveNode")
    REMOVE_NODE;

    /// As the API of the nodes spells it, for people and labels.
    public String text() {
      return Stream.of(name().split("_", -1))
          .map(word -> word.charAt(0) + word.substring(1).toLowerCase(Locale.ROOT))
          .collect(Collectors.joining());
    }
  }

  /// A move of one replica; null where only one side is wanted.
  public static OperationSpec moveReplica(
      String partition, @Nullable String remove, @Nullable String add) {
    return new OperationSpec(Kind.MOVE_REPLICA, partition, remove, add, null, null, null);
  }

  /// A transfer of leadership.
  public static OperationSpec transferLeader(String partition, String to) {
    return new OperationSpec(Kind.TRANSFER_LEADER, partition, null, null, to, null, null);
  }

  /// A split.
  ///
  /// @param at the first key of the second half; null for hash bounds, whose modulus is doubled
  public static OperationSpec splitPartition(String partition, @Nullable JsonNode at) {
    return new OperationSpec(Kind.SPLIT_PARTITION, partition, null, null, null, null, at);
  }

  /// The id of a split, the same for whoever asks for it: a Partition is split once, at one epoch.
  public static String splitId(String uid, long epoch) {
    return SPLIT_PREFIX + uid + "-" + epoch;
  }

  /// Whether the operator has asked for a split, and not somebody else.
  public static boolean isOurSplit(OperationView operation) {
    return operation.kind() == Kind.SPLIT_PARTITION && operation.id().startsWith(SPLIT_PREFIX);
  }

  /// A merge of the two parts of a Partition that was split.
  public static OperationSpec mergePartitions(String partition) {
    return new OperationSpec(Kind.MERGE_PARTITIONS, partition, null, null, null, null, null);
  }

  /// The id of a merge, the same for whoever asks for it: the ids of the parts are never given
  /// again.
  public static String mergeId(String uid, String one, String other) {
    return MERGE_PREFIX + uid + "-" + one + "-" + other;
  }

  /// Whether the operator has asked for a merge, and not somebody else.
  public static boolean isOurMerge(OperationView operation) {
    return operation.kind() == Kind.MERGE_PARTITIONS && operation.id().startsWith(MERGE_PREFIX);
  }

  /// The id of a transfer, the same for whoever asks for it.
  public static String transferId(String partition, String from, String to) {
    return "transfer-" + partition + "-" + from + "-" + to;
  }

  /// An operation on a whole node.
  public static OperationSpec ofNode(Kind kind, String nodeId) {
    return new OperationSpec(kind, null, null, null, null, nodeId, null);
  }
}
