package dev.partita.local.kind;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.BooleanNode;
import com.fasterxml.jackson.databind.node.DoubleNode;
import com.fasterxml.jackson.databind.node.LongNode;
import com.fasterxml.jackson.databind.node.NullNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import dev.partita.local.json.Json;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/// Makes columns.
final class Columns {
  private Columns() {}

  static Column name() {
    return new Column(
        "Name",
        "string",
        "name",
        "Name must be unique within a namespace.",
        0,
        object -> TextNode.valueOf(Json.string(object, "metadata", "name")));
  }

  static Column age() {
    return text(
        "Age", object -> HumanDuration.since(Json.string(object, "metadata", "creationTimestamp")));
  }

  static Column text(String name, Function<ObjectNode, String> value) {
    return new Column(name, "string", "", name, 0, object -> TextNode.valueOf(value.apply(object)));
  }

  static Column wide(String name, Function<ObjectNode, String> value) {
    return new Column(name, "string", "", name, 1, object -> TextNode.valueOf(value.apply(object)));
  }

  static Column number(String name, Function<ObjectNode, Long> value) {
    return new Column(
        name, "integer", "", name, 0, object -> LongNode.valueOf(value.apply(object)));
  }

  /// The columns that a custom resource definition declares, after the name; the age alone if it
  /// declares none.
  static List<Column> custom(List<JsonNode> declared) {
    List<Column> columns = new ArrayList<>();
    columns.add(name());
    if (declared.isEmpty()) {
      columns.add(
          custom(
              Json.object()
                  .put("name", "Age")
                  .put("type", "date")
                  .put("jsonPath", ".metadata.creationTimestamp")));
    }
    declared.forEach(column -> columns.add(custom(column)));
    return columns;
  }

  private static Column custom(JsonNode declared) {
    String type = Json.string(declared, "type");
    Optional<JsonPath> path = JsonPath.parse(Json.string(declared, "jsonPath"));
    return new Column(
        Json.string(declared, "name"),
        type,
        Json.string(declared, "format"),
        Json.string(declared, "description"),
        (int) Json.number(declared, 0, "priority"),
        object ->
            path.flatMap(p -> p.first(object))
                .map(v -> cell(type, v))
                .orElse(NullNode.getInstance()));
  }

  private static JsonNode cell(String type, JsonNode value) {
    return switch (type) {
      case "integer" ->
          value.isNumber() ? LongNode.valueOf(value.asLong()) : NullNode.getInstance();
      case "number" ->
          value.isNumber() ? DoubleNode.valueOf(value.asDouble()) : NullNode.getInstance();
      case "boolean" ->
          value.isBoolean() ? BooleanNode.valueOf(value.asBoolean()) : NullNode.getInstance();
      case "date" -> TextNode.valueOf(HumanDuration.since(value.asText()));
      default -> TextNode.valueOf(value.isValueNode() ? value.asText() : Json.text(value));
    };
  }
}
