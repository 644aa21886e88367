package dev.partita.local.controller;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.partita.local.json.Json;
import java.util.Optional;

/// References from objects to those that own them.
final class Owners {
  private Owners() {}

  static String uid(JsonNode object) {
    return Json.string(object, "metadata", "uid");
  }

  /// The reference to the one owner that controls `object`.
  static Optional<JsonNode> controller(JsonNode object) {
    return Json.elements(object, "metadata", "ownerReferences").stream()
        .filter(reference -> reference.path("controller").asBoolean())
        .findFirst();
  }

  static boolean controls(JsonNode owner, JsonNode object) {
    return controller(object).filter(r -> Json.string(r, "uid").equals(uid(owner))).isPresent();
  }

  static ObjectNode reference(JsonNode owner, boolean controller) {
    ObjectNode reference = Json.object();
    reference.put("apiVersion", Json.string(owner, "apiVersion"));
    reference.put("kind", Json.string(owner, "kind"));
    reference.put("name", Json.string(owner, "metadata", "name"));
    reference.put("uid", uid(owner));
    if (controller) {
      reference.put("controller", true);
    }
    return reference.put("blockOwnerDeletion", true);
  }

  static ObjectNode withController(ObjectNode object, JsonNode owner) {
    Json.ensure(object, "metadata").withArray("ownerReferences").add(reference(owner, true));
    return object;
  }
}
