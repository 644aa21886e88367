package dev.partita.operator.site;

import dev.partita.crd.Site;
import dev.partita.operator.nodeclient.ClusterView;
import dev.partita.operator.nodeclient.OperationSpec;
import dev.partita.operator.observation.DataPlane;
import dev.partita.operator.resource.Applied;
import dev.partita.operator.resource.Labels;
import dev.partita.operator.rollout.Rollout;
import dev.partita.operator.rollout.RolloutStep;
import dev.partita.operator.rollout.RunningPod;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.apps.StatefulSet;
import io.fabric8.kubernetes.client.readiness.Readiness;
import io.javaoperatorsdk.operator.api.reconciler.Context;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/// Brings the pods of a Site to the revision of its StatefulSet, one at a time.
final class PodRestarts {

  private final Site site;
  private final Context<Site> context;
  private final DataPlane dataPlane;

  PodRestarts(Site site, Context<Site> context, DataPlane dataPlane) {
    this.site = site;
    this.context = context;
    this.dataPlane = dataPlane;
  }

  /// Takes the next step of a rolling restart, if there is one to take.
  ///
  /// @param changing the StatefulSet was just written: its pods are not what they will be
  RolloutStep advance(List<Pod> pods, ClusterView cluster, boolean changing) {
    Optional<StatefulSet> set = context.getSecondaryResource(StatefulSet.class);
    if (changing || set.isEmpty()) {
      return new RolloutStep.Wait("the StatefulSet is being written");
    }
    boolean terminating =
        pods.stream().anyMatch(pod -> pod.getMetadata().getDeletionTimestamp() != null);
    String revision =
        set.get().getSpec().getTemplate().getMetadata().getAnnotations().get(Labels.HASH);
    RolloutStep step =
        new Rollout(running(pods), Objects.requireNonNullElse(revision, ""), cluster).next();
    if (step instanceof RolloutStep.Settled) {
      return step;
    }
    if (terminating || pods.size() < set.get().getSpec().getReplicas()) {
      return new RolloutStep.Wait("pods are being replaced");
    }
    act(step, pods, cluster);
    return step;
  }

  private void act(RolloutStep step, List<Pod> pods, ClusterView cluster) {
    switch (step) {
      case RolloutStep.Transfer(String partition, String from, String to) -> {
        String id = OperationSpec.transferId(partition, from, to);
        if (cluster.operations().stream().noneMatch(operation -> operation.id().equals(id))) {
          dataPlane.ask((admin, at) ->
              admin.putOperation(at, id, OperationSpec.transferLeader(partition, to)));
        }
      }
      case RolloutStep.Restart(String name) ->
          pods.stream()
              .filter(pod -> pod.getMetadata().getName().equals(name))
              .forEach(pod -> context.getClient().resource(pod).delete());
      case RolloutStep.Settled _, RolloutStep.Wait _ -> {}
    }
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
