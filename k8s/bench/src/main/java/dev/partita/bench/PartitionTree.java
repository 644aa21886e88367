package dev.partita.bench;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// The partitions of ranges as the nodes tell them: what was declared, and what that was split
/// into, by name.
record PartitionTree(Map<String, Range> ranges) {
  PartitionTree {
    ranges = Map.copyOf(ranges);
  }

  /// A partition.
  ///
  /// @param start the first key, null if it has all before its end
  /// @param end the first key that it does not have, null if it has all from its start
  /// @param ranged whether it has whole documents by their keys, not by hashes, and no columns
  /// @param active whether it serves
  /// @param split whether its children have its rows
  /// @param children names of what it was split into
  /// @param replicas the ids of their nodes
  /// @param well whether it has a leader, and all replicas have what was committed when that last
  ///   told
  /// @param rows how many it has, as its leader last told
  record Range(
      String name,
      String collection,
      @Nullable PartitionKey start,
      @Nullable PartitionKey end,
      boolean ranged,
      boolean active,
      boolean split,
      List<String> children,
      Set<String> replicas,
      boolean well,
      long rows) {
    Range {
      children = List.copyOf(children);
      replicas = Set.copyOf(replicas);
    }

    /// Whether it has the terms of a unique index.
    boolean isHidden() {
      return collection.startsWith("~");
    }

    /// Whether it could be split at a key.
    boolean canBeSplitAt(PartitionKey key) {
      PartitionKey first = start;
      PartitionKey last = end;
      return (first == null || first.compareTo(key) < 0)
          && (last == null || key.compareTo(last) < 0);
    }
  }

  /// A first component of a key: an integer or a text. Numbers come before texts, and texts in the
  /// order of their code points.
  record PartitionKey(@Nullable String text, long number) implements Comparable<PartitionKey> {
    /// Null of what is missing.
    static @Nullable PartitionKey of(JsonNode json) {
      if (json.isArray()) {
        return of(json.path(0));
      }
      return json.isTextual() || json.isIntegralNumber()
          ? new PartitionKey(json.textValue(), json.asLong())
          : null;
    }

    static PartitionKey of(long number) {
      return new PartitionKey(null, number);
    }

    JsonNode json() {
      return text == null
          ? Nodes.JSON.getNodeFactory().numberNode(number)
          : Nodes.JSON.getNodeFactory().textNode(text);
    }

    @Override
    public int compareTo(PartitionKey other) {
      if (text != null && other.text != null) {
        return Arrays.compareUnsigned(text.getBytes(UTF_8), other.text.getBytes(UTF_8));
      }
      return text == null && other.text == null
          ? Long.compare(number, other.number)
          : Boolean.compare(text != null, other.text != null);
    }

    @Override
    public String toString() {
      return text == null ? Long.toString(number) : text;
    }
  }

  /// Reads what `GET /admin/v1/state` tells.
  static PartitionTree of(JsonNode state) {
    Map<String, Range> ranges = new LinkedHashMap<>();
    for (JsonNode each : state.path("partitions")) {
      List<String> children = new ArrayList<>();
      each.path("children").forEach(child -> children.add(child.asText()));
      Set<String> replicas = new HashSet<>();
      boolean well = each.hasNonNull("leaderNodeId");
      for (JsonNode replica : each.path("replicas")) {
        replicas.add(replica.path("nodeId").asText());
        well &= replica.path("caughtUp").asBoolean();
      }
      JsonNode bounds = each.path("bounds").path("range");
      ranges.put(
          each.path("name").asText(),
          new Range(
              each.path("name").asText(),
              each.path("collection").asText(),
              PartitionKey.of(bounds.path("start")),
              PartitionKey.of(bounds.path("end")),
              !each.path("bounds").has("hash") && !each.path("bounds").has("columns"),
              each.path("state").asText().equals("Active"),
              each.path("state").asText().equals("Split"),
              children,
              replicas,
              well,
              each.path("rows").asLong()));
    }
    return new PartitionTree(ranges);
  }

  /// Those that have rows, in the order of their names.
  List<Range> serving() {
    return new TreeMap<>(ranges).values().stream().filter(range -> !range.split()).toList();
  }

  /// Those that were split, and whose parts could be merged again.
  List<Range> mergeable() {
    return new TreeMap<>(ranges)
        .values().stream()
            .filter(Range::split)
            .filter(range ->
                range.children().size() == 2
                    && range.children().stream()
                        .allMatch(child -> ranges.containsKey(child) && has(child)))
            .toList();
  }

  private boolean has(String name) {
    return Objects.requireNonNull(ranges.get(name)).active();
  }

  /// What is wrong with how keys are divided: each belongs to one partition of a collection, if the
  /// declared ones have all.
  List<String> wrong() {
    List<String> wrong = new ArrayList<>();
    Map<String, List<Range>> collections =
        serving().stream().filter(Range::ranged).collect(Collectors.groupingBy(Range::collection));
    collections.forEach((collection, all) -> {
      List<Range> sorted = all.stream().sorted(PartitionTree::byStart).toList();
      PartitionKey end = null;
      for (int i = 0; i < sorted.size(); i++) {
        Range range = sorted.get(i);
        if (!Objects.equals(range.start(), end) || (i > 0 && end == null)) {
          wrong.add(
              "%s begins at %s, and what is before it in %s ends at %s"
                  .formatted(range.name(), range.start(), collection, end));
        }
        end = range.end();
      }
      if (end != null) {
        wrong.add("nothing of %s has keys from %s on".formatted(collection, end));
      }
    });
    return wrong;
  }

  private static int byStart(Range one, Range other) {
    PartitionKey first = one.start();
    PartitionKey second = other.start();
    if (first == null || second == null) {
      return Boolean.compare(first != null, second != null);
    }
    return first.compareTo(second);
  }
}
