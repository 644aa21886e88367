package dev.partita.operator.fake;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;

/// An operation of a [FakeCluster], guarded by its lock.
final class FakeOperation {
  final String id;
  final JsonNode spec;

  /// What a split makes, with its ids and names from the beginning.
  final List<FakePartition> parts = new ArrayList<>();

  String state = "Running";
  int step;
  String message = "";

  FakeOperation(String id, JsonNode spec) {
    this.id = id;
    this.spec = spec;
  }

  String text(String field) {
    return spec.path(field).asText("");
  }

  boolean isRunning() {
    return state.equals("Running");
  }
}
