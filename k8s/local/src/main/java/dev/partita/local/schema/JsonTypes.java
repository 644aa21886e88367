package dev.partita.local.schema;

import com.fasterxml.jackson.databind.JsonNode;

/// The names that JSON Schema gives to the types of values.
final class JsonTypes {
  private JsonTypes() {}

  static String typeOf(JsonNode value) {
    return switch (value.getNodeType()) {
      case OBJECT, POJO -> "object";
      case ARRAY -> "array";
      case STRING, BINARY -> "string";
      case BOOLEAN -> "boolean";
      case NUMBER -> value.isIntegralNumber() ? "integer" : "number";
      case NULL, MISSING -> "null";
    };
  }

  static boolean isOfType(JsonNode value, String type) {
    return switch (type) {
      case "" -> true;
      case "integer" ->
          value.isIntegralNumber()
              || (value.isNumber() && value.decimalValue().stripTrailingZeros().scale() <= 0);
      case "number" -> value.isNumber();
      default -> typeOf(value).equals(type);
    };
  }
}
