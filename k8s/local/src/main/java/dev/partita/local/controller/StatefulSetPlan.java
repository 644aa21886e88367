package dev.partita.local.controller;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/// Decides what a StatefulSet needs next. Pure.
///
/// With `Parallel` all missing pods are made and all surplus pods deleted at once; with
/// `OrderedReady` one at a time, in the order of the ordinals, each after its predecessor is ready.
/// Rolling updates replace one pod at a time from the highest ordinal down; with `OnDelete` pods
/// get the new revision when somebody deletes them.
public final class StatefulSetPlan {
  /// What the set declares.
  ///
  /// @param start the ordinal of the first pod
  /// @param partition pods with a lower ordinal (counted from `start`) keep the current revision
  public record Desired(
      int start,
      int replicas,
      boolean parallel,
      boolean onDelete,
      int partition,
      String currentRevision,
      String updateRevision) {
    boolean wants(int ordinal) {
      return ordinal >= start && ordinal < start + replicas;
    }

    String revisionOf(int ordinal) {
      return !onDelete && ordinal < start + partition ? currentRevision : updateRevision;
    }
  }

  /// What is known about one pod.
  ///
  /// @param healthy running and ready for long enough
  /// @param finished failed or succeeded
  public record Pod(
      int ordinal, String revision, boolean healthy, boolean finished, boolean terminating) {}

  /// One step.
  public sealed interface Action {
    /// Makes a pod.
    record Create(int ordinal, String revision) implements Action {}

    /// Deletes a pod, to be replaced or because it is surplus.
    record Delete(int ordinal) implements Action {}
  }

  private final Desired desired;
  private final Map<Integer, Pod> pods = new TreeMap<>();
  private final List<Action> actions = new ArrayList<>();

  private StatefulSetPlan(Desired desired, List<Pod> existing) {
    this.desired = desired;
    existing.forEach(pod -> pods.put(pod.ordinal(), pod));
  }

  /// What to do now; empty while there is only something to wait for.
  public static List<Action> plan(Desired desired, List<Pod> existing) {
    StatefulSetPlan plan = new StatefulSetPlan(desired, existing);
    if (plan.fill() && plan.shrink()) {
      plan.update();
    }
    return List.copyOf(plan.actions);
  }

  /// Makes missing pods; false if later steps have to wait.
  private boolean fill() {
    for (int ordinal = desired.start(); ordinal < desired.start() + desired.replicas(); ordinal++) {
      Pod pod = pods.get(ordinal);
      if (pod == null) {
        actions.add(new Action.Create(ordinal, desired.revisionOf(ordinal)));
      } else if (pod.finished() && !pod.terminating()) {
        actions.add(new Action.Delete(ordinal));
      }
      boolean settled = pod != null && pod.healthy() && !pod.terminating();
      if (!desired.parallel() && !settled) {
        return false;
      }
    }
    return true;
  }

  /// Deletes surplus pods from the highest ordinal down; false if later steps have to wait.
  private boolean shrink() {
    List<Pod> surplus =
        pods.values().stream()
            .filter(pod -> !desired.wants(pod.ordinal()))
            .sorted(Comparator.comparingInt(Pod::ordinal).reversed())
            .toList();
    for (Pod pod : surplus) {
      if (!pod.terminating()) {
        actions.add(new Action.Delete(pod.ordinal()));
      }
      if (!desired.parallel()) {
        return false;
      }
    }
    return true;
  }

  private void update() {
    if (desired.onDelete() || !actions.isEmpty()) {
      return;
    }
    for (int ordinal = desired.start() + desired.replicas() - 1;
        ordinal >= desired.start() + desired.partition();
        ordinal--) {
      Pod pod = pods.get(ordinal);
      if (pod == null || pod.terminating()) {
        return;
      }
      if (!pod.revision().equals(desired.updateRevision())) {
        actions.add(new Action.Delete(ordinal));
        return;
      }
      if (!pod.healthy()) {
        return;
      }
    }
  }
}
