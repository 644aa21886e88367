package dev.partita.node;

import dev.partita.node.partition.PartitionId;

/// Figures of one replica on this node, for metrics.
///
/// @param partition name of its Partition
/// @param leads whether it is the leader
/// @param rows live rows
/// @param bytes size on disk, approximately
/// @param reads requests since the node started that read, as the leader
/// @param writes requests since the node started that wrote, as the leader
/// @param lagEntries entries of the log that are not applied here yet
/// @param applyQueueBytes committed commands that wait to be applied
public record ReplicaFigures(
    PartitionId id,
    String partition,
    String collection,
    boolean leads,
    long epoch,
    long rows,
    long bytes,
    long reads,
    long writes,
    long lagEntries,
    long applyQueueBytes) {}
