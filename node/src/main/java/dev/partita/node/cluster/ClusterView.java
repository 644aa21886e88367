package dev.partita.node.cluster;

import dev.partita.node.catalog.Catalog;
import dev.partita.node.cluster.ReportBoard.LedPartition;
import dev.partita.node.partition.PartitionId;
import dev.partita.node.raft.Configuration;
import dev.partita.node.raft.NodeId;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// What the leader of the system partition sees at one moment: all that its decisions rest on.
///
/// @param self the leader
/// @param alive nodes heard of lately
/// @param leaders the newest report of each Partition that has a leader
/// @param split Partitions that nodes have split or merged durably
/// @param frozen Partitions that nodes have frozen
/// @param system the members of the system partition
/// @param systemCaughtUp those of them that hold nearly all of the catalog
record ClusterView(
    NodeId self,
    Catalog catalog,
    Set<NodeId> alive,
    Map<PartitionId, LedPartition> leaders,
    Map<NodeId, Set<PartitionId>> split,
    Map<NodeId, Set<NodeReport.Frozen>> frozen,
    Configuration system,
    Set<NodeId> systemCaughtUp) {
  ClusterView {
    alive = Set.copyOf(alive);
    leaders = Map.copyOf(leaders);
    split = Map.copyOf(split);
    frozen = Map.copyOf(frozen);
    systemCaughtUp = Set.copyOf(systemCaughtUp);
  }

  /// Whether a member of a Partition has frozen it to become a part of another one.
  boolean hasFrozen(NodeId member, PartitionId partition, PartitionId into) {
    return frozen.getOrDefault(member, Set.of()).contains(new NodeReport.Frozen(partition, into));
  }

  /// Whether a member of a Partition that was split or merged has done that durably, or never will.
  boolean hasSplit(NodeId member, PartitionId partition) {
    return !catalog.hasMember(member) || split.getOrDefault(member, Set.of()).contains(partition);
  }

  boolean isAlive(NodeId node) {
    return alive.contains(node);
  }

  /// The report of a Partition whose leader is alive.
  Optional<LedPartition> led(PartitionId partition) {
    return Optional.ofNullable(leaders.get(partition)).filter(led -> isAlive(led.leader()));
  }
}
