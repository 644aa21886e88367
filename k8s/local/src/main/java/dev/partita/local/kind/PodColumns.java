package dev.partita.local.kind;

import static dev.partita.local.kind.Columns.age;
import static dev.partita.local.kind.Columns.name;
import static dev.partita.local.kind.Columns.text;
import static dev.partita.local.kind.Columns.wide;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.partita.local.json.Json;
import java.util.List;

/// The columns of pods.
final class PodColumns {
  private static final String NONE = "<none>";

  static final List<Column> COLUMNS =
      List.of(
          name(),
          text("Ready", PodColumns::ready),
          text("Status", PodColumns::status),
          text("Restarts", PodColumns::restarts),
          age(),
          wide("IP", o -> Json.at(o, "status", "podIP").asText(NONE)),
          wide("Node", o -> Json.at(o, "spec", "nodeName").asText(NONE)),
          wide("Nominated Node", o -> NONE),
          wide("Readiness Gates", o -> NONE));

  private PodColumns() {}

  private static String ready(ObjectNode pod) {
    long ready =
        Json.elements(pod, "status", "containerStatuses").stream()
            .filter(c -> c.path("ready").asBoolean())
            .count();
    return ready + "/" + Json.elements(pod, "spec", "containers").size();
  }

  private static String status(ObjectNode pod) {
    if (Json.has(pod, "metadata", "deletionTimestamp")) {
      return "Terminating";
    }
    String phase = Json.string(pod, "status", "phase");
    for (JsonNode container : Json.elements(pod, "status", "containerStatuses")) {
      String waiting = Json.string(container, "state", "waiting", "reason");
      JsonNode terminated = Json.at(container, "state", "terminated");
      if (!waiting.isEmpty()) {
        return waiting;
      } else if (!terminated.isMissingNode()) {
        return terminated
            .path("reason")
            .asText("ExitCode:" + Json.number(terminated, 0, "exitCode"));
      }
    }
    return Json.at(pod, "status", "reason").asText(phase);
  }

  private static String restarts(ObjectNode pod) {
    long restarts = 0;
    String last = "";
    for (JsonNode container : Json.elements(pod, "status", "containerStatuses")) {
      restarts += Json.number(container, 0, "restartCount");
      last = Json.string(container, "lastState", "terminated", "finishedAt");
    }
    boolean shown = restarts > 0 && !last.isEmpty();
    return shown ? restarts + " (" + HumanDuration.since(last) + " ago)" : Long.toString(restarts);
  }

  /// The status of a condition, empty when it is not there.
  static String condition(ObjectNode object, String type) {
    return Json.elements(object, "status", "conditions").stream()
        .filter(c -> Json.string(c, "type").equals(type))
        .map(c -> Json.string(c, "status"))
        .findFirst()
        .orElse("");
  }
}
