package dev.partita.local.schema;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.partita.local.json.Json;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Pattern;

/// Checks values against a structural schema. The texts are those that a Kubernetes API server
/// gives.
public final class Validation {
  private static final Map<String, Pattern> PATTERNS = new ConcurrentHashMap<>();

  private final List<FieldError> errors = new ArrayList<>();

  private Validation() {}

  /// Everything that is wrong with `value`, in the order of its fields.
  public static List<FieldError> validate(Schema schema, JsonNode value) {
    Validation validation = new Validation();
    validation.check(schema, value, "");
    return validation.errors;
  }

  private void check(Schema schema, JsonNode value, String path) {
    if (value.isNull() && schema.nullable()) {
      return;
    }
    if (!typeFits(schema, value)) {
      errors.add(
          FieldError.wrongType(path, value, schema.type().isEmpty() ? "object" : schema.type()));
      return;
    }
    switch (value.getNodeType()) {
      case OBJECT -> checkObject(schema, (ObjectNode) value, path);
      case ARRAY -> checkArray(schema, (ArrayNode) value, path);
      case STRING -> checkString(schema, value, path);
      case NUMBER -> checkNumber(schema, value, path);
      default -> {}
    }
    checkEnum(schema, value, path);
    checkCombinators(schema, value, path);
  }

  private static boolean typeFits(Schema schema, JsonNode value) {
    if (schema.intOrString()) {
      return value.isTextual() || value.isIntegralNumber();
    }
    return JsonTypes.isOfType(value, schema.type());
  }

  private void checkObject(Schema schema, ObjectNode object, String path) {
    for (String required : schema.requiredFields()) {
      if (!object.has(required)) {
        errors.add(FieldError.required(join(path, required), ""));
      }
    }
    JsonNode source = schema.source();
    if (source.has("maxProperties") && object.size() > source.get("maxProperties").asLong()) {
      errors.add(FieldError.tooMany(path, object.size(), source.get("maxProperties").asLong()));
    }
    if (source.has("minProperties") && object.size() < source.get("minProperties").asLong()) {
      add(path, object, "should have at least " + source.get("minProperties") + " properties");
    }
    for (Map.Entry<String, JsonNode> entry : object.properties()) {
      Schema field = schema.field(entry.getKey());
      if (field != null) {
        check(field, entry.getValue(), join(path, entry.getKey()));
      }
    }
  }

  private void checkArray(Schema schema, ArrayNode array, String path) {
    JsonNode source = schema.source();
    if (source.has("maxItems") && array.size() > source.get("maxItems").asLong()) {
      errors.add(FieldError.tooMany(path, array.size(), source.get("maxItems").asLong()));
    }
    if (source.has("minItems") && array.size() < source.get("minItems").asLong()) {
      String detail = path + " in body should have at least " + source.get("minItems") + " items";
      errors.add(
          new FieldError(
              "FieldValueInvalid", path, "Invalid value: " + array.size() + ": " + detail));
    }
    Schema items = schema.items();
    for (int i = 0; items != null && i < array.size(); i++) {
      check(items, array.get(i), path + "[" + i + "]");
    }
    checkUnique(schema, array, path);
  }

  private void checkUnique(Schema schema, ArrayNode array, String path) {
    boolean unique = schema.source().path("uniqueItems").asBoolean();
    if (schema.listType() == Schema.ListType.ATOMIC && !unique) {
      return;
    }
    Set<JsonNode> seen = new HashSet<>();
    for (int i = 0; i < array.size(); i++) {
      JsonNode key = array.get(i);
      if (schema.listType() == Schema.ListType.MAP) {
        key = keyOf(schema, array.get(i));
      }
      if (!seen.add(key)) {
        errors.add(FieldError.duplicate(path + "[" + i + "]", key));
      }
    }
  }

  private static JsonNode keyOf(Schema schema, JsonNode item) {
    ObjectNode key = Json.object();
    schema.listMapKeys().forEach(name -> key.set(name, item.path(name)));
    return key;
  }

  private void checkString(Schema schema, JsonNode value, String path) {
    String text = value.asText();
    JsonNode source = schema.source();
    long length = text.codePointCount(0, text.length());
    if (source.has("maxLength") && length > source.get("maxLength").asLong()) {
      errors.add(FieldError.tooLong(path, source.get("maxLength").asLong()));
    }
    if (source.has("minLength") && length < source.get("minLength").asLong()) {
      add(path, value, "should be at least " + source.get("minLength") + " chars long");
    }
    if (source.has("pattern")) {
      String pattern = source.get("pattern").asText();
      if (!PATTERNS.computeIfAbsent(pattern, Pattern::compile).matcher(text).find()) {
        add(path, value, "should match '" + pattern + "'");
      }
    }
    Formats.problem(schema.format(), text)
        .ifPresent(expected -> add(path, value, "must be of type " + expected + ": " + value));
  }

  private void checkNumber(Schema schema, JsonNode value, String path) {
    JsonNode source = schema.source();
    BigDecimal number = value.decimalValue();
    if (source.has("minimum")) {
      int order = number.compareTo(source.get("minimum").decimalValue());
      boolean exclusive = source.path("exclusiveMinimum").asBoolean();
      if (order < 0 || (exclusive && order == 0)) {
        String bound = plain(source.get("minimum"));
        add(path, value, "should be greater than " + (exclusive ? "" : "or equal to ") + bound);
      }
    }
    if (source.has("maximum")) {
      int order = number.compareTo(source.get("maximum").decimalValue());
      boolean exclusive = source.path("exclusiveMaximum").asBoolean();
      if (order > 0 || (exclusive && order == 0)) {
        String bound = plain(source.get("maximum"));
        add(path, value, "should be less than " + (exclusive ? "" : "or equal to ") + bound);
      }
    }
    if (source.has("multipleOf")
        && number.remainder(source.get("multipleOf").decimalValue()).signum() != 0) {
      add(path, value, "should be a multiple of " + plain(source.get("multipleOf")));
    }
  }

  private static String plain(JsonNode number) {
    return number.decimalValue().stripTrailingZeros().toPlainString();
  }

  private void checkEnum(Schema schema, JsonNode value, String path) {
    List<JsonNode> allowed = Json.elements(schema.source(), "enum");
    if (!allowed.isEmpty() && !allowed.contains(value)) {
      errors.add(FieldError.notSupported(path, value, allowed));
    }
  }

  private void checkCombinators(Schema schema, JsonNode value, String path) {
    schema.parts("allOf").forEach(part -> check(part, value, path));
    List<Schema> any = schema.parts("anyOf");
    if (!any.isEmpty() && any.stream().noneMatch(part -> validate(part, value).isEmpty())) {
      add(path, value, "must validate at least one schema (anyOf)");
    }
    List<Schema> one = schema.parts("oneOf");
    if (!one.isEmpty()
        && one.stream().filter(part -> validate(part, value).isEmpty()).count() != 1) {
      add(path, value, "must validate one and only one schema (oneOf)");
    }
    Schema not = schema.not();
    if (not != null && validate(not, value).isEmpty()) {
      add(path, value, "must not validate the schema (not)");
    }
  }

  private void add(String path, JsonNode value, String detail) {
    String subject = path.isEmpty() ? "" : path + " in body ";
    errors.add(FieldError.invalid(path, value, subject + detail));
  }

  private static String join(String path, String field) {
    return path.isEmpty() ? field : path + "." + field;
  }
}
