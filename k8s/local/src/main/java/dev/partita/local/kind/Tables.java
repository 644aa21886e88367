package dev.partita.local.kind;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.partita.local.json.Json;
import java.util.List;

/// Objects as `Table`, the form in which `kubectl get` asks for them.
public final class Tables {
  /// What of an object stands beside its cells.
  public enum Include {
    NONE,
    METADATA,
    OBJECT
  }

  private Tables() {}

  /// A table of `objects`.
  ///
  /// @param headings whether the column definitions are included; a watch sends them once
  public static ObjectNode of(
      Kind kind, List<ObjectNode> objects, Include include, boolean headings) {
    ObjectNode table = Json.object();
    table.put("kind", "Table").put("apiVersion", "meta.k8s.io/v1");
    table.putObject("metadata");
    if (headings) {
      ArrayNode definitions = table.putArray("columnDefinitions");
      kind.columns().forEach(column -> definitions.add(definition(column)));
    } else {
      table.putNull("columnDefinitions");
    }
    ArrayNode rows = table.putArray("rows");
    objects.forEach(object -> rows.add(row(kind, object, include)));
    return table;
  }

  private static ObjectNode definition(Column column) {
    return Json.object()
        .put("name", column.name())
        .put("type", column.type())
        .put("format", column.format())
        .put("description", column.description())
        .put("priority", column.priority());
  }

  private static ObjectNode row(Kind kind, ObjectNode object, Include include) {
    ObjectNode row = Json.object();
    ArrayNode cells = row.putArray("cells");
    kind.columns().forEach(column -> cells.add(column.cell().apply(object)));
    switch (include) {
      case NONE -> {}
      case METADATA -> row.set("object", metadataOnly(object));
      case OBJECT -> row.set("object", object);
    }
    return row;
  }

  /// The object without anything but its metadata.
  public static ObjectNode metadataOnly(ObjectNode object) {
    ObjectNode partial = Json.object();
    partial.put("kind", "PartialObjectMetadata").put("apiVersion", "meta.k8s.io/v1");
    partial.set("metadata", object.path("metadata"));
    return partial;
  }
}
