package dev.partita.local.object;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.partita.local.json.Json;
import dev.partita.local.kind.Kind;
import java.util.Map;

/// Stored objects as the version of a kind that a client asked for.
///
/// Versions of a custom resource differ in nothing but their `apiVersion`. Events are stored in the
/// form of the core group; the group `events.k8s.io` calls some fields otherwise.
public final class Views {
  /// Names in the core group and in `events.k8s.io`.
  private static final Map<String, String> EVENT_FIELDS =
      Map.of(
          "involvedObject", "regarding",
          "message", "note",
          "source", "deprecatedSource",
          "firstTimestamp", "deprecatedFirstTimestamp",
          "lastTimestamp", "deprecatedLastTimestamp",
          "count", "deprecatedCount",
          "reportingComponent", "reportingController");

  private static final String EVENTS_GROUP = "events.k8s.io";

  private Views() {}

  /// `stored` as an object of `kind`.
  public static ObjectNode of(Kind kind, ObjectNode stored) {
    if (kind.apiVersion().equals(Json.string(stored, "apiVersion"))) {
      return stored;
    }
    ObjectNode view = stored.deepCopy();
    view.put("apiVersion", kind.apiVersion());
    if (kind.group().equals(EVENTS_GROUP)) {
      EVENT_FIELDS.forEach((core, other) -> rename(view, core, other));
    }
    return view;
  }

  /// An object of `kind` in the form in which it is stored.
  static ObjectNode stored(Kind kind, ObjectNode object) {
    if (!kind.group().equals(EVENTS_GROUP)) {
      return object;
    }
    ObjectNode stored = object.deepCopy();
    stored.put("apiVersion", "v1");
    EVENT_FIELDS.forEach((core, other) -> rename(stored, other, core));
    return stored;
  }

  private static void rename(ObjectNode object, String from, String to) {
    if (object.has(from)) {
      object.set(to, object.remove(from));
    }
  }
}
