package dev.partita.local.schema;

import com.fasterxml.jackson.databind.JsonNode;
import dev.partita.local.json.Json;
import java.util.List;
import java.util.stream.Collectors;

/// One thing that is wrong with one field.
///
/// @param reason the cause as it stands in a Status, such as `FieldValueInvalid`
/// @param message what is wrong, without the field's name
public record FieldError(String reason, String field, String message) {
  /// A value that breaks a rule. Objects and lists are not repeated in the message.
  public static FieldError invalid(String field, JsonNode value, String detail) {
    String shown = value.isContainerNode() ? "" : ": " + show(value);
    return new FieldError("FieldValueInvalid", field, "Invalid value" + shown + ": " + detail);
  }

  public static FieldError required(String field, String detail) {
    return new FieldError(
        "FieldValueRequired", field, "Required value" + (detail.isEmpty() ? "" : ": " + detail));
  }

  public static FieldError forbidden(String field, String detail) {
    return new FieldError("FieldValueForbidden", field, "Forbidden: " + detail);
  }

  public static FieldError duplicate(String field, JsonNode value) {
    return new FieldError("FieldValueDuplicate", field, "Duplicate value: " + show(value));
  }

  static FieldError wrongType(String field, JsonNode value, String expected) {
    String found = JsonTypes.typeOf(value);
    String detail = field + " in body must be of type " + expected + ": \"" + found + "\"";
    return new FieldError(
        "FieldValueTypeInvalid", field, "Invalid value: \"" + found + "\": " + detail);
  }

  static FieldError notSupported(String field, JsonNode value, List<JsonNode> supported) {
    String names =
        supported.stream()
            .map(v -> "\"" + (v.isTextual() ? v.asText() : Json.text(v)) + "\"")
            .collect(Collectors.joining(", "));
    return new FieldError(
        "FieldValueNotSupported",
        field,
        "Unsupported value: " + show(value) + ": supported values: " + names);
  }

  static FieldError tooLong(String field, long max) {
    String unit = max == 1 ? " byte" : " bytes";
    return new FieldError(
        "FieldValueTooLong", field, "Too long: may not be more than " + max + unit);
  }

  static FieldError tooMany(String field, long actual, long max) {
    String unit = max == 1 ? " item" : " items";
    return new FieldError(
        "FieldValueTooMany", field, "Too many: " + actual + ": must have at most " + max + unit);
  }

  private static String show(JsonNode value) {
    return Json.text(value);
  }

  /// The field as messages name it: the object itself has no path.
  public String shownField() {
    return field.isEmpty() ? "<nil>" : field;
  }

  @Override
  public String toString() {
    return shownField() + ": " + message;
  }
}
