package dev.partita.local.schema;

import com.fasterxml.jackson.databind.JsonNode;
import dev.cel.common.values.NullValue;
import java.time.OffsetDateTime;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// JSON values as CEL values, typed by their schema.
final class CelValues {
  private static final Set<String> RESERVED =
      Set.of(
          "true",
          "false",
          "null",
          "in",
          "as",
          "break",
          "const",
          "continue",
          "else",
          "for",
          "function",
          "if",
          "import",
          "let",
          "loop",
          "package",
          "namespace",
          "return",
          "var",
          "void",
          "while");

  private CelValues() {}

  static Object of(JsonNode node, @Nullable Schema schema) {
    return switch (node.getNodeType()) {
      case OBJECT, POJO -> map(node, schema);
      case ARRAY -> list(node, schema);
      case STRING, BINARY -> string(node.asText(), schema);
      case BOOLEAN -> node.asBoolean();
      case NUMBER -> number(node, schema);
      case NULL, MISSING -> NullValue.NULL_VALUE;
    };
  }

  private static Map<String, Object> map(JsonNode node, @Nullable Schema schema) {
    Map<String, Object> map = new HashMap<>();
    for (Map.Entry<String, JsonNode> entry : node.properties()) {
      String name = entry.getKey();
      Schema declared = schema == null ? null : schema.property(name);
      Schema field = declared != null || schema == null ? declared : schema.additional();
      map.put(declared == null ? name : escape(name), of(entry.getValue(), field));
    }
    return map;
  }

  private static List<Object> list(JsonNode node, @Nullable Schema schema) {
    Schema items = schema == null ? null : schema.items();
    List<Object> list = new ArrayList<>(node.size());
    node.forEach(item -> list.add(of(item, items)));
    return list;
  }

  private static Object string(String text, @Nullable Schema schema) {
    if (schema != null && schema.format().equals("date-time")) {
      try {
        return OffsetDateTime.parse(text).toInstant();
      } catch (DateTimeParseException e) {
        return text;
      }
    }
    return text;
  }

  private static Object number(JsonNode node, @Nullable Schema schema) {
    boolean floating = schema != null && schema.type().equals("number");
    return node.isIntegralNumber() && !floating ? (Object) node.asLong() : (Object) node.asDouble();
  }

  /// Field names that are not CEL identifiers, as rules have to write them.
  static String escape(String name) {
    if (RESERVED.contains(name)) {
      return "__" + name + "__";
    }
    return name.replace("__", "__underscores__")
        .replace(".", "__dot__")
        .replace("-", "__dash__")
        .replace("/", "__slash__");
  }
}
