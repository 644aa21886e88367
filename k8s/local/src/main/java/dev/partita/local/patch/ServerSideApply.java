package dev.partita.local.patch;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.partita.local.json.Json;
import dev.partita.local.patch.ManagedFields.Entry;
import dev.partita.local.patch.ManagedFields.Manager;
import dev.partita.local.schema.Schema;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Server-side apply: a manager declares the fields it cares about, and only those.
///
/// The declared fields are merged into the live object. Fields that the manager declared before and
/// leaves out now are removed, unless somebody else owns them too. A field with another value that
/// somebody else owns is a conflict, unless `force` takes it over. Rules: Kubernetes documentation,
/// "Server-Side Apply".
public final class ServerSideApply {
  private ServerSideApply() {}

  /// What an apply leads to.
  public sealed interface Outcome {
    /// The merged object, `managedFields` included.
    record Applied(ObjectNode object) implements Outcome {}

    record Refused(List<Conflict> conflicts) implements Outcome {}
  }

  /// A field that another manager owns with another value.
  public record Conflict(Manager owner, String time, String field) {}

  /// Merges `declared`, which is not changed, into `live`.
  ///
  /// @param live null when the object does not exist yet
  public static Outcome apply(
      Schema schema,
      @Nullable ObjectNode live,
      ObjectNode declared,
      Manager manager,
      boolean force,
      String time) {
    ObjectNode base = live == null ? Json.object() : live;
    ManagedFields owners = ManagedFields.of(base);
    FieldSet declaredFields = ManagedFields.withoutSystemFields(Fields.declared(schema, declared));
    JsonNode merged = merge(schema, base, declared);
    FieldSet changed =
        ManagedFields.withoutSystemFields(Fields.difference(schema, base, merged).changed());
    List<Conflict> conflicts = conflicts(owners, manager, changed);
    if (!force && !conflicts.isEmpty()) {
      return new Outcome.Refused(conflicts);
    }
    FieldSet othersOwn = FieldSet.EMPTY;
    for (Entry other : owners.others(manager)) {
      othersOwn = othersOwn.union(other.fields().minus(changed));
    }
    FieldSet dropped = owners.fieldsOf(manager).minus(declaredFields).minus(othersOwn);
    ObjectNode result =
        (ObjectNode) prune(schema, merged, dropped, othersOwn.union(declaredFields));
    owners.with(manager, declaredFields, changed.intersection(declaredFields), time).store(result);
    return new Outcome.Applied(result);
  }

  private static List<Conflict> conflicts(ManagedFields owners, Manager manager, FieldSet changed) {
    List<Conflict> conflicts = new ArrayList<>();
    for (Entry other : owners.others(manager)) {
      for (String field : other.fields().intersection(changed).paths()) {
        conflicts.add(new Conflict(other.manager(), other.time(), field));
      }
    }
    return conflicts;
  }

  /// `live` with the values of `declared`.
  static JsonNode merge(@Nullable Schema schema, JsonNode live, JsonNode declared) {
    Map<String, JsonNode> before = Fields.parts(schema, live);
    Map<String, JsonNode> wanted = Fields.parts(schema, declared);
    if (before == null || wanted == null || live.getNodeType() != declared.getNodeType()) {
      return declared.deepCopy();
    }
    Map<String, JsonNode> result = new LinkedHashMap<>(before);
    wanted.forEach((step, value) -> {
      JsonNode old = before.get(step);
      Schema part = Fields.schemaOf(schema, step);
      result.put(step, old == null ? value.deepCopy() : merge(part, old, value));
    });
    return assemble(
        declared.isObject(), declared.isArray() ? ordered(before, wanted, result) : result);
  }

  /// Items in the declared order; those only in the live list keep their place after their
  /// predecessor.
  private static Map<String, JsonNode> ordered(
      Map<String, JsonNode> live, Map<String, JsonNode> declared, Map<String, JsonNode> merged) {
    List<String> order = new ArrayList<>(declared.keySet());
    String previous = null;
    for (String step : live.keySet()) {
      if (!declared.containsKey(step)) {
        order.add(previous == null ? 0 : order.indexOf(previous) + 1, step);
      }
      previous = step;
    }
    Map<String, JsonNode> result = new LinkedHashMap<>();
    for (String step : order) {
      JsonNode value = merged.get(step);
      if (value != null) {
        result.put(step, value);
      }
    }
    return result;
  }

  private static JsonNode assemble(boolean object, Map<String, JsonNode> parts) {
    if (object) {
      ObjectNode node = Json.object();
      parts.forEach((step, value) -> node.set(step.substring(2), value));
      return node;
    }
    ArrayNode node = Json.array();
    parts.values().forEach(node::add);
    return node;
  }

  /// Removes the `dropped` paths, but keeps containers of which `kept` holds a part.
  private static JsonNode prune(
      @Nullable Schema schema, JsonNode node, FieldSet dropped, FieldSet kept) {
    Map<String, JsonNode> parts = Fields.parts(schema, node);
    if (parts == null || dropped.children().isEmpty()) {
      return node;
    }
    Map<String, JsonNode> result = new LinkedHashMap<>();
    parts.forEach((step, value) -> {
      FieldSet gone = dropped.child(step);
      FieldSet others = kept.children().getOrDefault(step, FieldSet.EMPTY);
      if (gone == null) {
        result.put(step, value);
      } else {
        JsonNode left = prune(Fields.schemaOf(schema, step), value, gone, others);
        boolean emptied = left.isContainerNode() && left.isEmpty() && !value.isEmpty();
        if (!others.isEmpty() || (!gone.member() && !emptied)) {
          result.put(step, left);
        }
      }
    });
    return assemble(node.isObject(), result);
  }
}
