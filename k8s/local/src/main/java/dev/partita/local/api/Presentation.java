package dev.partita.local.api;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.partita.local.json.Json;
import dev.partita.local.kind.Kind;
import dev.partita.local.kind.Tables;
import java.util.List;

/// The form in which a client wants objects: as they are, as a table, or only their metadata.
enum Presentation {
  PLAIN,
  TABLE,
  METADATA;

  static Presentation wanted(Call call) {
    String accept = call.header("Accept");
    int table = accept.indexOf("as=Table");
    int metadata = accept.indexOf("as=PartialObjectMetadata");
    if (table >= 0) {
      return TABLE;
    }
    return metadata >= 0 ? METADATA : PLAIN;
  }

  static Tables.Include included(Call call) {
    return switch (call.parameter("includeObject")) {
      case "None" -> Tables.Include.NONE;
      case "Object" -> Tables.Include.OBJECT;
      default -> Tables.Include.METADATA;
    };
  }

  ObjectNode one(Call call, Kind kind, ObjectNode object) {
    return switch (this) {
      case PLAIN -> object;
      case METADATA -> Tables.metadataOnly(object);
      case TABLE -> {
        ObjectNode table = Tables.of(kind, List.of(object), included(call), true);
        table.set(
            "metadata",
            Json.object()
                .put("resourceVersion", Json.string(object, "metadata", "resourceVersion")));
        yield table;
      }
    };
  }

  ObjectNode list(Call call, Kind kind, List<ObjectNode> objects, long revision) {
    ObjectNode list;
    if (this == TABLE) {
      list = Tables.of(kind, objects, included(call), true);
    } else {
      list = Json.object();
      boolean partial = this == METADATA;
      list.put("kind", partial ? "PartialObjectMetadataList" : kind.names().listKind());
      list.put("apiVersion", partial ? "meta.k8s.io/v1" : kind.apiVersion());
      ArrayNode items = list.putArray("items");
      objects.forEach(object -> items.add(partial ? Tables.metadataOnly(object) : object));
    }
    list.set("metadata", Json.object().put("resourceVersion", Long.toString(revision)));
    return list;
  }
}
