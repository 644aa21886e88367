package dev.partita.local.object;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.partita.local.json.Json;
import dev.partita.local.kind.Kind;
import dev.partita.local.object.WriteRequest.Target;
import dev.partita.local.store.StoreKey;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/// The objects as a part of the control plane uses them: by stored resource (such as `/pods` or
/// `apps/statefulsets`), under the name of that part.
///
/// What is gone in the meantime is not an error here: writes to it do nothing.
public final class Cluster {
  public static final String PODS = "/pods";
  public static final String NODES = "/nodes";
  public static final String EVENTS = "/events";
  public static final String NAMESPACES = "/namespaces";
  public static final String CLAIMS = "/persistentvolumeclaims";
  public static final String VOLUMES = "/persistentvolumes";
  public static final String STATEFUL_SETS = "apps/statefulsets";
  public static final String REVISIONS = "apps/controllerrevisions";
  public static final String BUDGETS = "policy/poddisruptionbudgets";
  public static final String DEFINITIONS = Deletion.DEFINITIONS;

  private final ObjectService objects;
  private final String manager;

  public Cluster(ObjectService objects, String manager) {
    this.objects = objects;
    this.manager = manager;
  }

  public ObjectService objects() {
    return objects;
  }

  private Kind kind(String resource) {
    return objects.kinds().ofStorage(resource).orElseThrow();
  }

  public @Nullable ObjectNode find(String resource, String namespace, String name) {
    return objects.store().get(new StoreKey(resource, namespace, name));
  }

  public List<ObjectNode> list(String resource, String namespace) {
    return objects.store().list(resource, namespace).objects();
  }

  /// Creates an object.
  ///
  /// @return false if it exists already
  public boolean create(String resource, ObjectNode object) {
    try {
      objects.create(
          kind(resource),
          Json.string(object, "metadata", "namespace"),
          object,
          WriteRequest.by(manager));
      return true;
    } catch (ApiFailure e) {
      if (e.code() == 409) {
        return false;
      }
      throw e;
    }
  }

  /// Changes an object; the function gets a copy.
  ///
  /// @param subresource empty for the object itself
  /// @return false if it does not exist
  public boolean modify(
      String resource,
      String namespace,
      String name,
      String subresource,
      UnaryOperator<ObjectNode> change) {
    Optional<Kind> kind = objects.kinds().ofStorage(resource);
    if (kind.isEmpty()) {
      return false;
    }
    try {
      objects.modify(
          new Target(kind.get(), namespace, name, subresource), change, WriteRequest.by(manager));
      return true;
    } catch (ApiFailure e) {
      if (e.code() == 404) {
        return false;
      }
      throw e;
    }
  }

  /// Deletes an object.
  ///
  /// @return false if it does not exist, or is another one than the request is about
  public boolean delete(String resource, String namespace, String name, DeleteRequest request) {
    Optional<Kind> kind = objects.kinds().ofStorage(resource);
    if (kind.isEmpty()) {
      return false;
    }
    try {
      objects.delete(Target.of(kind.get(), namespace, name), request);
      return true;
    } catch (ApiFailure e) {
      if (e.code() == 404 || e.code() == 409) {
        return false;
      }
      throw e;
    }
  }

  /// Records something that happened to `subject`. Repetitions are counted in one event.
  ///
  /// @param type `Normal` or `Warning`
  public void event(JsonNode subject, String type, String reason, String message) {
    String namespace = Json.at(subject, "metadata", "namespace").asText("default");
    String hash =
        Integer.toHexString(
            (Json.string(subject, "metadata", "uid") + type + reason + message).hashCode());
    String name = Json.string(subject, "metadata", "name") + "." + hash;
    boolean counted =
        modify(
            EVENTS,
            namespace,
            name,
            "",
            event -> {
              event.put("count", Json.number(event, 0, "count") + 1);
              return event.put("lastTimestamp", Timestamps.now());
            });
    if (!counted && find(NAMESPACES, "", namespace) != null) {
      createEvent(subject, namespace, name, type, reason, message);
    }
  }

  private void createEvent(
      JsonNode subject, String namespace, String name, String type, String reason, String message) {
    ObjectNode event = Json.object().put("apiVersion", "v1").put("kind", "Event");
    event.putObject("metadata").put("name", name).put("namespace", namespace);
    ObjectNode involved = event.putObject("involvedObject");
    involved
        .put("apiVersion", Json.string(subject, "apiVersion"))
        .put("kind", Json.string(subject, "kind"));
    for (String field : List.of("name", "namespace", "uid", "resourceVersion")) {
      if (Json.has(subject, "metadata", field)) {
        involved.put(field, Json.string(subject, "metadata", field));
      }
    }
    String now = Timestamps.now();
    event.put("type", type).put("reason", reason).put("message", message);
    event.put("firstTimestamp", now).put("lastTimestamp", now).put("count", 1);
    event.putObject("source").put("component", manager);
    event.put("reportingComponent", manager).put("reportingInstance", "");
    try {
      create(EVENTS, event);
    } catch (ApiFailure e) {
      // A namespace that is being terminated takes no events any more; nobody would read them.
      if (e.code() != 403 && e.code() != 404) {
        throw e;
      }
    }
  }
}
