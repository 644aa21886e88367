package dev.partita.node.partition;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.partita.node.index.JsonData;
import dev.partita.node.key.Datum;
import java.util.ArrayList;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// The JSON form of [Bounds], equal to the custom resource's: an object with one of `range`, `hash`
/// and `columns`.
///
///     {"range": {"start": 100, "end": 200}}              either may be missing
///     {"range": {"origin": 0, "width": 100, "number": 1}}
///     {"range": {"origin": 0, "width": 100}}             all such intervals, made when needed
///     {"hash": {"modulus": 4, "remainder": 1}}
///     {"columns": ["email", "name"]}
public final class BoundsJson {

  private BoundsJson() {}

  public static ObjectNode write(Bounds bounds) {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    switch (bounds) {
      case Bounds.Range(@Nullable Datum start, @Nullable Datum end) -> {
        ObjectNode range = json.putObject("range");
        if (start != null) {
          range.set("start", JsonData.toJson(start));
        }
        if (end != null) {
          range.set("end", JsonData.toJson(end));
        }
      }
      case Bounds.Interval(long origin, long width, long number) ->
          json.putObject("range").put("origin", origin).put("width", width).put("number", number);
      case Bounds.Family(long origin, long width) ->
          json.putObject("range").put("origin", origin).put("width", width);
      case Bounds.Hash(int modulus, int remainder) ->
          json.putObject("hash").put("modulus", modulus).put("remainder", remainder);
      case Bounds.Columns(var columns) -> columns.forEach(json.putArray("columns")::add);
    }
    return json;
  }

  /// Reads bounds; members beside the one that says the kind are ignored.
  ///
  /// @throws IllegalArgumentException if the object does not say bounds, with the reason
  public static Bounds read(JsonNode json) {
    long kinds = Set.of("range", "hash", "columns").stream().filter(json::hasNonNull).count();
    if (kinds != 1) {
      throw new IllegalArgumentException("bounds are exactly one of range, hash and columns");
    }
    if (json.hasNonNull("range")) {
      return readRange(json.get("range"));
    }
    if (json.hasNonNull("hash")) {
      JsonNode hash = json.get("hash");
      return new Bounds.Hash(
          Math.toIntExact(integer(hash, "modulus")), Math.toIntExact(integer(hash, "remainder")));
    }
    var columns = new ArrayList<String>();
    for (JsonNode column : json.get("columns")) {
      columns.add(column.asText());
    }
    return new Bounds.Columns(columns);
  }

  private static Bounds readRange(JsonNode range) {
    boolean interval =
        range.hasNonNull("origin") || range.hasNonNull("width") || range.hasNonNull("number");
    if (!interval) {
      return new Bounds.Range(bound(range, "start"), bound(range, "end"));
    }
    if (range.hasNonNull("start") || range.hasNonNull("end")) {
      throw new IllegalArgumentException(
          "a range has start and end, or origin and width, not both");
    }
    long origin = range.hasNonNull("origin") ? integer(range, "origin") : 0;
    long width = integer(range, "width");
    return range.hasNonNull("number")
        ? new Bounds.Interval(origin, width, integer(range, "number"))
        : new Bounds.Family(origin, width);
  }

  private static @Nullable Datum bound(JsonNode range, String field) {
    return range.hasNonNull(field) ? JsonData.datum(range.get(field)) : null;
  }

  private static long integer(JsonNode json, String field) {
    JsonNode value = json.get(field);
    if (value == null || !value.isIntegralNumber() || !value.canConvertToLong()) {
      throw new IllegalArgumentException("a 64-bit integer is needed: " + field);
    }
    return value.longValue();
  }
}
