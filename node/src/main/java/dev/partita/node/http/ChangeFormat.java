package dev.partita.node.http;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.util.RawValue;
import dev.partita.node.error.DatabaseException;
import dev.partita.node.index.JsonBytes;
import dev.partita.node.key.PrimaryKeyText;
import dev.partita.node.query.Change;
import dev.partita.node.time.Timestamp;
import jakarta.ws.rs.core.MediaType;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// How a stream of changes is written: as lines of JSON, or as server-sent events (WHATWG HTML,
/// section 9.2).
enum ChangeFormat {
  /// A line for each change, mark and failure.
  LINES("application/x-ndjson") {
    @Override
    String event(String kind, ObjectNode json, @Nullable String token) {
      return json + "\n";
    }
  },
  /// The token is each event's id, so that a browser goes on by itself.
  EVENTS(MediaType.SERVER_SENT_EVENTS) {
    @Override
    String event(String kind, ObjectNode json, @Nullable String token) {
      String id = token == null ? "" : "id: " + token + "\n";
      return id + "event: " + kind + "\ndata: " + json + "\n\n";
    }
  };

  private final String mediaType;

  ChangeFormat(String mediaType) {
    this.mediaType = mediaType;
  }

  /// What a client accepts, null if it does not ask for a stream.
  static @Nullable ChangeFormat accepted(@Nullable String accept) {
    if (accept != null) {
      for (ChangeFormat format : values()) {
        if (accept.contains(format.mediaType)) {
          return format;
        }
      }
    }
    return null;
  }

  String mediaType() {
    return mediaType;
  }

  abstract String event(String kind, ObjectNode json, @Nullable String token);

  /// @param token of the position behind the change
  String change(Change change, boolean before, String token) {
    return event("change", json(change, before), token);
  }

  String resolved(Timestamp resolved, String token) {
    return event("resolved", mark(resolved, token), token);
  }

  String failure(DatabaseException failure) {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    json.set("error", Problem.body(failure));
    return event("error", json, null);
  }

  static ObjectNode mark(Timestamp resolved, String token) {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    json.put("resolved", resolved.toString());
    json.put("token", token);
    return json;
  }

  /// @param before whether to tell what was there
  static ObjectNode json(Change change, boolean before) {
    JsonBytes document = change.document();
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    json.set("key", PrimaryKeyText.toJson(change.key()));
    json.put("ts", change.timestamp().toString());
    json.put("action", document == null ? "delete" : "put");
    List<String> columns = change.columns();
    if (columns != null) {
      ArrayNode names = json.putArray("columns");
      columns.forEach(names::add);
    }
    if (document != null) {
      json.putRawValue("document", new RawValue(document.toString()));
    }
    if (before) {
      JsonBytes former = change.before();
      if (former == null) {
        json.putNull("before");
      } else {
        json.putRawValue("before", new RawValue(former.toString()));
      }
    }
    return json;
  }
}
