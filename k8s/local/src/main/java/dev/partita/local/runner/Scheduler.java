package dev.partita.local.runner;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.partita.local.controller.ControlLoop;
import dev.partita.local.json.Json;
import dev.partita.local.object.Cluster;
import dev.partita.local.store.StoreEvent;
import dev.partita.local.store.StoreKey;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/// Binds pods to nodes. A pod for which no node fits is tried again when a node changes or another
/// pod goes.
public final class Scheduler implements ControlLoop.Reconciler<StoreKey> {
  private final Cluster cluster;

  public Scheduler(Cluster cluster) {
    this.cluster = cluster;
  }

  @Override
  public Set<StoreKey> touched(StoreEvent event) {
    boolean pod = event.key().resource().equals(Cluster.PODS);
    boolean freed = pod && event.type() == StoreEvent.Type.DELETED;
    if (freed || event.key().resource().equals(Cluster.NODES)) {
      return cluster.objects().store().keys(key -> key.resource().equals(Cluster.PODS)).stream()
          .filter(this::unbound)
          .collect(Collectors.toSet());
    }
    return pod && unbound(event.key()) ? Set.of(event.key()) : Set.of();
  }

  private boolean unbound(StoreKey key) {
    ObjectNode pod = cluster.find(Cluster.PODS, key.namespace(), key.name());
    return pod != null
        && !Json.has(pod, "spec", "nodeName")
        && !Json.has(pod, "metadata", "deletionTimestamp");
  }

  @Override
  public Optional<Duration> reconcile(StoreKey key) {
    ObjectNode pod = cluster.find(Cluster.PODS, key.namespace(), key.name());
    if (pod == null || !unbound(key)) {
      return Optional.empty();
    }
    List<ObjectNode> nodes = cluster.list(Cluster.NODES, "");
    Optional<String> chosen = Placement.choose(pod, nodes, cluster.list(Cluster.PODS, ""));
    if (chosen.isPresent()) {
      bind(key, pod, chosen.get());
    } else {
      String message =
          "0/"
              + nodes.size()
              + " nodes are available: none fits the pod's selectors, affinity and spread constraints.";
      if (PodStatus.condition(pod, "PodScheduled").isEmpty()) {
        cluster.event(pod, "Warning", "FailedScheduling", message);
      }
      scheduled(key, "False", "Unschedulable", message);
    }
    return Optional.empty();
  }

  private void bind(StoreKey key, ObjectNode pod, String node) {
    cluster.modify(
        Cluster.PODS,
        key.namespace(),
        key.name(),
        "",
        p -> {
          Json.ensure(p, "spec").put("nodeName", node);
          return p;
        });
    scheduled(key, "True", "", "");
    cluster.event(
        pod,
        "Normal",
        "Scheduled",
        "Successfully assigned " + key.namespace() + "/" + key.name() + " to " + node);
  }

  private void scheduled(StoreKey key, String status, String reason, String message) {
    cluster.modify(
        Cluster.PODS,
        key.namespace(),
        key.name(),
        "status",
        p -> {
          PodStatus.setCondition(p, "PodScheduled", status, reason, message);
          return p;
        });
  }
}
