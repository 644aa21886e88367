package dev.partita.operator.site;

import dev.partita.crd.Site;
import dev.partita.crd.SiteSpec;
import dev.partita.operator.cluster.SiteCluster;
import dev.partita.operator.nodeclient.ClusterView;
import dev.partita.operator.observation.DataPlane;
import dev.partita.operator.site.Replacement.Loss;
import dev.partita.operator.site.Replacement.Step;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodCondition;
import io.fabric8.kubernetes.client.readiness.Readiness;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/// Gives up nodes whose volume or server is lost. What is lost, and since when, is told by what
/// Kubernetes keeps, so that a restart of the operator begins no deadline anew.
final class LostNodes {

  /// What the scheduler says of a volume that no server can reach any more, in several versions of
  /// Kubernetes. That none is free, or that a server has too many, heals without a new one.
  private static final List<String> SCHEDULER_REASONS =
      List.of("volume node affinity", "persistentvolume's node affinity", "non-existent p");

  private final Site site;
  private final SiteCluster there;
  private final DataPlane dataPlane;
  private final InstantSource clock;

  LostNodes(Site site, SiteCluster there, DataPlane dataPlane, InstantSource clock) {
    this.site = site;
    this.there = there;
    this.dataPlane = dataPlane;
    this.clock = clock;
  }

  /// Takes the next step, if there is one to take.
  Step advance(List<Pod> pods, ClusterView cluster) {
    List<Loss> losses = losses(pods);
    Step step = plan(losses, cluster);
    return step instanceof Step.Replace replace ? replace(replace, losses, pods) : step;
  }

  private Step plan(List<Loss> losses, ClusterView cluster) {
    return Replacement.plan(
        losses, deadline(site.getSpec().replaceAfter()), clock.instant(), cluster);
  }

  /// After which time a lost node is replaced; nothing when it never is.
  static Optional<Duration> deadline(String replaceAfter) {
    if (replaceAfter.equals(SiteSpec.NEVER)) {
      return Optional.empty();
    }
    int digits = replaceAfter.length() - 1;
    long number = Long.parseLong(replaceAfter.substring(0, digits));
    return Optional.of(
        switch (replaceAfter.charAt(digits)) {
          case 's' -> Duration.ofSeconds(number);
          case 'm' -> Duration.ofMinutes(number);
          case 'h' -> Duration.ofHours(number);
          default -> throw new IllegalArgumentException("no duration: " + replaceAfter);
        });
  }

  private Step replace(Step.Replace step, List<Loss> losses, List<Pod> pods) {
    return dataPlane.alone(() -> {
      Optional<ClusterView> cluster = dataPlane.look();
      if (cluster.isEmpty()) {
        return new Step.Impossible(step.loss(), "no node answers");
      }
      Step now = plan(losses, cluster.get());
      if (now.equals(step)) {
        pods.stream()
            .filter(pod -> pod.getMetadata().getName().equals(step.loss().pod()))
            .forEach(this::giveUp);
      }
      return now;
    });
  }

  /// The claim first: it stays until the pod is gone, and a pod that comes back waits for another.
  /// Nobody can tell whether a server that is gone has ended the pod, so nothing waits for that.
  private void giveUp(Pod pod) {
    there
        .client()
        .persistentVolumeClaims()
        .inNamespace(pod.getMetadata().getNamespace())
        .withName(SiteObjects.DATA + "-" + pod.getMetadata().getName())
        .delete();
    there.client().resource(pod).withGracePeriod(0).delete();
  }

  private List<Loss> losses(List<Pod> pods) {
    return pods.stream()
        .filter(pod -> isWanted(pod) && !Readiness.isPodReady(pod))
        .flatMap(pod -> loss(pod).stream())
        .toList();
  }

  private boolean isWanted(Pod pod) {
    int ordinal =
        PodNames.ordinal(site.getMetadata().getName(), pod.getMetadata().getName())
            .orElse(Integer.MAX_VALUE);
    return ordinal < site.getSpec().nodes();
  }

  private Optional<Loss> loss(Pod pod) {
    String name = pod.getMetadata().getName();
    if (isVolumeLost(name)) {
      return Optional.of(new Loss(name, notReadySince(pod), "its volume is lost"));
    }
    Optional<Loss> unschedulable =
        condition(pod, "PodScheduled")
            .filter(each -> each.getStatus().equals("False"))
            .filter(each -> tellsOfALostVolume(String.valueOf(each.getMessage())))
            .map(each -> new Loss(name, time(each), "no server can reach its volume"));
    return unschedulable.or(() -> notEnding(pod));
  }

  private static boolean tellsOfALostVolume(String message) {
    String text = message.toLowerCase(Locale.ROOT);
    return SCHEDULER_REASONS.stream().anyMatch(text::contains);
  }

  /// The deletion timestamp is the end of the grace period.
  private Optional<Loss> notEnding(Pod pod) {
    return Optional.ofNullable(pod.getMetadata().getDeletionTimestamp())
        .map(Instant::parse)
        .filter(end -> end.isBefore(clock.instant()))
        .map(end -> new Loss(pod.getMetadata().getName(), end, "its server does not end the pod"));
  }

  private boolean isVolumeLost(String pod) {
    return there
        .object(PersistentVolumeClaim.class, SiteObjects.DATA + "-" + pod)
        .filter(claim -> claim.getStatus() != null && "Lost".equals(claim.getStatus().getPhase()))
        .isPresent();
  }

  private static Instant notReadySince(Pod pod) {
    return condition(pod, "Ready")
        .map(LostNodes::time)
        .orElseGet(() -> Instant.parse(pod.getMetadata().getCreationTimestamp()));
  }

  private static Optional<PodCondition> condition(Pod pod, String type) {
    return pod.getStatus() == null || pod.getStatus().getConditions() == null
        ? Optional.empty()
        : pod.getStatus().getConditions().stream()
            .filter(each -> each.getType().equals(type))
            .findFirst();
  }

  private static Instant time(PodCondition condition) {
    return Instant.parse(condition.getLastTransitionTime());
  }
}
