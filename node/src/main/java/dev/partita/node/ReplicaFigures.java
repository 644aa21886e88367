package dev.partita.node;

import dev.partita.node.partition.IndexReport;
import dev.partita.node.partition.OperationListener.Operation;
import dev.partita.node.partition.PartitionId;
import java.util.List;
import java.util.Map;

/// Figures of one replica on this node, for metrics. Counters begin at 0 with the process.
///
/// @param partition name of its Partition
/// @param leads whether it is the leader and serves
/// @param votes whether it is a voter of its group
/// @param voters how many its group has
/// @param rows live rows
/// @param bytes of their keys and documents
/// @param answered counter: requests that this replica answered, refused ones included
/// @param refused counter: those that it refused
/// @param cpuNanos counter: processor time that the Partition has taken here
/// @param lagEntries entries of the log that are not applied here yet
/// @param followerLagEntries entries that the furthest follower lacks, as the leader sees it
/// @param laggingReplicas members that are away or have not caught up, as the leader sees it
/// @param applyQueueBytes committed commands that wait to be applied
/// @param indexes what it tells about its indexes
public record ReplicaFigures(
    PartitionId id,
    String partition,
    String collection,
    boolean leads,
    boolean votes,
    int voters,
    long epoch,
    long rows,
    long bytes,
    Map<Operation, Long> answered,
    long refused,
    long cpuNanos,
    long lagEntries,
    long followerLagEntries,
    int laggingReplicas,
    long applyQueueBytes,
    List<IndexReport> indexes) {
  public ReplicaFigures {
    answered = Map.copyOf(answered);
    indexes = List.copyOf(indexes);
  }
}
