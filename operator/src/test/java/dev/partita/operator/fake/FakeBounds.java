package dev.partita.operator.fake;

import com.fasterxml.jackson.databind.JsonNode;

/// Overlap of bounds, as far as tests use them: ranges of integers; any other two of one collection
/// never overlap.
final class FakeBounds {

  private FakeBounds() {}

  static boolean overlap(JsonNode one, JsonNode other) {
    JsonNode first = one.at("/bounds/range");
    JsonNode second = other.at("/bounds/range");
    return one.get("collection").equals(other.get("collection"))
        && first.isObject()
        && second.isObject()
        && start(first) < end(second)
        && start(second) < end(first);
  }

  private static long start(JsonNode range) {
    return range.path("start").asLong(Long.MIN_VALUE);
  }

  private static long end(JsonNode range) {
    return range.path("end").asLong(Long.MAX_VALUE);
  }
}
