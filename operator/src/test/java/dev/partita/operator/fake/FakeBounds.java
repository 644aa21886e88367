package dev.partita.operator.fake;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/// Overlap and halves of bounds, as far as tests use them: ranges of integers, and columns; any
/// other two of one collection never overlap. Hash bounds are halved by doubling their modulus.
final class FakeBounds {

  private FakeBounds() {}

  static boolean overlap(JsonNode one, JsonNode other) {
    JsonNode first = one.at("/bounds/range");
    JsonNode second = other.at("/bounds/range");
    if (!one.get("collection").equals(other.get("collection"))) {
      return false;
    }
    if (first.isObject() && second.isObject()) {
      return start(first) < end(second) && start(second) < end(first);
    }
    return shareColumn(one, other);
  }

  private static boolean shareColumn(JsonNode one, JsonNode other) {
    Set<String> columns = new HashSet<>();
    one.at("/bounds/columns").forEach(column -> columns.add(column.asText()));
    return other
        .at("/bounds/columns")
        .valueStream()
        .anyMatch(each -> columns.contains(each.asText()));
  }

  /// Empty where the bounds cannot be cut.
  static Optional<List<JsonNode>> halves(JsonNode bounds, JsonNode at) {
    JsonNode hash = bounds.get("hash");
    if (hash != null) {
      int modulus = hash.get("modulus").asInt();
      int remainder = hash.get("remainder").asInt();
      return Optional.of(
          List.of(hash(2 * modulus, remainder), hash(2 * modulus, remainder + modulus)));
    }
    JsonNode range = bounds.path("range");
    long start = start(range);
    long end = end(range);
    if (!range.isObject() || !at.isIntegralNumber() || start >= at.asLong() || at.asLong() >= end) {
      return Optional.empty();
    }
    return Optional.of(List.of(range(start, at.asLong()), range(at.asLong(), end)));
  }

  private static JsonNode hash(int modulus, int remainder) {
    ObjectNode bounds = JsonNodeFactory.instance.objectNode();
    bounds.putObject("hash").put("modulus", modulus).put("remainder", remainder);
    return bounds;
  }

  private static JsonNode range(long start, long end) {
    ObjectNode bounds = JsonNodeFactory.instance.objectNode();
    ObjectNode range = bounds.putObject("range");
    if (start != Long.MIN_VALUE) {
      range.put("start", start);
    }
    if (end != Long.MAX_VALUE) {
      range.put("end", end);
    }
    return bounds;
  }

  private static long start(JsonNode range) {
    return range.path("start").asLong(Long.MIN_VALUE);
  }

  private static long end(JsonNode range) {
    return range.path("end").asLong(Long.MAX_VALUE);
  }
}
