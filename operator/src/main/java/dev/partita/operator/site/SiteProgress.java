package dev.partita.operator.site;

import dev.partita.crd.Site;
import dev.partita.operator.nodeclient.MemberView;
import dev.partita.operator.rollout.Approvals;
import dev.partita.operator.rollout.RolloutStep;
import dev.partita.operator.status.Verdict;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.readiness.Readiness;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/// What one reconcile of a Site found, and the verdict that follows. Owned by the thread of the
/// reconcile.
final class SiteProgress {

  private final Site site;
  private final List<Pod> pods;
  private final Scaling scaling;
  private final Optional<Verdict> unfounded;
  private final NodesHeard heard;
  private RolloutStep rollout = new RolloutStep.Settled();
  private Volumes.Growth growth = new Volumes.Growth(List.of(), null);
  private Replacement.Step replacement = new Replacement.Step.Nothing();

  SiteProgress(
      Site site, List<Pod> pods, Scaling scaling, Optional<Verdict> unfounded, NodesHeard heard) {
    this.site = site;
    this.pods = pods;
    this.scaling = scaling;
    this.unfounded = unfounded;
    this.heard = heard;
  }

  void growing(Volumes.Growth progress) {
    this.growth = progress;
  }

  void replacing(Replacement.Step step) {
    this.replacement = step;
  }

  void rolling(RolloutStep step) {
    this.rollout = step;
  }

  Verdict verdict() {
    if (heard.cluster().isEmpty()) {
      return unfounded.orElseGet(() ->
          Verdict.reconciling(
              "Pending", "Unreachable", "no node answers; waiting for the pods to start"));
    }
    if (growth.obstacle() != null) {
      return Verdict.stalled("CannotGrow", growth.obstacle());
    }
    if (scaling.obstacle() != null) {
      return Verdict.stalled("CannotDrain", scaling.obstacle());
    }
    if (!scaling.leaving().isEmpty()) {
      return Verdict.serving("Scaling", "Draining", "emptying " + leaving());
    }
    Optional<Verdict> loss = loss();
    if (loss.isPresent()) {
      return loss.get();
    }
    List<String> missing = missing();
    if (heard.isCutOff()) {
      return Verdict.reconciling("Unreachable", "SiteUnreachable", unreachable(missing));
    }
    if (!missing.isEmpty()) {
      return Verdict.reconciling("Progressing", "NodesNotReady", waitingFor(missing));
    }
    if (pods.size() > scaling.replicas()) {
      return Verdict.serving("Scaling", "RemovingPods", "removing pods of nodes that have left");
    }
    return switch (rollout) {
      case RolloutStep.Settled _ ->
          growth.growing().isEmpty()
              ? Verdict.ready("all %d nodes are ready".formatted(site.getSpec().nodes()))
              : Verdict.serving(
                  "Resizing",
                  "GrowingVolumes",
                  "waiting for the volumes of " + String.join(", ", growth.growing()));
      case RolloutStep.Wait(String reason) -> Verdict.serving("Rolling", "RollingRestart", reason);
      case RolloutStep.Approve(String pod, String token) ->
          Verdict.serving(
              "Rolling",
              "ApprovalNeeded",
              "pod %s restarts when that is approved: kubectl annotate site %s %s=%s --overwrite"
                  .formatted(pod, site.getMetadata().getName(), Approvals.ANNOTATION, token));
      case RolloutStep.Transfer(String partition, String _, String _) ->
          Verdict.serving(
              "Rolling", "RollingRestart", "handing over leadership of Partition " + partition);
      case RolloutStep.Restart(String pod) ->
          Verdict.serving("Rolling", "RollingRestart", "restarting pod " + pod);
    };
  }

  private Optional<Verdict> loss() {
    return switch (replacement) {
      case Replacement.Step.Nothing _ -> Optional.empty();
      case Replacement.Step.Wait(Replacement.Loss loss, Instant until) ->
          Optional.of(
              Verdict.reconciling(
                  "Replacing",
                  "NodeLost",
                  "pod %s: %s; it is replaced, with an empty volume, at %s"
                      .formatted(loss.pod(), loss.reason(), until)));
      case Replacement.Step.Replace(Replacement.Loss loss) ->
          Optional.of(
              Verdict.reconciling(
                  "Replacing",
                  "ReplacingNode",
                  "pod %s: %s; replacing it".formatted(loss.pod(), loss.reason())));
      case Replacement.Step.Impossible(Replacement.Loss loss, String obstacle) ->
          Optional.of(
              Verdict.stalled(
                  "NodeLost",
                  "pod %s: %s; it is not replaced, because %s: bring it back, or give it up with kubectl delete pvc/data-%s pod/%s"
                      .formatted(loss.pod(), loss.reason(), obstacle, loss.pod(), loss.pod())));
    };
  }

  /// A pod that fails right after its start tells more than that it is not ready.
  private String waitingFor(List<String> missing) {
    return "waiting for nodes: "
        + missing.stream()
            .map(name -> name + failure(name).map(" (%s)"::formatted).orElse(""))
            .collect(Collectors.joining(", "));
  }

  private Optional<String> failure(String name) {
    return pods.stream()
        .filter(pod -> pod.getMetadata().getName().equals(name) && pod.getStatus() != null)
        .flatMap(pod -> pod.getStatus().getContainerStatuses().stream())
        .filter(container -> container.getState() != null)
        .flatMap(container -> Stream.ofNullable(container.getState().getWaiting()))
        .flatMap(waiting -> Stream.ofNullable(waiting.getReason()))
        .findFirst();
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
    return podReady && heard.isActive(name);
  }

  private String unreachable(List<String> missing) {
    return site.getSpec().edge()
        ? "no node of this edge Site is heard from: it goes on reading what it has, ever older, until its line is back; "
            + waitingFor(missing)
        : "no node of this Site is heard from; " + waitingFor(missing);
  }
}
