package dev.partita.local.patch;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.partita.local.json.Json;
import dev.partita.local.schema.Schema;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// A merge patch that knows the schema: lists with a merge key are merged item by item, lists of
/// scalars with the strategy `merge` are united. Understands the directives `$patch` (`delete`,
/// `replace`), `$retainKeys`, `$setElementOrder/…` and `$deleteFromPrimitiveList/…`.
public final class StrategicMergePatch {
  private static final String PATCH = "$patch";
  private static final String RETAIN_KEYS = "$retainKeys";
  private static final String ORDER = "$setElementOrder/";
  private static final String DELETE = "$deleteFromPrimitiveList/";

  private StrategicMergePatch() {}

  public static ObjectNode apply(@Nullable Schema schema, ObjectNode target, ObjectNode patch)
      throws PatchException {
    ObjectNode result = target.deepCopy();
    merge(schema, result, patch);
    return result;
  }

  private static void merge(@Nullable Schema schema, ObjectNode target, ObjectNode patch)
      throws PatchException {
    String directive = Json.string(patch, PATCH);
    if (directive.equals("replace") || directive.equals("delete")) {
      target.removeAll();
    }
    if (directive.equals("delete")) {
      return;
    }
    if (patch.get(RETAIN_KEYS) instanceof ArrayNode) {
      target.retain(Json.strings(patch, RETAIN_KEYS));
    }
    for (Map.Entry<String, JsonNode> entry : patch.properties()) {
      String name = entry.getKey();
      if (name.startsWith(DELETE)) {
        deleteScalars(target, name.substring(DELETE.length()), entry.getValue());
      } else if (!name.startsWith("$")) {
        mergeField(schema == null ? null : schema.field(name), target, name, entry.getValue());
      }
    }
    for (Map.Entry<String, JsonNode> entry : patch.properties()) {
      if (entry.getKey().startsWith(ORDER)) {
        String name = entry.getKey().substring(ORDER.length());
        order(schema == null ? null : schema.field(name), target, name, entry.getValue());
      }
    }
  }

  private static void mergeField(
      @Nullable Schema schema, ObjectNode target, String name, JsonNode value)
      throws PatchException {
    JsonNode existing = target.get(name);
    if (value.isNull()) {
      target.remove(name);
    } else if (value instanceof ObjectNode object) {
      ObjectNode child = existing instanceof ObjectNode there ? there : Json.object();
      merge(schema, child, object);
      if (!Json.string(object, PATCH).equals("delete")) {
        target.set(name, child);
      } else {
        target.remove(name);
      }
    } else if (value instanceof ArrayNode list && schema != null && schema.patchMerges()) {
      ArrayNode base = existing instanceof ArrayNode there ? there : Json.array();
      target.set(name, mergeList(schema, base, list));
    } else {
      target.set(name, withoutDirectives(value));
    }
  }

  private static ArrayNode mergeList(Schema schema, ArrayNode base, ArrayNode patch)
      throws PatchException {
    String key = schema.patchMergeKey();
    if (key.isEmpty()) {
      ArrayNode union = base.deepCopy();
      for (JsonNode scalar : patch) {
        if (!contains(union, scalar)) {
          union.add(scalar);
        }
      }
      return union;
    }
    for (JsonNode item : patch) {
      if (Json.string(item, PATCH).equals("replace") && item.size() == 1) {
        return replaced(patch);
      }
    }
    List<JsonNode> result = new ArrayList<>();
    base.forEach(result::add);
    for (JsonNode item : patch) {
      mergeItem(schema, result, item, key);
    }
    return Json.array().addAll(result);
  }

  private static void mergeItem(Schema schema, List<JsonNode> result, JsonNode item, String key)
      throws PatchException {
    if (!(item instanceof ObjectNode object)) {
      throw PatchException.malformed("a list merged by \"" + key + "\" holds objects");
    }
    JsonNode id = object.get(key);
    if (id == null) {
      throw PatchException.malformed(
          "map: " + object + " does not contain declared merge key: " + key);
    }
    int found = indexOf(result, key, id);
    if (Json.string(object, PATCH).equals("delete")) {
      result.removeIf(there -> id.equals(there.get(key)));
    } else if (found < 0) {
      ObjectNode fresh = Json.object();
      merge(schema.items(), fresh, object);
      result.add(fresh);
    } else {
      ObjectNode merged = ((ObjectNode) result.get(found)).deepCopy();
      merge(schema.items(), merged, object);
      result.set(found, merged);
    }
  }

  private static int indexOf(List<JsonNode> items, String key, JsonNode id) {
    for (int i = 0; i < items.size(); i++) {
      if (id.equals(items.get(i).get(key))) {
        return i;
      }
    }
    return -1;
  }

  private static ArrayNode replaced(ArrayNode patch) {
    ArrayNode result = Json.array();
    for (JsonNode item : patch) {
      if (!(item.has(PATCH) && item.size() == 1)) {
        result.add(withoutDirectives(item));
      }
    }
    return result;
  }

  private static void deleteScalars(ObjectNode target, String name, JsonNode scalars) {
    if (target.get(name) instanceof ArrayNode array) {
      ArrayNode kept = Json.array();
      array.forEach(item -> {
        if (!contains(scalars, item)) {
          kept.add(item);
        }
      });
      target.set(name, kept);
    }
  }

  /// Brings the items that the patch orders into that order, before those it does not mention.
  private static void order(
      @Nullable Schema schema, ObjectNode target, String name, JsonNode order) {
    if (schema == null || !(target.get(name) instanceof ArrayNode array)) {
      return;
    }
    String key = schema.patchMergeKey();
    List<JsonNode> rest = new ArrayList<>();
    array.forEach(rest::add);
    ArrayNode result = Json.array();
    for (JsonNode wanted : order) {
      JsonNode id = key.isEmpty() ? wanted : wanted.path(key);
      rest.stream()
          .filter(item -> id.equals(key.isEmpty() ? item : item.path(key)))
          .findFirst()
          .ifPresent(item -> {
            result.add(item);
            rest.remove(item);
          });
    }
    target.set(name, result.addAll(rest));
  }

  private static boolean contains(JsonNode list, JsonNode value) {
    for (JsonNode item : list) {
      if (item.equals(value)) {
        return true;
      }
    }
    return false;
  }

  private static JsonNode withoutDirectives(JsonNode value) {
    JsonNode copy = value.deepCopy();
    strip(copy);
    return copy;
  }

  private static void strip(JsonNode value) {
    if (value instanceof ObjectNode object) {
      object.remove(Json.fieldNames(object).stream().filter(n -> n.startsWith("$")).toList());
    }
    value.forEach(StrategicMergePatch::strip);
  }
}
