package dev.partita.operator.site;

import dev.partita.crd.Site;
import dev.partita.operator.nodeclient.ClusterView;
import dev.partita.operator.nodeclient.MemberView;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/// What the cluster tells of the nodes of a Site.
///
/// At an edge Site, whose line may come and go, a node counts as heard from until it has been
/// silent for a while.
///
/// @param cluster empty while it is not known
/// @param lost ids of the nodes that have been silent for a while
record NodesHeard(Site site, Optional<ClusterView> cluster, Set<String> lost) {

  NodesHeard {
    lost = Set.copyOf(lost);
  }

  /// Nothing is told.
  static NodesHeard nothing(Site site) {
    return new NodesHeard(site, Optional.empty(), Set.of());
  }

  /// Whether the node of a pod is heard from.
  boolean isHeard(String pod) {
    return members().stream().anyMatch(node -> node.name().equals(pod) && isHeard(node));
  }

  /// Whether the node of a pod is heard from, and may be given replicas.
  boolean isActive(String pod) {
    return members().stream()
        .anyMatch(node ->
            node.name().equals(pod) && node.state() == MemberView.State.ACTIVE && isHeard(node));
  }

  /// Whether the Site has nodes, all of which have been silent for a while.
  boolean isCutOff() {
    return !members().isEmpty()
        && members().stream().allMatch(node -> lost.contains(node.nodeId()));
  }

  private boolean isHeard(MemberView node) {
    return node.alive() || (site.getSpec().edge() && !lost.contains(node.nodeId()));
  }

  /// An identity that was superseded is silent for good, beside the one that its pod has now.
  private List<MemberView> members() {
    return cluster.stream()
        .flatMap(view -> view.nodes().stream())
        .filter(node -> node.site().equals(site.getMetadata().getName()))
        .filter(node -> node.state() != MemberView.State.GONE)
        .toList();
  }
}
