package dev.partita.local.schema;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Fills in the defaults that a schema states. A default counts where the field's parent exists.
public final class Defaults {
  private Defaults() {}

  public static void apply(@Nullable Schema schema, JsonNode node) {
    if (schema == null) {
      return;
    }
    if (node instanceof ObjectNode object) {
      schema.properties().forEach((name, field) -> applyToField(object, name, field));
      Schema additional = schema.additional();
      for (Map.Entry<String, JsonNode> entry : object.properties()) {
        Schema field = schema.property(entry.getKey());
        apply(field != null ? field : additional, entry.getValue());
      }
    } else if (node instanceof ArrayNode array) {
      array.forEach(item -> apply(schema.items(), item));
    }
  }

  private static void applyToField(ObjectNode object, String name, Schema field) {
    JsonNode value = object.get(name);
    boolean nullToReplace = value != null && value.isNull() && !field.nullable();
    if ((value == null || nullToReplace) && !field.defaultValue().isMissingNode()) {
      object.set(name, field.defaultValue().deepCopy());
    }
  }
}
