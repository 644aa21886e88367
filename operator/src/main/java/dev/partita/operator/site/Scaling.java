package dev.partita.operator.site;

import dev.partita.operator.nodeclient.ClusterView;
import dev.partita.operator.nodeclient.MemberView;
import dev.partita.operator.nodeclient.OperationSpec;
import dev.partita.operator.nodeclient.OperationSpec.Kind;
import dev.partita.operator.nodeclient.PartitionView;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// Pure: how many pods a Site has while it grows and shrinks, and what is to be done about its
/// nodes.
///
/// A node is drained before its pod goes, and its pod goes only when the cluster has forgotten the
/// node, which it does only when the node holds no replica. An identity that was superseded,
/// because its pod lost the volume and came back as a new node, is forgotten when its replicas have
/// left it.
///
/// @param replicas of the StatefulSet
/// @param operations to ask for, by their deterministic ids
/// @param leaving nodes that are being emptied
/// @param forgotten names of wanted pods whose node was removed from the cluster: they need a new
///   identity
/// @param obstacle why emptying cannot succeed, and what a person can do
record Scaling(
    int replicas,
    SortedMap<String, OperationSpec> operations,
    List<MemberView> leaving,
    List<String> forgotten,
    @Nullable String obstacle) {

  /// Plans for a Site while its cluster is not known: pods are added, never taken away.
  static Scaling unobserved(int wanted, int existing) {
    return new Scaling(Math.max(wanted, existing), new TreeMap<>(), List.of(), List.of(), null);
  }

  /// Plans for a Site of a known cluster.
  ///
  /// @param generation of the Site's spec: a later drain of the same node is another operation
  static Scaling plan(String site, int wanted, long generation, ClusterView cluster) {
    List<MemberView> members =
        cluster.nodes().stream()
            .filter(
                node -> node.site().equals(site) && PodNames.ordinal(site, node.name()).isPresent())
            .toList();
    List<MemberView> present =
        members.stream().filter(node -> !isForgotten(node, cluster)).toList();
    SortedMap<String, OperationSpec> operations = new TreeMap<>();
    List<MemberView> leaving = new ArrayList<>();
    for (MemberView node : present) {
      boolean surplus = ordinal(site, node) >= wanted;
      if (isSuperseded(node, present)) {
        removeWhenEmpty(node, cluster, operations);
      } else if (surplus) {
        leaving.add(node);
        drain(node, generation, cluster, operations);
      } else if (node.state() == MemberView.State.DRAINING) {
        operations.put(
            "cancel-" + node.nodeId() + "-" + generation,
            OperationSpec.ofNode(Kind.CANCEL_DRAIN, node.nodeId()));
      }
    }
    int replicas =
        leaving.stream()
            .filter(node -> needsPod(node, cluster))
            .mapToInt(node -> ordinal(site, node) + 1)
            .reduce(wanted, Math::max);
    return new Scaling(
        replicas,
        operations,
        leaving,
        forgotten(site, wanted, members, present),
        obstacle(cluster, leaving));
  }

  /// Whether a leaving node has anything left to do. One that is down and empty is not started
  /// again to be removed.
  private static boolean needsPod(MemberView node, ClusterView cluster) {
    return node.alive()
        || node.systemMember() == MemberView.SystemRole.VOTER
        || cluster.replicasOn(node.nodeId()) > 0;
  }

  /// Whether the cluster has nothing to do with a node any more. While its removal still runs, it
  /// may be a member of the system partition.
  private static boolean isForgotten(MemberView node, ClusterView cluster) {
    return node.state() == MemberView.State.GONE
        && cluster.operations().stream()
            .noneMatch(operation -> operation.id().equals(removal(node)) && operation.isRunning());
  }

  private static String removal(MemberView node) {
    return "remove-" + node.nodeId();
  }

  /// Whether the pod of that node has come back as another node.
  static boolean isSuperseded(MemberView node, List<MemberView> all) {
    return !node.alive()
        && all.stream()
            .anyMatch(other ->
                other.alive()
                    && other.state() != MemberView.State.GONE
                    && other.name().equals(node.name())
                    && other.site().equals(node.site())
                    && !other.nodeId().equals(node.nodeId()));
  }

  private static void drain(
      MemberView node,
      long generation,
      ClusterView cluster,
      SortedMap<String, OperationSpec> operations) {
    if (node.state() == MemberView.State.ACTIVE) {
      operations.put(
          "drain-" + node.nodeId() + "-" + generation,
          OperationSpec.ofNode(Kind.DRAIN_NODE, node.nodeId()));
    } else {
      removeWhenEmpty(node, cluster, operations);
    }
  }

  private static void removeWhenEmpty(
      MemberView node, ClusterView cluster, SortedMap<String, OperationSpec> operations) {
    if (node.replicas() == 0 && cluster.replicasOn(node.nodeId()) == 0) {
      operations.put(removal(node), OperationSpec.ofNode(Kind.REMOVE_NODE, node.nodeId()));
    }
  }

  private static List<String> forgotten(
      String site, int wanted, List<MemberView> members, List<MemberView> present) {
    return members.stream()
        .filter(node -> !present.contains(node))
        .map(MemberView::name)
        .filter(name -> PodNames.ordinal(site, name).orElseThrow() < wanted)
        .filter(name -> present.stream().noneMatch(node -> node.name().equals(name)))
        .distinct()
        .toList();
  }

  private static @Nullable String obstacle(ClusterView cluster, List<MemberView> leaving) {
    long staying =
        cluster.nodes().stream()
            .filter(node -> node.state() == MemberView.State.ACTIVE && !leaving.contains(node))
            .filter(node -> !node.edge() && !isSuperseded(node, cluster.nodes()))
            .count();
    Optional<PartitionView> widest =
        cluster.serving().stream()
            .filter(partition ->
                partition.voters().stream()
                    .anyMatch(voter ->
                        leaving.stream().anyMatch(node -> node.nodeId().equals(voter.nodeId()))))
            .filter(partition -> partition.voters().size() > staying)
            .max(
                Comparator.comparingInt((PartitionView each) -> each.voters().size())
                    .thenComparing(PartitionView::name));
    return widest
        .map(partition ->
            "Partition %s has %d replicas, but only %d nodes would remain: lower its replicas, or raise nodes again"
                .formatted(partition.name(), partition.voters().size(), staying))
        .orElse(null);
  }

  private static int ordinal(String site, MemberView node) {
    OptionalInt ordinal = PodNames.ordinal(site, node.name());
    return ordinal.orElseThrow();
  }
}
