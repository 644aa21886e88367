package dev.partita.local.runner;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.partita.local.json.Json;
import dev.partita.local.object.Timestamps;
import java.time.Instant;

/// Writes the status of pods.
final class PodStatus {
  /// What the one container of a pod does.
  ///
  /// @param last how the process before this one ended, empty object if there was none
  record Container(State state, boolean ready, int restarts, ObjectNode last) {}

  /// The state of a container.
  sealed interface State {
    record Waiting(String reason, String message) implements State {}

    record Running(Instant since, long pid) implements State {}

    record Terminated(int exitCode, Instant started, Instant finished) implements State {}
  }

  private PodStatus() {}

  /// Writes phase, conditions and container status.
  static void write(ObjectNode pod, String phase, String address, Container container) {
    ObjectNode status = Json.ensure(pod, "status");
    status.put("phase", phase);
    status.put("hostIP", "127.0.0.1");
    status.put("podIP", address);
    status.putArray("podIPs").addObject().put("ip", address);
    if (!Json.has(status, "startTime")) {
      status.put("startTime", Timestamps.now());
    }
    String ready = container.ready() ? "True" : "False";
    String reason = container.ready() ? "" : "ContainersNotReady";
    setCondition(pod, "Initialized", "True", "", "");
    setCondition(pod, "ContainersReady", ready, reason, "");
    setCondition(pod, "Ready", ready, reason, "");
    JsonNode spec = pod.path("spec").path("containers").path(0);
    ObjectNode entry = Json.object();
    entry
        .put("name", Json.string(spec, "name"))
        .put("image", Json.string(spec, "image"))
        .put("imageID", "");
    entry.put("ready", container.ready());
    entry.put("started", container.state() instanceof State.Running);
    entry.put("restartCount", container.restarts());
    entry.set("state", json(container.state()));
    entry.set("lastState", container.last());
    if (container.state() instanceof State.Running running) {
      entry.put("containerID", "process://" + running.pid());
    }
    status.putArray("containerStatuses").add(entry);
  }

  /// Takes back what is true of a running process only.
  static ObjectNode forget(ObjectNode pod) {
    ObjectNode status = Json.ensure(pod, "status");
    status.remove("podIP");
    status.remove("podIPs");
    setCondition(pod, "ContainersReady", "False", "ContainersNotReady", "");
    setCondition(pod, "Ready", "False", "ContainersNotReady", "");
    Json.elements(status, "containerStatuses")
        .forEach(container -> ((ObjectNode) container).put("ready", false).put("started", false));
    return pod;
  }

  static ObjectNode json(State state) {
    ObjectNode json = Json.object();
    switch (state) {
      case State.Waiting waiting ->
          json.putObject("waiting")
              .put("reason", waiting.reason())
              .put("message", waiting.message());
      case State.Running running ->
          json.putObject("running").put("startedAt", Timestamps.of(running.since()));
      case State.Terminated ended ->
          json.putObject("terminated")
              .put("exitCode", ended.exitCode())
              .put("reason", ended.exitCode() == 0 ? "Completed" : "Error")
              .put("startedAt", Timestamps.of(ended.started()))
              .put("finishedAt", Timestamps.of(ended.finished()));
    }
    return json;
  }

  /// The status of a condition, empty when it is not there.
  static String condition(JsonNode pod, String type) {
    return Json.elements(pod, "status", "conditions").stream()
        .filter(c -> Json.string(c, "type").equals(type))
        .map(c -> Json.string(c, "status"))
        .findFirst()
        .orElse("");
  }

  /// Sets a condition; its time changes with its status only.
  static void setCondition(
      ObjectNode pod, String type, String status, String reason, String message) {
    ObjectNode parent = Json.ensure(pod, "status");
    ArrayNode conditions = parent.withArray("conditions");
    ObjectNode condition = null;
    for (JsonNode existing : conditions) {
      if (Json.string(existing, "type").equals(type)) {
        condition = (ObjectNode) existing;
      }
    }
    if (condition == null) {
      condition = conditions.addObject().put("type", type);
    }
    if (!Json.string(condition, "status").equals(status)) {
      condition.put("status", status).put("lastTransitionTime", Timestamps.now());
    }
    putOrRemove(condition, "reason", reason);
    putOrRemove(condition, "message", message);
  }

  private static void putOrRemove(ObjectNode object, String field, String value) {
    if (value.isEmpty()) {
      object.remove(field);
    } else {
      object.put(field, value);
    }
  }
}
