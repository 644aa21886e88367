package dev.partita.launcher;

import io.fabric8.kubernetes.api.model.ContainerStateWaiting;
import io.fabric8.kubernetes.api.model.ContainerStatus;
import io.fabric8.kubernetes.api.model.Event;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/// Pure: what keeps pods from running, in words that name the object and the way out.
///
/// A [Kind#BLOCKING] one does not go away by waiting. A [Kind#PENDING] one may: a cluster that
/// grows on demand needs minutes for another machine.
final class Obstacles {

  enum Kind {
    BLOCKING,
    PENDING
  }

  /// Something that keeps a pod from running.
  record Obstacle(Kind kind, String message) {}

  /// What a kubelet calls an image that it cannot get.
  private static final Set<String> IMAGE_REASONS =
      Set.of("ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull");

  private static final Set<String> CONFIGURATION_REASONS =
      Set.of("CreateContainerConfigError", "CreateContainerError", "RunContainerError");

  /// One crash may be an accident, such as a start before the network was ready.
  private static final int CRASHES_MIN = 3;

  private Obstacles() {}

  /// Looks at what belongs to one workload, the worst obstacle first.
  ///
  /// @param claims volume claims of the pods
  /// @param refusals events with the reason `FailedCreate` of the controller that makes the pods
  /// @param hasDefaultStorage whether claims without a storage class get one
  static Optional<Obstacle> find(
      List<Pod> pods,
      List<PersistentVolumeClaim> claims,
      List<Event> refusals,
      boolean hasDefaultStorage) {
    Stream<Obstacle> ofPods = pods.stream().flatMap(Obstacles::ofPod);
    Stream<Obstacle> ofClaims = claims.stream().flatMap(each -> ofClaim(each, hasDefaultStorage));
    Stream<Obstacle> ofRefusals = pods.isEmpty() ? ofRefusals(refusals) : Stream.of();
    return Stream.of(ofPods, ofClaims, ofRefusals)
        .flatMap(each -> each)
        .min(Comparator.comparing(Obstacle::kind));
  }

  /// Whether a Deployment has what it asks for.
  static boolean isAvailable(Deployment deployment) {
    return deployment.getStatus() != null
        && Objects.equals(
            deployment.getStatus().getObservedGeneration(),
            deployment.getMetadata().getGeneration())
        && Objects.requireNonNullElse(deployment.getStatus().getAvailableReplicas(), 0) > 0
        && Objects.requireNonNullElse(deployment.getStatus().getUpdatedReplicas(), 0) > 0;
  }

  private static Stream<Obstacle> ofPod(Pod pod) {
    if (pod.getStatus() == null) {
      return Stream.of();
    }
    Stream<Obstacle> unscheduled =
        pod.getStatus().getConditions().stream()
            .filter(each -> each.getType().equals("PodScheduled"))
            .filter(each -> "Unschedulable".equals(each.getReason()))
            .map(each ->
                new Obstacle(
                    Kind.PENDING,
                    describe(pod) + " finds no machine: " + orNone(each.getMessage())));
    return Stream.concat(
        unscheduled,
        pod.getStatus().getContainerStatuses().stream()
            .flatMap(container -> ofContainer(pod, container)));
  }

  private static Stream<Obstacle> ofContainer(Pod pod, ContainerStatus container) {
    ContainerStateWaiting waiting =
        container.getState() == null ? null : container.getState().getWaiting();
    if (waiting == null || waiting.getReason() == null) {
      return Stream.of();
    }
    if (IMAGE_REASONS.contains(waiting.getReason())) {
      return Stream.of(
          blocking(
              "the cluster cannot pull image "
                  + container.getImage()
                  + " for "
                  + describe(pod)
                  + " ("
                  + orNone(waiting.getMessage())
                  + "): push the images to a registry that it can pull from, name them in "
                  + Images.OPERATOR_VARIABLE
                  + " and "
                  + Images.NODE_VARIABLE
                  + ", and run 'up' again"));
    }
    if (CONFIGURATION_REASONS.contains(waiting.getReason())) {
      return Stream.of(
          blocking(
              describe(pod)
                  + " does not start: "
                  + waiting.getReason()
                  + ": "
                  + orNone(waiting.getMessage())));
    }
    return waiting.getReason().equals("CrashLoopBackOff")
            && container.getRestartCount() >= CRASHES_MIN
        ? Stream.of(
            blocking(
                describe(pod)
                    + " ends again and again: see 'kubectl logs --previous -n "
                    + pod.getMetadata().getNamespace()
                    + " "
                    + pod.getMetadata().getName()
                    + "'"))
        : Stream.of();
  }

  private static Stream<Obstacle> ofClaim(PersistentVolumeClaim claim, boolean hasDefaultStorage) {
    if (claim.getStatus() == null || !"Pending".equals(claim.getStatus().getPhase())) {
      return Stream.of();
    }
    String storageClass = claim.getSpec().getStorageClassName();
    if (storageClass == null && !hasDefaultStorage) {
      return Stream.of(
          blocking(
              "volume claim "
                  + describe(claim)
                  + " names no storage class and the cluster has no default one: set"
                  + " spec.storage.className of the Site (k8s/samples/site.yaml), or make one class"
                  + " the default (annotation storageclass.kubernetes.io/is-default-class)"));
    }
    return Stream.of(
        new Obstacle(
            Kind.PENDING,
            "volume claim "
                + describe(claim)
                + " of storage class "
                + storageClass
                + " has no volume yet: see 'kubectl describe pvc'"));
  }

  private static Stream<Obstacle> ofRefusals(List<Event> refusals) {
    return refusals.stream()
        .max(Comparator.comparing(each -> Objects.requireNonNullElse(each.getLastTimestamp(), "")))
        .map(each -> blocking("the cluster refuses to make pods: " + each.getMessage()))
        .stream();
  }

  private static Obstacle blocking(String message) {
    return new Obstacle(Kind.BLOCKING, message);
  }

  private static String describe(HasMetadata object) {
    String name = object.getMetadata().getNamespace() + "/" + object.getMetadata().getName();
    return object instanceof Pod ? "pod " + name : name;
  }

  private static String orNone(@org.jspecify.annotations.Nullable String message) {
    return message == null ? "no message" : message.strip();
  }
}
