package dev.partita.local.object;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.IntNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.partita.local.json.Json;
import dev.partita.local.kind.Kind;
import dev.partita.local.object.WriteRequest.Target;
import dev.partita.local.schema.FieldError;
import java.util.List;
import java.util.Set;

/// Sets what belongs to the server, and keeps what a request must not touch.
final class Preparation {
  /// Metadata that only the server changes.
  private static final List<String> SYSTEM =
      List.of(
          "name",
          "namespace",
          "uid",
          "creationTimestamp",
          "generation",
          "resourceVersion",
          "deletionTimestamp",
          "deletionGracePeriodSeconds",
          "managedFields");

  /// Built-in kinds that count the changes of their specification.
  private static final Set<String> COUNTED =
      Set.of(
          "Pod", "StatefulSet", "PodDisruptionBudget", "NetworkPolicy", "CustomResourceDefinition");

  private Preparation() {}

  static void forCreate(Target target, ObjectNode object) {
    Kind kind = target.kind();
    ObjectNode metadata = Json.ensure(object, "metadata");
    metadata.remove(
        List.of(
            "uid", "deletionTimestamp", "deletionGracePeriodSeconds", "selfLink", "generation"));
    metadata.put("creationTimestamp", Timestamps.now());
    if (!target.namespace().isEmpty()) {
      metadata.put("namespace", target.namespace());
    } else {
      metadata.remove("namespace");
    }
    if (kind.hasStatus() && kind.custom()) {
      object.remove("status");
    }
    if (counted(kind)) {
      metadata.put("generation", 1);
    }
    initialStatus(object, kind);
  }

  private static void initialStatus(ObjectNode object, Kind kind) {
    if (kind.custom()) {
      return;
    }
    switch (kind.kind()) {
      case "Pod" ->
          object.set("status", Json.object().put("phase", "Pending").put("qosClass", "BestEffort"));
      case "StatefulSet" ->
          object.set("status", Json.object().put("replicas", 0).put("availableReplicas", 0));
      case "CustomResourceDefinition" -> {
        object.remove("status");
        DefinitionRules.establish(object);
      }
      case "Service" -> ServiceAddresses.assign(object);
      default -> {}
    }
  }

  private static boolean counted(Kind kind) {
    return kind.custom() || COUNTED.contains(kind.kind());
  }

  static FieldError missingResourceVersion() {
    return FieldError.invalid(
        "metadata.resourceVersion", IntNode.valueOf(0), "must be specified for an update");
  }

  /// Refuses a write that was made from another version or another object of the same name.
  static void checkVersion(Target target, ObjectNode old, ObjectNode sent) {
    String version = Json.string(sent, "metadata", "resourceVersion");
    if (!version.isEmpty()
        && !version.equals("0")
        && !version.equals(Json.string(old, "metadata", "resourceVersion"))) {
      throw ApiFailure.modified(target.kind(), target.name());
    }
    String uid = Json.string(sent, "metadata", "uid");
    String existing = Json.string(old, "metadata", "uid");
    if (!uid.isEmpty() && !uid.equals(existing)) {
      throw ApiFailure.conflict(
          target.kind(),
          target.name(),
          "Precondition failed: UID in precondition: " + uid + ", UID in object meta: " + existing);
    }
  }

  /// The next state of `old` when `sent` replaces it, or the part of it that the subresource names.
  static ObjectNode forUpdate(Target target, ObjectNode old, ObjectNode sent) {
    ObjectNode next = sent.deepCopy();
    Kind kind = target.kind();
    if (target.status()) {
      ObjectNode base = old.deepCopy();
      replaceField(base, "status", next.path("status"));
      if (!kind.custom()) {
        base.set("metadata", next.path("metadata").deepCopy());
      }
      ObjectNode managed = Json.ensure(base, "metadata");
      replaceField(managed, "managedFields", next.path("metadata").path("managedFields"));
      next = base;
    } else if (kind.hasStatus()) {
      replaceField(next, "status", old.path("status"));
    }
    ObjectNode metadata = Json.ensure(next, "metadata");
    JsonNode owners = metadata.path("managedFields");
    SYSTEM.forEach(field -> replaceField(metadata, field, old.path("metadata").path(field)));
    if (!owners.isMissingNode() && !owners.isNull()) {
      metadata.set("managedFields", owners);
    }
    if (kind.storage().equals(Deletion.DEFINITIONS) && !target.status()) {
      DefinitionRules.establish(next);
    }
    if (counted(kind)
        && !target.status()
        && !specification(kind, next).equals(specification(kind, old))) {
      metadata.put("generation", Json.number(old, 0, "metadata", "generation") + 1);
    }
    return next;
  }

  private static void replaceField(ObjectNode object, String field, JsonNode value) {
    if (value.isMissingNode()) {
      object.remove(field);
    } else {
      object.set(field, value);
    }
  }

  private static ObjectNode specification(Kind kind, ObjectNode object) {
    ObjectNode copy = Json.normalized(object);
    copy.remove("metadata");
    if (kind.hasStatus()) {
      copy.remove("status");
    }
    return copy;
  }
}
