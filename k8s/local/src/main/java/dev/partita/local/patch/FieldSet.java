package dev.partita.local.patch;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.partita.local.json.Json;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// A set of paths into an object, kept as a trie. Immutable.
///
/// The steps of a path are written as in `managedFields`: `f:name` is a field, `k:{"name":"x"}` an
/// item of a list that is known by its keys, `v:"x"` an element of a set of scalars.
///
/// @param member whether the path that ends here is in the set
public record FieldSet(boolean member, SortedMap<String, FieldSet> children) {
  public static final FieldSet EMPTY = new FieldSet(false, new TreeMap<>());
  public static final FieldSet HERE = new FieldSet(true, new TreeMap<>());

  private static final String SELF = ".";

  public boolean isEmpty() {
    return !member && children.isEmpty();
  }

  public @Nullable FieldSet child(String step) {
    return children.get(step);
  }

  static FieldSet of(boolean member, Map<String, FieldSet> children) {
    SortedMap<String, FieldSet> kept = new TreeMap<>();
    children.forEach((step, child) -> {
      if (!child.isEmpty()) {
        kept.put(step, child);
      }
    });
    return new FieldSet(member, kept);
  }

  public FieldSet union(FieldSet other) {
    SortedMap<String, FieldSet> all = new TreeMap<>(children);
    other.children.forEach((step, child) -> all.merge(step, child, FieldSet::union));
    return new FieldSet(member || other.member, all);
  }

  public FieldSet minus(FieldSet other) {
    SortedMap<String, FieldSet> left = new TreeMap<>();
    children.forEach((step, child) -> {
      FieldSet removed = other.children.get(step);
      left.put(step, removed == null ? child : child.minus(removed));
    });
    return of(member && !other.member, left);
  }

  /// This set without the paths of `other` and everything below them.
  public FieldSet minusBelow(FieldSet other) {
    if (other.member) {
      return EMPTY;
    }
    SortedMap<String, FieldSet> left = new TreeMap<>();
    children.forEach((step, child) -> {
      FieldSet removed = other.children.get(step);
      left.put(step, removed == null ? child : child.minusBelow(removed));
    });
    return of(member, left);
  }

  public FieldSet intersection(FieldSet other) {
    SortedMap<String, FieldSet> both = new TreeMap<>();
    children.forEach((step, child) -> {
      FieldSet there = other.children.get(step);
      if (there != null) {
        both.put(step, child.intersection(there));
      }
    });
    return of(member && other.member, both);
  }

  /// The paths in the notation of error messages, such as `.spec.containers[name="a"].image`.
  public List<String> paths() {
    List<String> paths = new ArrayList<>();
    collect("", paths);
    return paths;
  }

  private void collect(String prefix, List<String> paths) {
    if (member) {
      paths.add(prefix);
    }
    children.forEach((step, child) -> child.collect(prefix + shown(step), paths));
  }

  private static String shown(String step) {
    String rest = step.substring(2);
    return switch (step.charAt(0)) {
      case 'f' -> "." + rest;
      case 'k' -> "[" + keys(rest) + "]";
      default -> "[=" + rest + "]";
    };
  }

  private static String keys(String json) {
    List<String> shown = new ArrayList<>();
    for (Map.Entry<String, JsonNode> e : Json.parseTrusted(json).properties()) {
      shown.add(e.getKey() + "=" + e.getValue());
    }
    return String.join(",", shown);
  }

  /// The form that stands in `managedFields[].fieldsV1`.
  public ObjectNode toJson() {
    ObjectNode json = Json.object();
    if (member && !children.isEmpty()) {
      json.putObject(SELF);
    }
    children.forEach((step, child) -> json.set(step, child.toJson()));
    return json;
  }

  public static FieldSet fromJson(JsonNode json) {
    SortedMap<String, FieldSet> children = new TreeMap<>();
    for (Map.Entry<String, JsonNode> e : json.properties()) {
      if (!e.getKey().equals(SELF)) {
        children.put(e.getKey(), fromNested(e.getValue()));
      }
    }
    return new FieldSet(json.has(SELF), children);
  }

  private static FieldSet fromNested(JsonNode json) {
    return json.isEmpty() ? HERE : fromJson(json);
  }
}
