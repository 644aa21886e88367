package dev.partita.local.schema;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.NullNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Evaluates the CEL rules of a schema on an object, and on the old object where there is one.
///
/// An old value is comparable if it is reached by field names and keys of map lists alone; rules
/// that use `oldSelf` are skipped elsewhere.
public final class ValidationRules {
  private final List<FieldError> errors = new ArrayList<>();

  private ValidationRules() {}

  /// The rules that `value` breaks.
  public static List<FieldError> validate(
      Schema schema, JsonNode value, @Nullable JsonNode oldValue) {
    ValidationRules rules = new ValidationRules();
    rules.check(schema, value, oldValue, "");
    return rules.errors;
  }

  /// Kinds of errors after which a value may not be what the rules take it for.
  private static final Set<String> BLOCKING =
      Set.of(
          "FieldValueNotSupported",
          "FieldValueRequired",
          "FieldValueTooLong",
          "FieldValueTooMany",
          "FieldValueTypeInvalid");

  /// The rules that `value` breaks, or a note that they were not checked because of `errors` found
  /// before.
  public static List<FieldError> validateAfter(
      List<FieldError> errors, Schema schema, JsonNode value, @Nullable JsonNode oldValue) {
    if (errors.stream().noneMatch(error -> BLOCKING.contains(error.reason()))) {
      return validate(schema, value, oldValue);
    }
    return present(schema)
        ? List.of(
            FieldError.invalid(
                "",
                NullNode.getInstance(),
                "some validation rules were not checked because the object was invalid; correct the"
                    + " existing errors to complete validation"))
        : List.of();
  }

  private static boolean present(@Nullable Schema schema) {
    return schema != null
        && (!schema.rules().isEmpty()
            || schema.properties().entrySet().stream()
                .anyMatch(e -> !e.getKey().equals("metadata") && present(e.getValue()))
            || present(schema.items())
            || present(schema.additional()));
  }

  /// Why rules of `schema` do not compile, with the path of each.
  public static List<String> compileErrors(Schema schema) {
    List<String> found = new ArrayList<>();
    collectCompileErrors(schema, "openAPIV3Schema", found);
    return found;
  }

  private static void collectCompileErrors(Schema schema, String path, List<String> found) {
    for (int i = 0; i < schema.rules().size(); i++) {
      CelRule rule = schema.rules().get(i);
      if (rule.compileError() != null) {
        String field = path + ".x-kubernetes-validations[" + i + "].rule";
        found.add(field + ": Invalid value: compilation failed: " + rule.compileError());
      }
    }
    schema.properties().entrySet().stream()
        .filter(e -> !e.getKey().equals("metadata"))
        .forEach(e ->
            collectCompileErrors(e.getValue(), path + ".properties[" + e.getKey() + "]", found));
    Schema items = schema.items();
    if (items != null) {
      collectCompileErrors(items, path + ".items", found);
    }
    Schema additional = schema.additional();
    if (additional != null) {
      collectCompileErrors(additional, path + ".additionalProperties", found);
    }
  }

  private void check(Schema schema, JsonNode value, @Nullable JsonNode old, String path) {
    if (value.isNull()) {
      return;
    }
    if (!schema.rules().isEmpty()) {
      Object self = CelValues.of(value, schema);
      Optional<Object> oldSelf =
          Optional.ofNullable(old).filter(o -> !o.isNull()).map(o -> CelValues.of(o, schema));
      for (CelRule rule : schema.rules()) {
        rule.check(self, oldSelf, value, path).ifPresent(errors::add);
      }
    }
    if (value instanceof ObjectNode object) {
      checkFields(schema, object, old, path);
    } else if (value instanceof ArrayNode array) {
      checkItems(schema, array, old, path);
    }
  }

  private void checkFields(Schema schema, ObjectNode object, @Nullable JsonNode old, String path) {
    for (Map.Entry<String, JsonNode> entry : object.properties()) {
      Schema field = schema.field(entry.getKey());
      if (field != null) {
        String child = path.isEmpty() ? entry.getKey() : path + "." + entry.getKey();
        check(field, entry.getValue(), old == null ? null : old.get(entry.getKey()), child);
      }
    }
  }

  private void checkItems(Schema schema, ArrayNode array, @Nullable JsonNode old, String path) {
    Schema items = schema.items();
    for (int i = 0; items != null && i < array.size(); i++) {
      check(items, array.get(i), counterpart(schema, array.get(i), old), path + "[" + i + "]");
    }
  }

  private static @Nullable JsonNode counterpart(
      Schema schema, JsonNode item, @Nullable JsonNode old) {
    if (old == null || schema.listType() != Schema.ListType.MAP) {
      return null;
    }
    for (JsonNode candidate : old) {
      if (schema.listMapKeys().stream().allMatch(k -> candidate.path(k).equals(item.path(k)))) {
        return candidate;
      }
    }
    return null;
  }
}
