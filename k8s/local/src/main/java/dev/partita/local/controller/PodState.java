package dev.partita.local.controller;

import com.fasterxml.jackson.databind.JsonNode;
import dev.partita.local.json.Json;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.List;
import java.util.Optional;

/// Reads the state of pods.
final class PodState {
  private PodState() {}

  static boolean terminating(JsonNode pod) {
    return Json.has(pod, "metadata", "deletionTimestamp");
  }

  static boolean finished(JsonNode pod) {
    return List.of("Succeeded", "Failed").contains(Json.string(pod, "status", "phase"));
  }

  static boolean ready(JsonNode pod) {
    return Json.string(pod, "status", "phase").equals("Running")
        && readyCondition(pod).filter(c -> Json.string(c, "status").equals("True")).isPresent();
  }

  /// How long a ready pod still has to stay ready; zero if it has been for long enough.
  static Duration untilAvailable(JsonNode pod, long minReadySeconds) {
    String since = readyCondition(pod).map(c -> Json.string(c, "lastTransitionTime")).orElse("");
    if (minReadySeconds == 0 || since.isEmpty()) {
      return Duration.ZERO;
    }
    Instant available = OffsetDateTime.parse(since).toInstant().plusSeconds(minReadySeconds);
    Duration left = Duration.between(Instant.now(), available);
    return left.isNegative() ? Duration.ZERO : left;
  }

  private static Optional<JsonNode> readyCondition(JsonNode pod) {
    return Json.elements(pod, "status", "conditions").stream()
        .filter(c -> Json.string(c, "type").equals("Ready"))
        .findFirst();
  }
}
