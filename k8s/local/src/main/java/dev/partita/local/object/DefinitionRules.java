package dev.partita.local.object;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import dev.partita.local.json.Json;
import dev.partita.local.schema.FieldError;
import dev.partita.local.schema.Schema;
import dev.partita.local.schema.ValidationRules;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Rules on custom resource definitions, and the status of one that is accepted.
final class DefinitionRules {
  static final String FINALIZER = "customresourcecleanup.apiextensions.k8s.io";

  private DefinitionRules() {}

  static List<FieldError> check(ObjectNode definition, @Nullable ObjectNode old) {
    List<FieldError> errors = new ArrayList<>();
    String expected =
        Json.string(definition, "spec", "names", "plural")
            + "."
            + Json.string(definition, "spec", "group");
    JsonNode name = definition.path("metadata").path("name");
    if (!name.asText().equals(expected)) {
      errors.add(
          FieldError.invalid("metadata.name", name, "must be spec.names.plural+\".\"+spec.group"));
    }
    for (String field : List.of("group", "scope")) {
      JsonNode value = definition.path("spec").path(field);
      if (old != null && !value.equals(old.path("spec").path(field))) {
        errors.add(FieldError.invalid("spec." + field, value, "field is immutable"));
      }
    }
    long storage =
        Json.elements(definition, "spec", "versions").stream()
            .filter(v -> v.path("storage").asBoolean())
            .count();
    if (storage != 1) {
      errors.add(
          FieldError.invalid(
              "spec.versions",
              definition.path("spec").path("versions"),
              "must have exactly one version marked as storage version"));
    }
    errors.addAll(schemas(definition));
    return errors;
  }

  private static List<FieldError> schemas(ObjectNode definition) {
    List<FieldError> errors = new ArrayList<>();
    List<JsonNode> versions = Json.elements(definition, "spec", "versions");
    for (int i = 0; i < versions.size(); i++) {
      String path = "spec.versions[" + i + "].schema.openAPIV3Schema";
      JsonNode schema = Json.at(versions.get(i), "schema", "openAPIV3Schema");
      if (schema.isMissingNode()) {
        errors.add(FieldError.required(path, "schemas are required"));
        continue;
      }
      if (!schema.path("type").asText().equals("object")) {
        errors.add(
            FieldError.invalid(path + ".type", schema.path("type"), "must be object at the root"));
      }
      for (String problem : ValidationRules.compileErrors(Schema.custom(schema))) {
        errors.add(FieldError.invalid(path, TextNode.valueOf("x-kubernetes-validations"), problem));
      }
    }
    return errors;
  }

  /// Marks a definition as accepted and established, as it is from the moment of its creation on.
  static void establish(ObjectNode definition) {
    ObjectNode status = Json.ensure(definition, "status");
    ObjectNode names = (ObjectNode) definition.path("spec").path("names");
    status.set("acceptedNames", names.deepCopy());
    ArrayNode stored =
        status.get("storedVersions") instanceof ArrayNode there
            ? there
            : status.putArray("storedVersions");
    for (JsonNode version : Json.elements(definition, "spec", "versions")) {
      String name = Json.string(version, "name");
      if (version.path("storage").asBoolean()
          && !Json.strings(status, "storedVersions").contains(name)) {
        stored.add(name);
      }
    }
    if (!Json.has(status, "conditions")) {
      ArrayNode conditions = status.putArray("conditions");
      condition(conditions, "NamesAccepted", "NoConflicts", "no conflicts found");
      condition(
          conditions,
          "Established",
          "InitialNamesAccepted",
          "the initial names have been accepted");
    }
    ArrayNode finalizers =
        definition.path("metadata").get("finalizers") instanceof ArrayNode there
            ? there
            : Json.ensure(definition, "metadata").putArray("finalizers");
    if (!Json.has(definition, "metadata", "deletionTimestamp")
        && !Json.strings(definition, "metadata", "finalizers").contains(FINALIZER)) {
      finalizers.add(FINALIZER);
    }
  }

  private static void condition(ArrayNode conditions, String type, String reason, String message) {
    conditions
        .addObject()
        .put("type", type)
        .put("status", "True")
        .put("reason", reason)
        .put("message", message)
        .put("lastTransitionTime", Timestamps.now());
  }
}
