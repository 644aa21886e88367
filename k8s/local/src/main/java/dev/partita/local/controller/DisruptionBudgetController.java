package dev.partita.local.controller;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.partita.local.json.Json;
import dev.partita.local.object.Cluster;
import dev.partita.local.object.Selectors;
import dev.partita.local.store.StoreEvent;
import dev.partita.local.store.StoreKey;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/// Counts how many pods of each PodDisruptionBudget may be evicted now.
public final class DisruptionBudgetController implements ControlLoop.Reconciler<StoreKey> {
  private final Cluster cluster;

  public DisruptionBudgetController(Cluster cluster) {
    this.cluster = cluster;
  }

  @Override
  public Set<StoreKey> touched(StoreEvent event) {
    if (event.key().resource().equals(Cluster.BUDGETS)) {
      return Set.of(event.key());
    } else if (event.key().resource().equals(Cluster.PODS)) {
      return cluster.list(Cluster.BUDGETS, event.key().namespace()).stream()
          .map(budget ->
              new StoreKey(
                  Cluster.BUDGETS,
                  event.key().namespace(),
                  Json.string(budget, "metadata", "name")))
          .collect(Collectors.toSet());
    }
    return Set.of();
  }

  @Override
  public Optional<Duration> reconcile(StoreKey key) {
    ObjectNode budget = cluster.find(Cluster.BUDGETS, key.namespace(), key.name());
    if (budget == null) {
      return Optional.empty();
    }
    ObjectNode status = status(budget, cluster.list(Cluster.PODS, key.namespace()));
    cluster.modify(
        Cluster.BUDGETS,
        key.namespace(),
        key.name(),
        "status",
        object -> {
          object.set("status", status);
          return object;
        });
    return Optional.empty();
  }

  private static ObjectNode status(ObjectNode budget, List<ObjectNode> pods) {
    JsonNode spec = budget.path("spec");
    List<ObjectNode> covered =
        pods.stream()
            .filter(pod -> Selectors.object(spec.path("selector")).test(Selectors.labelsOf(pod)))
            .toList();
    long healthy =
        covered.stream().filter(pod -> PodState.ready(pod) && !PodState.terminating(pod)).count();
    long desired =
        Json.has(spec, "minAvailable")
            ? amount(spec.path("minAvailable"), covered.size())
            : covered.size() - amount(spec.path("maxUnavailable"), covered.size());
    ObjectNode status = Json.object();
    status.put("observedGeneration", Json.number(budget, 0, "metadata", "generation"));
    status.put("currentHealthy", healthy);
    status.put("desiredHealthy", Math.max(0, desired));
    status.put("expectedPods", covered.size());
    return status.put(
        "disruptionsAllowed", covered.isEmpty() ? 0 : Math.max(0, healthy - Math.max(0, desired)));
  }

  /// A number, or a percentage of `total`, rounded up.
  private static long amount(JsonNode value, long total) {
    String text = value.asText("0");
    if (text.endsWith("%")) {
      long percent = Long.parseLong(text.substring(0, text.length() - 1));
      return Math.ceilDiv(total * percent, 100);
    }
    return value.asLong(0);
  }
}
