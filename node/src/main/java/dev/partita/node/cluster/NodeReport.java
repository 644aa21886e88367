package dev.partita.node.cluster;

import dev.partita.node.partition.PartitionId;
import dev.partita.node.raft.NodeId;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What a node says about itself, once in a while and whenever something has changed.
///
/// @param edition names what `leading` says or, where that is null, said in an earlier report to
///   the same board; null from a node of a version before editions
/// @param leading the Partitions that it leads; null when that is as in this edition
/// @param replicas how many replicas it has
/// @param bytes of their rows, approximately
/// @param split Partitions that are split or merged here, so that no crash undoes it
/// @param frozen Partitions that are frozen here
public record NodeReport(
    NodeId node,
    String board,
    @Nullable String edition,
    @Nullable List<PartitionReport> leading,
    int replicas,
    long bytes,
    List<PartitionId> split,
    List<Frozen> frozen) {
  @SuppressWarnings("ConstantValue") // a node of a version before splits says nothing of them
  public NodeReport {
    split = split == null ? List.of() : List.copyOf(split);
    frozen = frozen == null ? List.of() : List.copyOf(frozen);
  }

  /// That a Partition is frozen to become a part of another one.
  public record Frozen(PartitionId partition, PartitionId into) {}
}
