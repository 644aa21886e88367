package dev.partita.operator.site;

import dev.partita.crd.Site;
import dev.partita.operator.nodeclient.ClusterView;
import dev.partita.operator.nodeclient.MemberView;
import dev.partita.operator.rollout.RolloutStep;
import dev.partita.operator.status.Verdict;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.readiness.Readiness;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/// What one reconcile of a Site found, and the verdict that follows. Owned by the thread of the
/// reconcile.
final class SiteProgress {

  private final Site site;
  private final List<Pod> pods;
  private final Scaling scaling;
  private final Optional<Verdict> unfounded;
  private final Optional<ClusterView> cluster;
  private RolloutStep rollout = new RolloutStep.Settled();

  SiteProgress(
      Site site,
      List<Pod> pods,
      Scaling scaling,
      Optional<Verdict> unfounded,
      Optional<ClusterView> cluster) {
    this.site = site;
    this.pods = pods;
    this.scaling = scaling;
    this.unfounded = unfounded;
    this.cluster = cluster;
  }

  void rolling(RolloutStep step) {
    this.rollout = step;
  }

  Verdict verdict() {
    if (cluster.isEmpty()) {
      return unfounded.orElseGet(() ->
          Verdict.reconciling(
              "Pending", "Unreachable", "no node answers; waiting for the pods to start"));
    }
    if (scaling.obstacle() != null) {
      return Verdict.stalled("CannotDrain", scaling.obstacle());
    }
    if (!scaling.leaving().isEmpty()) {
      return Verdict.serving("Scaling", "Draining", "emptying " + leaving());
    }
    List<String> missing = missing();
    if (!missing.isEmpty()) {
      return Verdict.reconciling(
          "Progressing", "NodesNotReady", "waiting for nodes: " + String.join(", ", missing));
    }
    if (pods.size() > scaling.replicas()) {
      return Verdict.serving("Scaling", "RemovingPods", "removing pods of nodes that have left");
    }
    return switch (rollout) {
      case RolloutStep.Settled _ ->
          Verdict.ready("all %d nodes are ready".formatted(site.getSpec().nodes()));
      case RolloutStep.Wait(String reason) -> Verdict.serving("Rolling", "RollingRestart", reason);
      case RolloutStep.Transfer(String partition, String _, String _) ->
          Verdict.serving(
              "Rolling", "RollingRestart", "handing over leadership of Partition " + partition);
      case RolloutStep.Restart(String pod) ->
          Verdict.serving("Rolling", "RollingRestart", "restarting pod " + pod);
    };
  }

  private String leaving() {
    return scaling.leaving().stream()
        .map(MemberView::name)
        .sorted()
        .collect(Collectors.joining(", "));
  }

  /// Names of the wanted pods that are not ready, or whose node the cluster does not know as alive.
  private List<String> missing() {
    return IntStream.range(0, site.getSpec().nodes())
        .mapToObj(ordinal -> PodNames.of(site.getMetadata().getName(), ordinal))
        .filter(name -> !isReady(name))
        .toList();
  }

  private boolean isReady(String name) {
    boolean podReady =
        pods.stream()
            .anyMatch(pod -> pod.getMetadata().getName().equals(name) && Readiness.isPodReady(pod));
    return podReady
        && cluster.orElseThrow().nodes().stream().anyMatch(node -> isActive(node, name));
  }

  private static boolean isActive(MemberView node, String name) {
    return node.name().equals(name) && node.alive() && node.state() == MemberView.State.ACTIVE;
  }
}
