package dev.partita.node.partition;

import dev.partita.node.replication.GroupStatus;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What a replica tells about itself and, as far as it has applied it, about its Partition.
///
/// @param descriptor null until the group has been made a Partition here
/// @param serving whether it leads and has taken up its work
/// @param rows live rows
/// @param bytes of their keys and documents
/// @param operationsPerSecond requests answered by this replica, averaged over about ten seconds
/// @param cpu processor time that the Partition takes here, in cores, averaged likewise; see
///   [CpuMeter]
/// @param load where the requests go
/// @param points where it could be split
/// @param indexes those that users know of
/// @param split who has the rows, if the Partition was split
/// @param splitDurably whether no crash of this node can undo that
/// @param freeze that it is frozen to become a part of another one, null if it is not
/// @param unsettled why it cannot be frozen at the moment, for another reason than transactions
public record ReplicaReport(
    PartitionId id,
    @Nullable PartitionDescriptor descriptor,
    GroupStatus group,
    boolean serving,
    long rows,
    long bytes,
    double operationsPerSecond,
    double cpu,
    LoadProfile load,
    SplitPoints points,
    List<IndexReport> indexes,
    @Nullable SplitState split,
    boolean splitDurably,
    @Nullable FreezeReport freeze,
    @Nullable String unsettled) {

  public ReplicaReport {
    indexes = List.copyOf(indexes);
  }
}
