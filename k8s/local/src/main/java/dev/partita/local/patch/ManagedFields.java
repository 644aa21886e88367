package dev.partita.local.patch;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.partita.local.json.Json;
import dev.partita.local.schema.Schema;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// Who owns which fields of an object: the content of `metadata.managedFields`. Immutable.
public record ManagedFields(List<Entry> entries) {
  /// Fields that belong to the system and never to a manager.
  private static final FieldSet SYSTEM =
      FieldSet.fromJson(
          Json.parseTrusted(
              "{\"f:apiVersion\":{},\"f:kind\":{},\"f:metadata\":{\"f:name\":{},\"f:namespace\":{},"
                  + "\"f:creationTimestamp\":{},\"f:selfLink\":{},\"f:uid\":{},\"f:generation\":{},"
                  + "\"f:managedFields\":{},\"f:resourceVersion\":{},\"f:deletionTimestamp\":{},"
                  + "\"f:deletionGracePeriodSeconds\":{}}}"));

  public ManagedFields {
    entries = List.copyOf(entries);
  }

  /// Says who changes an object, and how.
  ///
  /// @param operation `Apply` or `Update`
  /// @param subresource empty for the object itself
  public record Manager(String name, String operation, String apiVersion, String subresource) {}

  /// One manager's fields.
  public record Entry(Manager manager, String time, FieldSet fields) {
    Entry with(FieldSet changed) {
      return new Entry(manager, time, changed);
    }
  }

  public static ManagedFields of(ObjectNode object) {
    List<Entry> entries = new ArrayList<>();
    for (JsonNode json : Json.elements(object, "metadata", "managedFields")) {
      Manager manager =
          new Manager(
              Json.string(json, "manager"),
              Json.string(json, "operation"),
              Json.string(json, "apiVersion"),
              Json.string(json, "subresource"));
      FieldSet fields = FieldSet.fromJson(Json.at(json, "fieldsV1"));
      entries.add(new Entry(manager, Json.string(json, "time"), fields));
    }
    return new ManagedFields(entries);
  }

  /// Writes the entries into `object`.
  public void store(ObjectNode object) {
    ArrayNode list = Json.array();
    for (Entry entry : entries) {
      ObjectNode json = list.addObject();
      json.put("manager", entry.manager().name());
      json.put("operation", entry.manager().operation());
      json.put("apiVersion", entry.manager().apiVersion());
      json.put("time", entry.time());
      json.put("fieldsType", "FieldsV1");
      json.set("fieldsV1", entry.fields().toJson());
      if (!entry.manager().subresource().isEmpty()) {
        json.put("subresource", entry.manager().subresource());
      }
    }
    ObjectNode metadata = Json.ensure(object, "metadata");
    if (list.isEmpty()) {
      metadata.remove("managedFields");
    } else {
      metadata.set("managedFields", list);
    }
  }

  FieldSet fieldsOf(Manager manager) {
    return entryOf(manager).map(Entry::fields).orElse(FieldSet.EMPTY);
  }

  Optional<Entry> entryOf(Manager manager) {
    return entries.stream().filter(e -> sameOwner(e.manager(), manager)).findFirst();
  }

  List<Entry> others(Manager manager) {
    return entries.stream().filter(e -> !sameOwner(e.manager(), manager)).toList();
  }

  /// An apply is one owner whatever version it spoke, an update is one for each version.
  private static boolean sameOwner(Manager a, Manager b) {
    return a.name().equals(b.name())
        && a.operation().equals(b.operation())
        && a.subresource().equals(b.subresource())
        && (a.operation().equals("Apply") || a.apiVersion().equals(b.apiVersion()));
  }

  /// Gives `manager` exactly `fields` and takes `lost` from everybody else.
  ManagedFields with(Manager manager, FieldSet fields, FieldSet lost, String time) {
    List<Entry> result = new ArrayList<>();
    boolean placed = false;
    for (Entry entry : entries) {
      if (sameOwner(entry.manager(), manager)) {
        placed = true;
        if (!fields.isEmpty()) {
          String since = entry.fields().equals(fields) ? entry.time() : time;
          result.add(new Entry(manager, since, fields));
        }
      } else {
        FieldSet left = entry.fields().minus(lost);
        if (!left.isEmpty()) {
          result.add(entry.with(left));
        }
      }
    }
    if (!placed && !fields.isEmpty()) {
      result.add(new Entry(manager, time, fields));
    }
    return new ManagedFields(result);
  }

  static FieldSet withoutSystemFields(FieldSet fields) {
    FieldSet left = fields.minusBelow(SYSTEM);
    FieldSet metadata = left.child("f:metadata");
    if (metadata != null && metadata.member()) {
      Map<String, FieldSet> children = new TreeMap<>(left.children());
      children.put("f:metadata", FieldSet.of(false, metadata.children()));
      return FieldSet.of(false, children);
    }
    return FieldSet.of(false, left.children());
  }

  /// The owners after an ordinary write that turned `before` into `after`.
  ///
  /// @param before null when the object is new
  public static ManagedFields afterUpdate(
      Schema schema, @Nullable ObjectNode before, ObjectNode after, Manager manager, String time) {
    ManagedFields owners = before == null ? new ManagedFields(List.of()) : of(before);
    ObjectNode base = before == null ? Json.object() : before;
    Fields.Difference difference = Fields.difference(schema, base, after);
    FieldSet changed = withoutSystemFields(difference.changed());
    FieldSet removed = withoutSystemFields(difference.removed());
    if (changed.isEmpty() && removed.isEmpty()) {
      return owners;
    }
    FieldSet own = owners.fieldsOf(manager).minus(removed).union(changed);
    return owners.with(manager, own, changed.union(removed), time);
  }
}
