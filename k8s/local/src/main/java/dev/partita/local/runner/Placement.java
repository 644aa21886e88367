package dev.partita.local.runner;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.partita.local.json.Json;
import dev.partita.local.object.Selectors;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Decides on which node a pod runs. Pure.
///
/// Honours node selectors, required node affinity, required pod anti-affinity, cordons, and spread
/// constraints that forbid; among the nodes that fit, the one with the fewest pods of the same kind
/// in its zone, then on itself.
public final class Placement {
  private static final String ZONE = "topology.kubernetes.io/zone";

  private final ObjectNode pod;
  private final List<ObjectNode> nodes;
  private final Map<String, JsonNode> nodesByName = new HashMap<>();
  private final List<ObjectNode> neighbours;

  private Placement(ObjectNode pod, List<ObjectNode> nodes, List<ObjectNode> pods) {
    this.pod = pod;
    this.nodes = nodes;
    nodes.forEach(node -> nodesByName.put(name(node), node));
    this.neighbours =
        pods.stream()
            .filter(p -> nodesByName.containsKey(Json.string(p, "spec", "nodeName")))
            .filter(p ->
                Json.string(p, "metadata", "namespace")
                    .equals(Json.string(pod, "metadata", "namespace")))
            .toList();
  }

  /// The name of the node, empty if none fits.
  public static Optional<String> choose(
      ObjectNode pod, List<ObjectNode> nodes, List<ObjectNode> pods) {
    return new Placement(pod, nodes, pods).choose();
  }

  private Optional<String> choose() {
    Map<String, String> own = Selectors.labelsOf(pod);
    List<ObjectNode> alike =
        neighbours.stream().filter(p -> !own.isEmpty() && sameController(p)).toList();
    return nodes.stream()
        .filter(this::fits)
        .min(
            Comparator.comparingLong((ObjectNode node) -> count(alike, ZONE, label(node, ZONE)))
                .thenComparingLong(node -> onNode(alike, node))
                .thenComparingLong(node -> onNode(neighbours, node))
                .thenComparing(Placement::name))
        .map(Placement::name);
  }

  private boolean sameController(JsonNode other) {
    JsonNode reference = pod.path("metadata").path("ownerReferences").path(0).path("uid");
    return !reference.isMissingNode()
        && reference.equals(other.path("metadata").path("ownerReferences").path(0).path("uid"));
  }

  private boolean fits(ObjectNode node) {
    JsonNode spec = pod.path("spec");
    Map<String, String> labels = Selectors.labelsOf(node);
    return !node.path("spec").path("unschedulable").asBoolean()
        && labels.entrySet().containsAll(Json.stringMap(spec, "nodeSelector").entrySet())
        && affinity(spec, node, labels)
        && antiAffinity(spec, node)
        && spread(spec, node);
  }

  private static boolean affinity(JsonNode spec, ObjectNode node, Map<String, String> labels) {
    List<JsonNode> terms =
        Json.elements(
            spec,
            "affinity",
            "nodeAffinity",
            "requiredDuringSchedulingIgnoredDuringExecution",
            "nodeSelectorTerms");
    return terms.isEmpty()
        || terms.stream()
            .anyMatch(term ->
                Selectors.expressions(Json.elements(term, "matchExpressions")).test(labels)
                    && Selectors.expressions(Json.elements(term, "matchFields"))
                        .test(Map.of("metadata.name", name(node))));
  }

  private boolean antiAffinity(JsonNode spec, ObjectNode node) {
    for (JsonNode term :
        Json.elements(
            spec,
            "affinity",
            "podAntiAffinity",
            "requiredDuringSchedulingIgnoredDuringExecution")) {
      String key = Json.string(term, "topologyKey");
      List<ObjectNode> matching =
          neighbours.stream()
              .filter(p -> Selectors.object(term.path("labelSelector")).test(Selectors.labelsOf(p)))
              .toList();
      if (count(matching, key, label(node, key)) > 0) {
        return false;
      }
    }
    return true;
  }

  private boolean spread(JsonNode spec, ObjectNode node) {
    for (JsonNode constraint : Json.elements(spec, "topologySpreadConstraints")) {
      String key = Json.string(constraint, "topologyKey");
      if (!Json.string(constraint, "whenUnsatisfiable").equals("DoNotSchedule")
          || label(node, key).isEmpty()) {
        continue;
      }
      List<ObjectNode> matching =
          neighbours.stream()
              .filter(p ->
                  Selectors.object(constraint.path("labelSelector")).test(Selectors.labelsOf(p)))
              .toList();
      long fewest =
          nodes.stream()
              .filter(other -> affinity(spec, other, Selectors.labelsOf(other)))
              .mapToLong(other -> count(matching, key, label(other, key)))
              .min()
              .orElse(0);
      if (count(matching, key, label(node, key)) + 1 - fewest
          > Json.number(constraint, 1, "maxSkew")) {
        return false;
      }
    }
    return true;
  }

  private long count(List<ObjectNode> pods, String key, String value) {
    return pods.stream()
        .filter(p ->
            label(nodesByName.getOrDefault(Json.string(p, "spec", "nodeName"), Json.object()), key)
                .equals(value))
        .count();
  }

  private static long onNode(List<ObjectNode> pods, JsonNode node) {
    return pods.stream().filter(p -> Json.string(p, "spec", "nodeName").equals(name(node))).count();
  }

  private static String label(JsonNode node, String key) {
    return Json.string(node, "metadata", "labels", key);
  }

  private static String name(JsonNode node) {
    return Json.string(node, "metadata", "name");
  }
}
