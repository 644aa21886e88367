package dev.partita.operator.site;

import dev.partita.crd.Site;
import dev.partita.operator.cluster.SiteCluster;
import dev.partita.operator.nodeclient.ClusterView;
import dev.partita.operator.nodeclient.OperationSpec;
import dev.partita.operator.observation.DataPlane;
import dev.partita.operator.resource.Applied;
import dev.partita.operator.resource.Labels;
import dev.partita.operator.rollout.Approvals;
import dev.partita.operator.rollout.Rollout;
import dev.partita.operator.rollout.RolloutStep;
import dev.partita.operator.rollout.RunningPod;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.apps.StatefulSet;
import io.fabric8.kubernetes.client.readiness.Readiness;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/// Brings the pods of a Site to the revision of its StatefulSet, one at a time.
///
/// A step is planned by what was observed, and planned once more by what is true now before a pod
/// is deleted: an observation may be a second old, in which another Site, or the step before, has
/// taken down another node.
final class PodRestarts {

  private final Site site;
  private final SiteCluster there;
  private final Supplier<Optional<List<Pod>>> podsOfAllSites;
  private final DataPlane dataPlane;

  /// @param podsOfAllSites all node pods of the namespace, wherever they are, as they are now, if
  ///   that can be told
  PodRestarts(
      Site site,
      SiteCluster there,
      Supplier<Optional<List<Pod>>> podsOfAllSites,
      DataPlane dataPlane) {
    this.site = site;
    this.there = there;
    this.podsOfAllSites = podsOfAllSites;
    this.dataPlane = dataPlane;
  }

  /// Takes the next step of a rolling restart, if there is one to take.
  ///
  /// @param changing the StatefulSet was just written: its pods are not what they will be
  RolloutStep advance(List<Pod> pods, ClusterView cluster, boolean changing) {
    Optional<StatefulSet> set = there.object(StatefulSet.class, site.getMetadata().getName());
    if (changing || set.isEmpty() || !isSeenByItsController(set.get())) {
      return new RolloutStep.Wait("the StatefulSet is being written");
    }
    String revision = revision(set.get());
    RolloutStep step = plan(pods, revision, cluster).next();
    if (step instanceof RolloutStep.Settled) {
      return step;
    }
    if (isBeingReplaced(pods, set.get())) {
      return new RolloutStep.Wait("pods are being replaced");
    }
    return switch (step) {
      case RolloutStep.Transfer transfer -> {
        handOver(transfer, cluster);
        yield transfer;
      }
      case RolloutStep.Restart restart -> restart(restart, revision, set.get());
      case RolloutStep.Settled _, RolloutStep.Wait _, RolloutStep.Approve _ -> step;
    };
  }

  /// Whether any single pod of the Site can be spared.
  boolean isAnyPodSpared(List<Pod> pods, ClusterView cluster) {
    return plan(pods, "", cluster).isAnyPodSpared();
  }

  /// Until then a deleted pod would be made anew from the template before.
  private static boolean isSeenByItsController(StatefulSet set) {
    Long seen = set.getStatus() == null ? null : set.getStatus().getObservedGeneration();
    return seen != null && seen >= set.getMetadata().getGeneration();
  }

  private static String revision(StatefulSet set) {
    Map<String, String> annotations = set.getSpec().getTemplate().getMetadata().getAnnotations();
    return Objects.requireNonNullElse(annotations.get(Labels.HASH), "");
  }

  private static boolean isBeingReplaced(List<Pod> pods, StatefulSet set) {
    return pods.size() < set.getSpec().getReplicas()
        || pods.stream().anyMatch(PodRestarts::isTerminating);
  }

  private static boolean isTerminating(Pod pod) {
    return pod.getMetadata().getDeletionTimestamp() != null;
  }

  private void handOver(RolloutStep.Transfer transfer, ClusterView cluster) {
    String id =
        OperationSpec.transferId(transfer.partition(), transfer.fromNodeId(), transfer.toNodeId());
    if (cluster.operations().stream().noneMatch(operation -> operation.id().equals(id))) {
      dataPlane.ask((admin, at) ->
          admin.putOperation(
              at, id, OperationSpec.transferLeader(transfer.partition(), transfer.toNodeId())));
    }
  }

  private RolloutStep restart(RolloutStep.Restart step, String revision, StatefulSet set) {
    return dataPlane.alone(() -> {
      Optional<ClusterView> cluster = dataPlane.look();
      if (cluster.isEmpty()) {
        return new RolloutStep.Wait("no node answers");
      }
      Optional<List<Pod>> seen = podsOfAllSites.get();
      if (seen.isEmpty()) {
        return new RolloutStep.Wait("another cluster with nodes does not answer");
      }
      List<Pod> all = seen.get();
      List<Pod> own = all.stream().filter(this::isOurs).toList();
      ClusterView now = cluster.get().withoutPods(downElsewhere(all));
      if (isBeingReplaced(own, set) || !plan(own, revision, now).next().equals(step)) {
        return new RolloutStep.Wait("pods or their nodes have just changed");
      }
      own.stream()
          .filter(pod -> pod.getMetadata().getName().equals(step.pod()))
          .forEach(pod -> there.client().resource(pod).delete());
      return step;
    });
  }

  private boolean isOurs(HasMetadata object) {
    return site.getMetadata().getName().equals(object.getMetadata().getLabels().get(Labels.SITE));
  }

  private Set<String> downElsewhere(List<Pod> all) {
    return all.stream()
        .filter(pod -> !isOurs(pod))
        .filter(pod -> isTerminating(pod) || !Readiness.isPodReady(pod))
        .map(pod -> pod.getMetadata().getName())
        .collect(Collectors.toSet());
  }

  private Rollout plan(List<Pod> pods, String revision, ClusterView cluster) {
    Map<String, String> annotations = site.getMetadata().getAnnotations();
    Approvals approvals =
        Approvals.of(
            site.getSpec().restartApproval(),
            annotations == null ? null : annotations.get(Approvals.ANNOTATION));
    return new Rollout(running(pods), revision, cluster, approvals);
  }

  private List<RunningPod> running(List<Pod> pods) {
    String name = site.getMetadata().getName();
    return pods.stream()
        .filter(pod -> PodNames.ordinal(name, pod.getMetadata().getName()).isPresent())
        .map(pod ->
            new RunningPod(
                pod.getMetadata().getName(),
                PodNames.ordinal(name, pod.getMetadata().getName()).orElseThrow(),
                Objects.requireNonNullElse(Applied.hash(pod), ""),
                Readiness.isPodReady(pod)))
        .toList();
  }
}
