package dev.partita.operator.nodeclient;

import dev.partita.operator.nodeclient.PartitionView.ReplicaView;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// The observed state of one database: a consistent catalog with the volatile figures of the
/// leaders.
///
/// @param revision grows with every change of the catalog
/// @param leaderNodeId leader of the system partition
public record ClusterView(
    long revision,
    @Nullable String clusterId,
    @Nullable String leaderNodeId,
    List<MemberView> nodes,
    List<PartitionView> partitions,
    List<IndexView> indexes,
    List<OperationView> operations,
    List<RequestView> requests) {

  @SuppressWarnings("ConstantValue") // JSON may leave a list out, whatever its type says.
  public ClusterView {
    nodes = Named.of(nodes == null ? List.of() : nodes, MemberView::nodeId);
    partitions = Named.of(partitions == null ? List.of() : partitions, PartitionView::name);
    indexes = Named.of(indexes == null ? List.of() : indexes, IndexView::name);
    operations = operations == null ? List.of() : List.copyOf(operations);
    requests = requests == null ? List.of() : List.copyOf(requests);
  }

  /// The Partition of that name.
  public Optional<PartitionView> partition(String name) {
    return Named.find(partitions, name);
  }

  /// The Partitions that have the rows of one, which may have been split.
  public List<PartitionView> leaves(PartitionView root) {
    return root.isSplit()
        ? root.children().stream()
            .flatMap(child -> partition(child).stream())
            .flatMap(child -> leaves(child).stream())
            .toList()
        : List.of(root);
  }

  /// Names of all Partitions that came of a split, each with the one that it is a part of.
  public Map<String, String> parents() {
    Map<String, String> parents = new HashMap<>();
    partitions.forEach(each -> each.children().forEach(child -> parents.put(child, each.name())));
    return parents;
  }

  /// The Partitions that have rows: those that were split do not.
  public List<PartitionView> serving() {
    return partitions.stream().filter(each -> !each.isSplit()).toList();
  }

  /// The Index of that name.
  public Optional<IndexView> index(String name) {
    return Named.find(indexes, name);
  }

  /// The node of that id.
  public Optional<MemberView> node(String nodeId) {
    return Named.find(nodes, nodeId);
  }

  /// Whether the node of that id is heard from.
  public boolean isAlive(String nodeId) {
    return node(nodeId).map(MemberView::alive).orElse(false);
  }

  /// The copies of a Partition at edge Sites: they do not vote, and are not among its replicas.
  public List<ReplicaView> edgeCopies(PartitionView partition) {
    return partition.replicas().stream().filter(this::isEdgeCopy).toList();
  }

  /// The replicas of a Partition without its copies at edge Sites.
  public List<ReplicaView> replicas(PartitionView partition) {
    return partition.replicas().stream().filter(each -> !isEdgeCopy(each)).toList();
  }

  private boolean isEdgeCopy(ReplicaView replica) {
    return replica.role() == PartitionView.Role.LEARNER
        && node(replica.nodeId()).map(MemberView::edge).orElse(false);
  }

  /// The same, but the nodes of these pods are not heard from.
  public ClusterView withoutPods(Set<String> names) {
    return new ClusterView(
        revision,
        clusterId,
        leaderNodeId,
        nodes.stream().map(node -> names.contains(node.name()) ? node.silent() : node).toList(),
        partitions,
        indexes,
        operations,
        requests);
  }

  /// How many replicas the Partitions that have rows have on a node.
  public int replicasOn(String nodeId) {
    return (int) serving().stream().filter(each -> each.hasReplicaOn(nodeId)).count();
  }
}
