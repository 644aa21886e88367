package dev.partita.launcher;

import static org.assertj.core.api.Assertions.assertThat;

import dev.partita.launcher.Obstacles.Kind;
import dev.partita.launcher.Obstacles.Obstacle;
import io.fabric8.kubernetes.api.model.Event;
import io.fabric8.kubernetes.api.model.EventBuilder;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaimBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class ObstaclesTest {

  @Test
  void aRunningPodHasNone() {
    Pod running = new PodBuilder(waiting("x", 0)).build();
    running.getStatus().getContainerStatuses().getFirst().getState().setWaiting(null);

    assertThat(find(List.of(running), List.of(), List.of(), true)).isEmpty();
  }

  @Test
  void anImageThatCannotBePulledBlocks() {
    Obstacle obstacle = only(List.of(waiting("ImagePullBackOff", 0)), List.of(), List.of());

    assertThat(obstacle.kind()).isEqualTo(Kind.BLOCKING);
    assertThat(obstacle.message()).contains("partita/node:1", "pod n/main-0", "PARTITA_NODE_IMAGE");
  }

  @Test
  void oneCrashIsNoObstacleThreeAre() {
    assertThat(find(List.of(waiting("CrashLoopBackOff", 1)), List.of(), List.of(), true)).isEmpty();
    assertThat(only(List.of(waiting("CrashLoopBackOff", 3)), List.of(), List.of()).message())
        .contains("kubectl logs --previous -n n main-0");
  }

  @Test
  void aPodWithoutAMachineIsWaitedFor() {
    Pod pod =
        new PodBuilder()
            .withNewMetadata()
            .withNamespace("n")
            .withName("main-0")
            .endMetadata()
            .withNewStatus()
            .addNewCondition()
            .withType("PodScheduled")
            .withReason("Unschedulable")
            .withMessage("0/3 nodes are available")
            .endCondition()
            .endStatus()
            .build();

    assertThat(find(List.of(pod), List.of(), List.of(), true))
        .contains(
            new Obstacle(Kind.PENDING, "pod n/main-0 finds no machine: 0/3 nodes are available"));
  }

  @Test
  void aClaimWithoutAnyClassBlocksOnlyWhereThereIsNoDefault() {
    assertThat(find(List.of(), List.of(claim(null)), List.of(), false).orElseThrow().kind())
        .isEqualTo(Kind.BLOCKING);
    assertThat(find(List.of(), List.of(claim(null)), List.of(), true).orElseThrow().kind())
        .isEqualTo(Kind.PENDING);
    assertThat(find(List.of(), List.of(claim("ssd")), List.of(), false).orElseThrow().kind())
        .isEqualTo(Kind.PENDING);
  }

  @Test
  void refusedPodsBlockWhileThereAreNone() {
    Event refusal = new EventBuilder().withMessage("violates PodSecurity").build();

    assertThat(only(List.of(), List.of(), List.of(refusal)).message())
        .isEqualTo("the cluster refuses to make pods: violates PodSecurity");
    Pod running = waiting("ContainerCreating", 0);
    assertThat(find(List.of(running), List.of(), List.of(refusal), true)).isEmpty();
  }

  @Test
  void whatBlocksIsToldBeforeWhatPends() {
    Obstacle obstacle = only(List.of(waiting("ErrImagePull", 0)), List.of(claim("ssd")), List.of());

    assertThat(obstacle.kind()).isEqualTo(Kind.BLOCKING);
  }

  private static Obstacle only(
      List<Pod> pods, List<PersistentVolumeClaim> claims, List<Event> refusals) {
    return find(pods, claims, refusals, true).orElseThrow();
  }

  private static Optional<Obstacle> find(
      List<Pod> pods,
      List<PersistentVolumeClaim> claims,
      List<Event> refusals,
      boolean hasDefaultStorage) {
    return Obstacles.find(pods, claims, refusals, hasDefaultStorage);
  }

  private static Pod waiting(String reason, int restarts) {
    return new PodBuilder()
        .withNewMetadata()
        .withNamespace("n")
        .withName("main-0")
        .endMetadata()
        .withNewStatus()
        .addNewContainerStatus()
        .withImage("partita/node:1")
        .withRestartCount(restarts)
        .withNewState()
        .withNewWaiting()
        .withReason(reason)
        .endWaiting()
        .endState()
        .endContainerStatus()
        .endStatus()
        .build();
  }

  private static PersistentVolumeClaim claim(@Nullable String storageClass) {
    return new PersistentVolumeClaimBuilder()
        .withNewMetadata()
        .withNamespace("n")
        .withName("data-main-0")
        .endMetadata()
        .withNewSpec()
        .withStorageClassName(storageClass)
        .endSpec()
        .withNewStatus()
        .withPhase("Pending")
        .endStatus()
        .build();
  }
}
