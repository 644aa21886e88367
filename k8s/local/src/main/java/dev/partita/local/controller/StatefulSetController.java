package dev.partita.local.controller;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.partita.local.controller.StatefulSetPlan.Action;
import dev.partita.local.controller.StatefulSetPlan.Desired;
import dev.partita.local.controller.StatefulSetPlan.Pod;
import dev.partita.local.json.Json;
import dev.partita.local.object.Cluster;
import dev.partita.local.object.DeleteRequest;
import dev.partita.local.object.Selectors;
import dev.partita.local.store.StoreEvent;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/// Carries out what [StatefulSetPlan] decides, and reports the status of StatefulSets.
public final class StatefulSetController
    implements ControlLoop.Reconciler<StatefulSetController.Key> {
  /// Names a set.
  public record Key(String namespace, String name) {}

  private final Cluster cluster;

  public StatefulSetController(Cluster cluster) {
    this.cluster = cluster;
  }

  @Override
  public Set<Key> touched(StoreEvent event) {
    if (event.key().resource().equals(Cluster.STATEFUL_SETS)) {
      return Set.of(new Key(event.key().namespace(), event.key().name()));
    } else if (event.key().resource().equals(Cluster.PODS)) {
      return Owners.controller(event.object())
          .filter(owner -> Json.string(owner, "kind").equals("StatefulSet"))
          .map(owner -> Set.of(new Key(event.key().namespace(), Json.string(owner, "name"))))
          .orElse(Set.of());
    }
    return Set.of();
  }

  @Override
  public Optional<Duration> reconcile(Key key) {
    ObjectNode set = cluster.find(Cluster.STATEFUL_SETS, key.namespace(), key.name());
    if (set == null || Json.has(set, "metadata", "deletionTimestamp")) {
      return Optional.empty();
    }
    Revisions revisions = new Revisions(cluster, set);
    String update = revisions.update();
    String current = Json.string(set, "status", "currentRevision");
    Desired desired = desired(set, current.isEmpty() ? update : current, update);
    List<ObjectNode> pods = pods(set);
    for (Action action : StatefulSetPlan.plan(desired, views(set, pods))) {
      carryOut(set, revisions, action);
    }
    deleteSurplusClaims(set, desired, pods);
    List<ObjectNode> after = pods(set);
    report(set, desired, after);
    Set<String> used = new TreeSet<>(List.of(desired.currentRevision(), update));
    after.forEach(pod -> used.add(revision(pod)));
    revisions.trim(used);
    return untilAvailable(set, after);
  }

  private static Desired desired(ObjectNode set, String current, String update) {
    JsonNode spec = set.path("spec");
    boolean onDelete = Json.string(spec, "updateStrategy", "type").equals("OnDelete");
    return new Desired(
        (int) Json.number(spec, 0, "ordinals", "start"),
        (int) Json.number(spec, 1, "replicas"),
        Json.string(spec, "podManagementPolicy").equals("Parallel"),
        onDelete,
        onDelete ? 0 : (int) Json.number(spec, 0, "updateStrategy", "rollingUpdate", "partition"),
        current,
        update);
  }

  /// The pods of the set. Matching ones without an owner are adopted.
  private List<ObjectNode> pods(ObjectNode set) {
    String namespace = Json.string(set, "metadata", "namespace");
    List<ObjectNode> own = new ArrayList<>();
    for (ObjectNode pod : cluster.list(Cluster.PODS, namespace)) {
      String name = Json.string(pod, "metadata", "name");
      if (Owners.controls(set, pod)) {
        own.add(pod);
      } else if (Owners.controller(pod).isEmpty()
          && StatefulSetPods.ordinal(set, name) >= 0
          && !PodState.terminating(pod)
          && Selectors.object(set.path("spec").path("selector")).test(Selectors.labelsOf(pod))) {
        cluster.modify(Cluster.PODS, namespace, name, "", p -> Owners.withController(p, set));
        own.add(pod);
      }
    }
    return own;
  }

  private static List<Pod> views(ObjectNode set, List<ObjectNode> pods) {
    return pods.stream()
        .map(pod ->
            new Pod(
                StatefulSetPods.ordinal(set, Json.string(pod, "metadata", "name")),
                revision(pod),
                available(set, pod),
                PodState.finished(pod),
                PodState.terminating(pod)))
        .toList();
  }

  private static boolean available(ObjectNode set, JsonNode pod) {
    return PodState.ready(pod)
        && PodState.untilAvailable(pod, Json.number(set, 0, "spec", "minReadySeconds")).isZero();
  }

  private static String revision(JsonNode pod) {
    return Json.string(pod, "metadata", "labels", StatefulSetPods.REVISION_LABEL);
  }

  private void carryOut(ObjectNode set, Revisions revisions, Action action) {
    String name = Json.string(set, "metadata", "name");
    switch (action) {
      case Action.Create create -> {
        for (ObjectNode claim : StatefulSetPods.claims(set, create.ordinal())) {
          if (cluster.create(Cluster.CLAIMS, claim)) {
            String claimName = Json.string(claim, "metadata", "name");
            cluster.event(
                set,
                "Normal",
                "SuccessfulCreate",
                "create Claim "
                    + claimName
                    + " Pod "
                    + StatefulSetPods.podName(set, create.ordinal())
                    + " in StatefulSet "
                    + name
                    + " success");
          }
        }
        ObjectNode pod =
            StatefulSetPods.pod(
                set, create.ordinal(), create.revision(), revisions.template(create.revision()));
        if (cluster.create(Cluster.PODS, pod)) {
          String podName = StatefulSetPods.podName(set, create.ordinal());
          cluster.event(
              set,
              "Normal",
              "SuccessfulCreate",
              "create Pod " + podName + " in StatefulSet " + name + " successful");
        }
      }
      case Action.Delete delete -> {
        String podName = StatefulSetPods.podName(set, delete.ordinal());
        if (cluster.delete(
            Cluster.PODS,
            Json.string(set, "metadata", "namespace"),
            podName,
            DeleteRequest.background())) {
          cluster.event(
              set,
              "Normal",
              "SuccessfulDelete",
              "delete Pod " + podName + " in StatefulSet " + name + " successful");
        }
      }
    }
  }

  private void deleteSurplusClaims(ObjectNode set, Desired desired, List<ObjectNode> pods) {
    if (!Json.string(set, "spec", "persistentVolumeClaimRetentionPolicy", "whenScaled")
        .equals("Delete")) {
      return;
    }
    String namespace = Json.string(set, "metadata", "namespace");
    for (JsonNode template : set.path("spec").path("volumeClaimTemplates")) {
      String prefix = Json.string(template, "metadata", "name") + "-";
      for (ObjectNode claim : cluster.list(Cluster.CLAIMS, namespace)) {
        String name = Json.string(claim, "metadata", "name");
        int ordinal =
            name.startsWith(prefix)
                ? StatefulSetPods.ordinal(set, name.substring(prefix.length()))
                : -1;
        boolean used =
            pods.stream()
                .anyMatch(p ->
                    Json.string(p, "metadata", "name")
                        .equals(StatefulSetPods.podName(set, ordinal)));
        if (ordinal >= 0 && !desired.wants(ordinal) && !used) {
          cluster.delete(Cluster.CLAIMS, namespace, name, DeleteRequest.background());
        }
      }
    }
  }

  private void report(ObjectNode set, Desired desired, List<ObjectNode> pods) {
    ObjectNode status = status(set, desired, pods);
    if (!status.equals(set.path("status"))) {
      cluster.modify(
          Cluster.STATEFUL_SETS,
          Json.string(set, "metadata", "namespace"),
          Json.string(set, "metadata", "name"),
          "status",
          object -> {
            object.set("status", status);
            return object;
          });
    }
  }

  private static ObjectNode status(ObjectNode set, Desired desired, List<ObjectNode> pods) {
    List<ObjectNode> live = pods.stream().filter(pod -> !PodState.terminating(pod)).toList();
    long ready = live.stream().filter(PodState::ready).count();
    long updated =
        live.stream().filter(pod -> revision(pod).equals(desired.updateRevision())).count();
    boolean complete =
        !desired.onDelete()
            && updated == desired.replicas()
            && ready == desired.replicas()
            && pods.size() == desired.replicas();
    String current = complete ? desired.updateRevision() : desired.currentRevision();
    ObjectNode status = Json.object();
    status.put("observedGeneration", Json.number(set, 0, "metadata", "generation"));
    status.put("replicas", pods.size());
    status.put("availableReplicas", live.stream().filter(pod -> available(set, pod)).count());
    status.put("collisionCount", 0);
    if (ready > 0) {
      status.put("readyReplicas", ready);
    }
    long currentCount = live.stream().filter(pod -> revision(pod).equals(current)).count();
    if (currentCount > 0) {
      status.put("currentReplicas", currentCount);
    }
    if (updated > 0) {
      status.put("updatedReplicas", updated);
    }
    status.put("currentRevision", current);
    status.put("updateRevision", desired.updateRevision());
    return Json.normalized(status);
  }

  private static Optional<Duration> untilAvailable(ObjectNode set, List<ObjectNode> pods) {
    long minReady = Json.number(set, 0, "spec", "minReadySeconds");
    return pods.stream()
        .filter(PodState::ready)
        .map(pod -> PodState.untilAvailable(pod, minReady))
        .filter(left -> !left.isZero())
        .min(Duration::compareTo);
  }
}
