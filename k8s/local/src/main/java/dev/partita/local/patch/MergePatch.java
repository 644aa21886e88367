package dev.partita.local.patch;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.partita.local.json.Json;
import java.util.Map;

/// RFC 7386: objects are merged, null removes, everything else replaces.
public final class MergePatch {
  private MergePatch() {}

  public static ObjectNode apply(ObjectNode target, ObjectNode patch) {
    ObjectNode result = target.deepCopy();
    merge(result, patch);
    return result;
  }

  private static void merge(ObjectNode target, ObjectNode patch) {
    for (Map.Entry<String, JsonNode> entry : patch.properties()) {
      String name = entry.getKey();
      JsonNode value = entry.getValue();
      if (value.isNull()) {
        target.remove(name);
      } else if (value instanceof ObjectNode object) {
        ObjectNode child =
            target.get(name) instanceof ObjectNode existing ? existing : Json.object();
        merge(child, object);
        target.set(name, child);
      } else {
        target.set(name, value.deepCopy());
      }
    }
  }
}
