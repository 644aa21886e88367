package dev.partita.local.object;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.partita.local.json.Json;
import dev.partita.local.object.WriteRequest.Target;
import dev.partita.local.patch.ManagedFields.Manager;
import dev.partita.local.patch.ServerSideApply;
import dev.partita.local.patch.ServerSideApply.Conflict;
import dev.partita.local.patch.ServerSideApply.Outcome;
import dev.partita.local.schema.FieldError;
import dev.partita.local.schema.UnknownFields;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// Server-side apply as a request: checks the declared object, merges it, and words the refusals.
final class Application {
  private Application() {}

  static ObjectNode merge(
      Target target, @Nullable ObjectNode live, ObjectNode sent, WriteRequest write) {
    ObjectNode declared = declared(target, sent);
    Manager manager =
        new Manager(
            write.fieldManager(), "Apply", target.kind().apiVersion(), target.subresource());
    Outcome outcome =
        ServerSideApply.apply(
            target.kind().schema(), live, declared, manager, write.force(), Timestamps.now());
    return switch (outcome) {
      case Outcome.Applied applied -> applied.object();
      case Outcome.Refused refused -> throw refusal(refused.conflicts());
    };
  }

  private static ObjectNode declared(Target target, ObjectNode sent) {
    ObjectNode declared = sent.deepCopy();
    String type = target.kind().apiVersion() + ", Kind=" + target.kind().kind();
    String stated = Json.string(declared, "apiVersion") + ", Kind=" + Json.string(declared, "kind");
    if (!stated.equals(type)) {
      throw ApiFailure.badRequest(
          "the API version in the data ("
              + stated
              + ") does not match the expected API version ("
              + type
              + ")");
    }
    if (!Json.elements(declared, "metadata", "managedFields").isEmpty()) {
      throw ApiFailure.badRequest("metadata.managedFields must be nil");
    }
    String name = Json.string(declared, "metadata", "name");
    if (!name.isEmpty() && !name.equals(target.name())) {
      throw ApiFailure.badRequest(
          "the name of the object ("
              + name
              + ") does not match the name on the URL ("
              + target.name()
              + ")");
    }
    Json.ensure(declared, "metadata").put("name", target.name());
    refuseUnknown(target, declared, type);
    Json.ensure(declared, "metadata")
        .remove(List.of("resourceVersion", "creationTimestamp", "managedFields", "uid"));
    if (target.status()) {
      declared.retain("apiVersion", "kind", "metadata", "status");
      if (target.kind().custom()) {
        Json.ensure(declared, "metadata").retain("name", "namespace");
      }
    } else if (target.kind().hasStatus()) {
      declared.remove("status");
    }
    return Json.normalized(declared);
  }

  private static void refuseUnknown(Target target, ObjectNode declared, String type) {
    List<String> unknown = UnknownFields.prune(target.kind().schema(), declared);
    if (!unknown.isEmpty()) {
      String object = target.namespace() + "/" + target.name() + "; " + type;
      throw ApiFailure.internal(
          "failed to create typed patch object ("
              + object
              + "): ."
              + unknown.getFirst()
              + ": field not declared in schema");
    }
  }

  private static ApiFailure refusal(List<Conflict> conflicts) {
    List<FieldError> causes = new ArrayList<>();
    Map<String, List<String>> byOwner = new TreeMap<>();
    for (Conflict conflict : conflicts) {
      String owner = shown(conflict);
      causes.add(
          new FieldError("FieldManagerConflict", conflict.field(), "conflict with " + owner));
      byOwner.computeIfAbsent(owner, o -> new ArrayList<>()).add(conflict.field());
    }
    if (conflicts.size() == 1) {
      String message =
          "Apply failed with 1 conflict: conflict with "
              + shown(conflicts.getFirst())
              + ": "
              + conflicts.getFirst().field();
      return ApiFailure.applyConflict(message, causes);
    }
    List<String> lines = new ArrayList<>();
    byOwner.forEach((owner, fields) -> {
      lines.add("conflicts with " + owner + ":");
      fields.forEach(field -> lines.add("- " + field));
    });
    String message =
        "Apply failed with " + conflicts.size() + " conflicts: " + String.join("\n", lines);
    return ApiFailure.applyConflict(message, causes);
  }

  private static String shown(Conflict conflict) {
    Manager owner = conflict.owner();
    String name = "\"" + owner.name() + "\"";
    String subresource =
        owner.subresource().isEmpty() ? "" : " with subresource \"" + owner.subresource() + "\"";
    if (owner.operation().equals("Apply")) {
      return name + subresource;
    }
    return name + subresource + " using " + owner.apiVersion() + " at " + conflict.time();
  }
}
