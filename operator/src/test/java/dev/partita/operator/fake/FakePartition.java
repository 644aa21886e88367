package dev.partita.operator.fake;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// A Partition of a [FakeCluster], guarded by its lock.
final class FakePartition {
  final String id;
  final String name;
  final JsonNode spec;

  /// Name of the Partition that it was split from; empty where it was declared.
  final String parent;

  final Map<String, Boolean> caughtUpByNode = new LinkedHashMap<>();

  /// Where the next intervals begin; empty if this is no family of those.
  List<String> home = List.of();

  final Set<String> learners = new LinkedHashSet<>();
  long epoch = 1;
  String state = "Creating";
  String leader = "";
  long rows;
  long bytes;
  double operationsPerSecond;

  /// What the leader says about where it could be split.
  String splitPoints = "{}";

  @Nullable String hotKey;
  @Nullable String loss;

  FakePartition(String id, String name, JsonNode spec, String parent) {
    this.id = id;
    this.name = name;
    this.spec = spec;
    this.parent = parent;
  }

  boolean isSplit() {
    return state.equals("Split");
  }

  /// Rows are found again by collection and bounds; the name is for tests.
  String rowsKey() {
    return name + " " + spec.get("collection").asText() + " " + spec.get("bounds");
  }
}
