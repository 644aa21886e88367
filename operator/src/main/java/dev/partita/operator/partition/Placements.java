package dev.partita.operator.partition;

import dev.partita.crd.Partition;
import dev.partita.crd.PartitionSpec;
import dev.partita.crd.Placement;
import dev.partita.operator.nodeclient.ClusterView;
import dev.partita.operator.nodeclient.MemberView;
import dev.partita.operator.nodeclient.OperationView;
import dev.partita.operator.nodeclient.PartitionView;
import dev.partita.operator.nodeclient.PartitionView.ReplicaView;
import dev.partita.operator.placement.Demand;
import dev.partita.operator.placement.LeaderBalance;
import dev.partita.operator.placement.Server;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;

/// Pure: what was observed and declared, in the words of placement.
final class Placements {

  private Placements() {}

  static dev.partita.operator.placement.Placement of(
      ClusterView cluster, Set<String> edgeSites, List<Partition> declared) {
    return new dev.partita.operator.placement.Placement(
        servers(cluster, edgeSites), demands(cluster, declared));
  }

  /// The balance of leaders over the nodes that have been steady for a while. A Partition that is
  /// left as it is, or changes otherwise, counts where it is led.
  ///
  /// @param load of a Partition in operations per second
  static LeaderBalance leaders(
      ClusterView cluster,
      Set<String> edgeSites,
      Set<String> steady,
      List<Partition> declared,
      ToDoubleFunction<PartitionView> load) {
    Set<String> takers =
        servers(cluster, edgeSites).stream()
            .filter(Server::accepts)
            .map(Server::nodeId)
            .filter(steady::contains)
            .collect(Collectors.toSet());
    Set<String> movable =
        declared.stream()
            .filter(each -> !each.getSpec().paused() && !each.isMarkedForDeletion())
            .map(each -> each.getMetadata().getName())
            .collect(Collectors.toSet());
    cluster.operations().stream().map(OperationView::partition).forEach(movable::remove);
    List<LeaderBalance.Group> groups =
        cluster.serving().stream()
            .flatMap(view -> group(view, cluster, movable, load).stream())
            .toList();
    return new LeaderBalance(takers, groups);
  }

  private static Optional<LeaderBalance.Group> group(
      PartitionView view,
      ClusterView cluster,
      Set<String> movable,
      ToDoubleFunction<PartitionView> load) {
    String leader = view.leaderNodeId();
    if (leader == null) {
      return Optional.empty();
    }
    boolean moves = movable.contains(view.name()) && view.state() == PartitionView.State.ACTIVE;
    List<String> successors =
        view.voters().stream()
            .filter(voter -> moves && voter.caughtUp() && !voter.nodeId().equals(leader))
            .map(ReplicaView::nodeId)
            .filter(cluster::isAlive)
            .toList();
    return Optional.of(
        new LeaderBalance.Group(view.name(), leader, successors, load.applyAsDouble(view)));
  }

  /// A node whose pod came back under another identity neither keeps nor accepts anything, like one
  /// that is leaving. A node that is merely down keeps what it has: its pod comes back.
  private static List<Server> servers(ClusterView cluster, Set<String> edgeSites) {
    return cluster.nodes().stream()
        .map(node -> {
          boolean keeps = node.state() == MemberView.State.ACTIVE && !isSuperseded(node, cluster);
          boolean accepts = keeps && node.alive() && !edgeSites.contains(node.site());
          return new Server(
              node.nodeId(),
              node.site(),
              Objects.requireNonNullElse(node.zone(), ""),
              keeps,
              accepts);
        })
        .toList();
  }

  private static boolean isSuperseded(MemberView node, ClusterView cluster) {
    return !node.alive()
        && cluster.nodes().stream()
            .anyMatch(other ->
                other.alive()
                    && other.state() != MemberView.State.GONE
                    && other.name().equals(node.name())
                    && other.site().equals(node.site()));
  }

  /// Oldest first, so that waiting Partitions are placed in the order in which they were declared.
  private static List<Demand> demands(ClusterView cluster, List<Partition> declared) {
    List<Demand> demands = new ArrayList<>();
    declared.stream()
        .sorted(
            Comparator.comparing((Partition each) -> each.getMetadata().getCreationTimestamp())
                .thenComparing(each -> each.getMetadata().getName()))
        .map(each -> demand(each, cluster))
        .filter(demand -> !demand.isFixed() || !demand.current().isEmpty())
        .forEach(demands::add);
    Set<String> names =
        declared.stream().map(each -> each.getMetadata().getName()).collect(Collectors.toSet());
    cluster.serving().stream()
        .filter(view -> !names.contains(view.name()))
        .map(view -> Demand.fixed(view.name(), view.replicaNodeIds()))
        .forEach(demands::add);
    return demands;
  }

  private static Demand demand(Partition partition, ClusterView cluster) {
    String name = partition.getMetadata().getName();
    PartitionSpec spec = partition.getSpec();
    List<String> current =
        cluster.partition(name).map(PartitionView::replicaNodeIds).orElse(List.of());
    boolean split = cluster.partition(name).filter(PartitionView::isSplit).isPresent();
    if (spec.paused() || partition.isMarkedForDeletion() || split) {
      return Demand.fixed(name, current);
    }
    List<Placement> placement = Objects.requireNonNullElse(spec.placement(), List.of());
    Map<String, Integer> bySite =
        placement.stream().collect(Collectors.toMap(Placement::site, Placement::replicas));
    return Demand.of(name, spec.replicas(), bySite, current);
  }
}
