package dev.partita.local.patch;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.partita.local.json.Json;
import dev.partita.local.schema.Schema;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// How values divide into separately owned fields.
final class Fields {
  private Fields() {}

  /// The parts of `node` that are owned on their own, by step; null if it is owned as one value.
  static @Nullable Map<String, JsonNode> parts(@Nullable Schema schema, JsonNode node) {
    if (node instanceof ObjectNode object) {
      if (schema != null && schema.atomicObject()) {
        return null;
      }
      Map<String, JsonNode> parts = new LinkedHashMap<>();
      object.properties().forEach(e -> parts.put("f:" + e.getKey(), e.getValue()));
      return parts;
    }
    if (node instanceof ArrayNode array
        && schema != null
        && schema.listType() != Schema.ListType.ATOMIC) {
      Map<String, JsonNode> parts = new LinkedHashMap<>();
      array.forEach(item -> parts.put(itemStep(schema, item), item));
      return parts;
    }
    return null;
  }

  static String itemStep(Schema list, JsonNode item) {
    if (list.listType() == Schema.ListType.SET) {
      return "v:" + Json.text(item);
    }
    ObjectNode key = Json.object();
    Schema items = list.items();
    list.listMapKeys().stream()
        .sorted()
        .forEach(name -> {
          Schema field = items == null ? null : items.property(name);
          JsonNode value = item.get(name);
          if (value == null && field != null && !field.defaultValue().isMissingNode()) {
            value = field.defaultValue();
          }
          if (value != null) {
            key.set(name, value);
          }
        });
    return "k:" + Json.text(key);
  }

  /// The schema of the part that `step` names.
  static @Nullable Schema schemaOf(@Nullable Schema schema, String step) {
    if (schema == null) {
      return null;
    }
    return step.startsWith("f:") ? schema.field(step.substring(2)) : schema.items();
  }

  /// The fields that a declared object speaks about.
  static FieldSet declared(@Nullable Schema schema, JsonNode node) {
    Map<String, JsonNode> parts = parts(schema, node);
    if (parts == null) {
      return FieldSet.HERE;
    }
    SortedMap<String, FieldSet> children = new TreeMap<>();
    parts.forEach((step, part) -> {
      FieldSet below = declared(schemaOf(schema, step), part);
      boolean field = step.startsWith("f:");
      boolean declared = field && schema != null && schema.property(step.substring(2)) != null;
      boolean emptyObject = part.isObject() && part.isEmpty();
      boolean own = below.member() || !declared || emptyObject;
      children.put(step, new FieldSet(own, below.children()));
    });
    return FieldSet.of(false, children);
  }

  /// What differs between two versions of an object.
  ///
  /// @param changed paths that are new or have another value
  /// @param removed paths that are gone
  record Difference(FieldSet changed, FieldSet removed) {
    static final Difference NONE = new Difference(FieldSet.EMPTY, FieldSet.EMPTY);
  }

  static Difference difference(
      @Nullable Schema schema, @Nullable JsonNode before, @Nullable JsonNode after) {
    if (before == null && after == null) {
      return Difference.NONE;
    }
    if (before == null && after != null) {
      return new Difference(everything(schema, after), FieldSet.EMPTY);
    }
    if (after == null && before != null) {
      return new Difference(FieldSet.EMPTY, everything(schema, before));
    }
    if (before == null || after == null || before.equals(after)) {
      return Difference.NONE;
    }
    Map<String, JsonNode> old = parts(schema, before);
    Map<String, JsonNode> now = parts(schema, after);
    if (old == null || now == null) {
      return new Difference(FieldSet.HERE, FieldSet.EMPTY);
    }
    SortedMap<String, FieldSet> changed = new TreeMap<>();
    SortedMap<String, FieldSet> removed = new TreeMap<>();
    Map<String, JsonNode> all = new LinkedHashMap<>(old);
    all.putAll(now);
    all.keySet()
        .forEach(step -> {
          Difference part = difference(schemaOf(schema, step), old.get(step), now.get(step));
          changed.put(step, part.changed());
          removed.put(step, part.removed());
        });
    return new Difference(FieldSet.of(false, changed), FieldSet.of(false, removed));
  }

  /// All paths of a value, containers included.
  private static FieldSet everything(@Nullable Schema schema, JsonNode node) {
    Map<String, JsonNode> parts = parts(schema, node);
    if (parts == null) {
      return FieldSet.HERE;
    }
    SortedMap<String, FieldSet> children = new TreeMap<>();
    parts.forEach((step, part) -> children.put(step, everything(schemaOf(schema, step), part)));
    return FieldSet.of(true, children);
  }
}
