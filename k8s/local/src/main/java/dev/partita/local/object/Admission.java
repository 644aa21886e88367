package dev.partita.local.object;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import dev.partita.local.json.Json;
import dev.partita.local.kind.Kind;
import dev.partita.local.object.WriteRequest.FieldValidation;
import dev.partita.local.object.WriteRequest.Target;
import dev.partita.local.schema.Defaults;
import dev.partita.local.schema.FieldError;
import dev.partita.local.schema.UnknownFields;
import dev.partita.local.schema.Validation;
import dev.partita.local.schema.ValidationRules;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// Brings an object into the form in which it is stored, or refuses it.
final class Admission {
  private static final int LABEL_VALUE_MAX = 63;

  private Admission() {}

  /// A clean copy of what a client sent: unknown fields reported and removed, defaults filled in.
  static ObjectNode decode(Kind kind, ObjectNode sent, WriteRequest write) {
    ObjectNode object = sent.deepCopy();
    checkIdentity(kind, object);
    dropNulls(kind, object);
    reportUnknown(kind, UnknownFields.prune(kind.schema(), object), write);
    complete(kind, object);
    return object;
  }

  /// Fills in defaults.
  static void complete(Kind kind, ObjectNode object) {
    Defaults.apply(kind.schema(), object);
    if (!kind.custom()) {
      BuiltInDefaults.apply(object);
    }
  }

  private static void checkIdentity(Kind kind, ObjectNode object) {
    String apiVersion = Json.string(object, "apiVersion");
    String name = Json.string(object, "kind");
    if (name.isEmpty() && apiVersion.isEmpty()) {
      object.put("apiVersion", kind.apiVersion()).put("kind", kind.kind());
    } else if (!name.equals(kind.kind()) || !apiVersion.equals(kind.apiVersion())) {
      throw ApiFailure.badRequest(
          "the API version in the data ("
              + apiVersion
              + ", Kind="
              + name
              + ") does not match the expected API version ("
              + kind.apiVersion()
              + ", Kind="
              + kind.kind()
              + ")");
    }
    if (!(object.path("metadata") instanceof ObjectNode)) {
      object.putObject("metadata");
    }
  }

  /// A null in a built-in object, and in the metadata of any, says the same as an absent field.
  private static void dropNulls(Kind kind, ObjectNode object) {
    dropNulls(kind.custom() ? object.path("metadata") : object);
  }

  private static void dropNulls(JsonNode node) {
    if (node instanceof ObjectNode object) {
      object.remove(
          Json.fieldNames(object).stream().filter(name -> object.get(name).isNull()).toList());
    }
    node.forEach(Admission::dropNulls);
  }

  private static void reportUnknown(Kind kind, List<String> unknown, WriteRequest write) {
    if (unknown.isEmpty() || write.validation() == FieldValidation.IGNORE) {
      return;
    }
    List<String> texts = unknown.stream().map(path -> "unknown field \"" + path + "\"").toList();
    if (write.validation() == FieldValidation.WARN) {
      write.warnings().addAll(texts);
      return;
    }
    throw ApiFailure.badRequest(
        kind.kind()
            + " in version \""
            + kind.version()
            + "\" cannot be handled as a "
            + kind.kind()
            + ": strict decoding error: "
            + texts.stream().collect(Collectors.joining(", ")));
  }

  /// Refuses an object that is not valid.
  ///
  /// @param old the stored object, null when the object is new
  static void check(Target target, ObjectNode object, @Nullable ObjectNode old) {
    Kind kind = target.kind();
    List<FieldError> errors = new ArrayList<>();
    String name = Json.string(object, "metadata", "name");
    if (old == null) {
      ObjectNames.problem(kind, name).ifPresent(errors::add);
    }
    errors.addAll(metadata(object, old));
    errors.addAll(Validation.validate(kind.schema(), object));
    if (kind.custom()) {
      errors.addAll(ValidationRules.validateAfter(errors, kind.schema(), object, old));
    } else if (errors.isEmpty()) {
      errors.addAll(BuiltInRules.check(object, old, target.subresource()));
    }
    if (!errors.isEmpty()) {
      throw ApiFailure.invalid(kind, name, errors);
    }
  }

  private static List<FieldError> metadata(ObjectNode object, @Nullable ObjectNode old) {
    List<FieldError> errors = new ArrayList<>();
    Json.stringMap(object, "metadata", "labels")
        .forEach((key, value) -> {
          if (!value.matches("(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?")
              || value.length() > LABEL_VALUE_MAX) {
            errors.add(
                FieldError.invalid(
                    "metadata.labels",
                    TextNode.valueOf(value),
                    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start"
                        + " and end with an alphanumeric character"));
          }
        });
    if (old != null && Json.has(old, "metadata", "deletionTimestamp")) {
      List<String> before = Json.strings(old, "metadata", "finalizers");
      List<String> added = new ArrayList<>(Json.strings(object, "metadata", "finalizers"));
      added.removeAll(before);
      if (!added.isEmpty()) {
        errors.add(
            FieldError.forbidden(
                "metadata.finalizers",
                "no new finalizers can be added if the object is being deleted, found new finalizers "
                    + added));
      }
    }
    return errors;
  }

  /// Whether two objects say the same, leaving out when fields were taken.
  static boolean same(ObjectNode a, ObjectNode b) {
    return comparable(a).equals(comparable(b));
  }

  private static ObjectNode comparable(ObjectNode object) {
    ObjectNode copy = Json.normalized(object);
    ObjectNode metadata = Json.ensure(copy, "metadata");
    metadata.remove("resourceVersion");
    if (metadata.get("managedFields") instanceof ArrayNode entries) {
      entries.forEach(entry -> ((ObjectNode) entry).remove("time"));
    }
    return copy;
  }
}
