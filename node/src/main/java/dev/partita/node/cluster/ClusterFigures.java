package dev.partita.node.cluster;

import dev.partita.node.partition.PartitionId;
import dev.partita.node.raft.NodeId;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// The newest reports as any node can ask for them: what the catalog does not say.
///
/// @param leader of the system partition
public record ClusterFigures(NodeId leader, List<NodeFigures> nodes, List<Led> partitions) {
  static final String SERVICE = "cluster.figures";

  public ClusterFigures {
    nodes = List.copyOf(nodes);
    partitions = List.copyOf(partitions);
  }

  /// What a node has.
  ///
  /// @param alive whether it was heard of lately
  public record NodeFigures(NodeId node, boolean alive, int replicas, long bytes) {}

  /// A Partition with the node that leads it.
  public record Led(NodeId leader, PartitionReport report) {}

  static ClusterFigures of(ReportBoard board, NodeId self) {
    var alive = board.alive();
    List<NodeFigures> nodes = new ArrayList<>();
    board
        .figures()
        .forEach((node, has) ->
            nodes.add(new NodeFigures(node, alive.contains(node), has.replicas(), has.bytes())));
    List<Led> partitions = new ArrayList<>();
    board.partitions().forEach((_, led) -> partitions.add(new Led(led.leader(), led.report())));
    return new ClusterFigures(self, nodes, partitions);
  }

  /// The figures of a node, if it has reported.
  public Optional<NodeFigures> node(NodeId id) {
    return nodes.stream().filter(node -> node.node().equals(id)).findFirst();
  }

  /// The report of a Partition whose leader is alive.
  public Optional<Led> partition(PartitionId id) {
    return partitions.stream()
        .filter(led -> led.report().partition().equals(id))
        .filter(led -> node(led.leader()).filter(NodeFigures::alive).isPresent())
        .findFirst();
  }
}
