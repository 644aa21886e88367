package dev.partita.local.controller;

import static org.assertj.core.api.Assertions.assertThat;

import dev.partita.local.controller.StatefulSetPlan.Action;
import dev.partita.local.controller.StatefulSetPlan.Action.Create;
import dev.partita.local.controller.StatefulSetPlan.Action.Delete;
import dev.partita.local.controller.StatefulSetPlan.Desired;
import dev.partita.local.controller.StatefulSetPlan.Pod;
import java.util.List;
import org.junit.jupiter.api.Test;

class StatefulSetPlanTest {
  private static Desired parallel(int replicas) {
    return new Desired(0, replicas, true, false, 0, "old", "new");
  }

  private static Desired ordered(int replicas) {
    return new Desired(0, replicas, false, false, 0, "old", "new");
  }

  private static Pod healthy(int ordinal, String revision) {
    return new Pod(ordinal, revision, true, false, false);
  }

  private static Pod starting(int ordinal, String revision) {
    return new Pod(ordinal, revision, false, false, false);
  }

  private static Pod terminating(int ordinal) {
    return new Pod(ordinal, "new", true, false, true);
  }

  private static List<Action> plan(Desired desired, Pod... pods) {
    return StatefulSetPlan.plan(desired, List.of(pods));
  }

  @Test
  void parallelMakesAllMissingPodsAtOnce() {
    assertThat(plan(parallel(3), starting(1, "new")))
        .containsExactly(new Create(0, "new"), new Create(2, "new"));
  }

  @Test
  void orderedMakesOnePodAfterItsPredecessorIsReady() {
    assertThat(plan(ordered(3))).containsExactly(new Create(0, "new"));
    assertThat(plan(ordered(3), starting(0, "new"))).isEmpty();
    assertThat(plan(ordered(3), healthy(0, "new"))).containsExactly(new Create(1, "new"));
  }

  @Test
  void surplusPodsGoFromTheLast() {
    assertThat(plan(parallel(1), healthy(0, "new"), healthy(1, "new"), healthy(2, "new")))
        .containsExactly(new Delete(2), new Delete(1));
    assertThat(plan(ordered(1), healthy(0, "new"), healthy(1, "new"), healthy(2, "new")))
        .containsExactly(new Delete(2));
    assertThat(plan(ordered(1), healthy(0, "new"), healthy(1, "new"), terminating(2))).isEmpty();
  }

  @Test
  void orderedScaleInWaitsForUnhealthyPods() {
    assertThat(plan(ordered(1), starting(0, "new"), healthy(1, "new"))).isEmpty();
    assertThat(plan(parallel(1), starting(0, "new"), healthy(1, "new")))
        .containsExactly(new Delete(1));
  }

  @Test
  void rollingUpdateReplacesOneHealthyPodAtATime() {
    assertThat(plan(parallel(3), healthy(0, "old"), healthy(1, "old"), healthy(2, "old")))
        .containsExactly(new Delete(2));
    assertThat(plan(parallel(3), healthy(0, "old"), healthy(1, "old"), starting(2, "new")))
        .isEmpty();
    assertThat(plan(parallel(3), healthy(0, "old"), healthy(1, "old"), terminating(2))).isEmpty();
    assertThat(plan(parallel(3), healthy(0, "old"), healthy(1, "old"), healthy(2, "new")))
        .containsExactly(new Delete(1));
    assertThat(plan(parallel(3), healthy(0, "new"), healthy(1, "new"), healthy(2, "new")))
        .isEmpty();
  }

  @Test
  void thePartitionKeepsLowerPodsAtTheirRevision() {
    Desired desired = new Desired(0, 3, true, false, 2, "old", "new");

    assertThat(plan(desired, healthy(0, "old"), healthy(1, "old"), healthy(2, "new"))).isEmpty();
    assertThat(plan(desired, healthy(0, "old"), healthy(2, "new")))
        .containsExactly(new Create(1, "old"));
  }

  @Test
  void onDeleteReplacesNothingByItself() {
    Desired desired = new Desired(0, 2, true, true, 0, "old", "new");

    assertThat(plan(desired, healthy(0, "old"), healthy(1, "old"))).isEmpty();
    assertThat(plan(desired, healthy(1, "old"))).containsExactly(new Create(0, "new"));
  }

  @Test
  void finishedPodsAreReplaced() {
    assertThat(plan(parallel(1), new Pod(0, "new", false, true, false)))
        .containsExactly(new Delete(0));
  }

  @Test
  void ordinalsMayStartHigher() {
    Desired desired = new Desired(5, 1, true, false, 0, "new", "new");

    assertThat(plan(desired, healthy(0, "new")))
        .containsExactly(new Create(5, "new"), new Delete(0));
  }
}
