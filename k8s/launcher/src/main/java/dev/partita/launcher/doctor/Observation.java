package dev.partita.launcher.doctor;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// All that was seen of one namespace, as the APIs tell it.
///
/// @param sites and the other lists: objects of the Kubernetes API
/// @param nodes what each node pod answered, in the order of their names
/// @param certificates ends of the certificates in Secrets, by `Secret/key`
record Observation(
    Instant now,
    List<JsonNode> sites,
    List<JsonNode> partitions,
    List<JsonNode> indexes,
    List<JsonNode> pods,
    List<JsonNode> claims,
    List<NodeReading> nodes,
    Map<String, Instant> certificates) {

  Observation {
    sites = List.copyOf(sites);
    partitions = List.copyOf(partitions);
    indexes = List.copyOf(indexes);
    pods = List.copyOf(pods);
    claims = List.copyOf(claims);
    nodes = List.copyOf(nodes);
    certificates = Map.copyOf(certificates);
  }

  private static final Pattern NODE_ID =
      Pattern.compile("^partita_node_info\\{.*\\bnode_id=\"([^\"]*)\"");

  /// What one node answered.
  ///
  /// @param state the cluster's state as it has it; null where it does not answer
  /// @param metrics its gauges, by name with labels
  record NodeReading(String pod, @Nullable JsonNode state, Map<String, Double> metrics) {
    NodeReading {
      metrics = Map.copyOf(metrics);
    }

    /// Whether it is the answer of a node of the state.
    private boolean isOf(JsonNode node) {
      return state != null
          && pod.equals(node.path("name").asText())
          && nodeId().map(node.path("nodeId").asText()::equals).orElse(true);
    }

    private boolean isInPodOfAnother(JsonNode node) {
      return state != null && pod.equals(node.path("name").asText()) && !isOf(node);
    }

    /// Who answered, if it tells.
    private Optional<String> nodeId() {
      return metrics.keySet().stream()
          .map(NODE_ID::matcher)
          .filter(Matcher::find)
          .map(found -> found.group(1))
          .findFirst();
    }
  }

  /// The newest state that any node told.
  Optional<JsonNode> state() {
    return nodes.stream()
        .map(NodeReading::state)
        .filter(each -> each != null && !each.path("clusterId").asText("").isEmpty())
        .max(Comparator.comparingLong(each -> each.path("revision").asLong()));
  }

  /// Whether a node of the state is heard of, by the others or by us: without a leader of the
  /// system partition nobody tells who is alive, but who answers is.
  boolean isAlive(JsonNode node) {
    return node.path("alive").asBoolean() || nodes.stream().anyMatch(each -> each.isOf(node));
  }

  /// What a node of the state is called, which has its name from its pod. One that has lost its
  /// volume comes back as another node in the same pod.
  String label(JsonNode node) {
    String name = node.path("name").asText();
    return nodes.stream().anyMatch(each -> each.isInPodOfAnother(node))
        ? name + " with its former volume"
        : name;
  }

  static String name(JsonNode object) {
    return object.path("metadata").path("name").asText();
  }

  /// The condition of that type, an empty object where there is none.
  static JsonNode condition(JsonNode object, String type) {
    for (JsonNode condition : object.path("status").path("conditions")) {
      if (condition.path("type").asText().equals(type)) {
        return condition;
      }
    }
    return MissingNode.getInstance();
  }

  static boolean is(JsonNode object, String condition) {
    return condition(object, condition).path("status").asText().equals("True");
  }
}
