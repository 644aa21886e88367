package dev.partita.local.schema;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.partita.local.json.Json;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Fields that a schema does not know.
public final class UnknownFields {
  private UnknownFields() {}

  /// Removes them from `object`.
  ///
  /// @return their paths, such as `spec.bounds[0].x`
  public static List<String> prune(Schema schema, ObjectNode object) {
    List<String> unknown = new ArrayList<>();
    prune(schema, object, "", unknown);
    return unknown;
  }

  private static void prune(
      @Nullable Schema schema, JsonNode node, String path, List<String> unknown) {
    if (schema == null) {
      return;
    }
    if (node instanceof ObjectNode object) {
      for (String name : Json.fieldNames(object)) {
        Schema field = schema.field(name);
        String child = path.isEmpty() ? name : path + "." + name;
        if (field != null) {
          prune(field, object.get(name), child, unknown);
        } else if (!schema.keepsUnknownFields()) {
          object.remove(name);
          unknown.add(child);
        }
      }
    } else if (node instanceof ArrayNode array) {
      for (int i = 0; i < array.size(); i++) {
        prune(schema.items(), array.get(i), path + "[" + i + "]", unknown);
      }
    }
  }
}
