package dev.partita.local.api;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.partita.local.json.Json;
import dev.partita.local.kind.Kind;
import dev.partita.local.object.ApiFailure;
import dev.partita.local.object.DeleteRequest;
import dev.partita.local.object.ObjectService;
import dev.partita.local.object.Selectors;
import dev.partita.local.object.WriteRequest;
import dev.partita.local.object.WriteRequest.FieldValidation;
import dev.partita.local.object.WriteRequest.Target;
import dev.partita.local.store.Store;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;

/// Answers requests on objects and collections.
final class ObjectHandler {
  private final ObjectService objects;
  private final PatchHandler patches;
  private final SubresourceHandler subresources;

  ObjectHandler(ObjectService objects, PodLogs logs) {
    this.objects = objects;
    this.patches = new PatchHandler(objects);
    this.subresources = new SubresourceHandler(objects, logs);
  }

  void handle(Call call, ResourcePath path) throws IOException {
    Kind kind =
        objects
            .kinds()
            .find(path.group(), path.version(), path.plural())
            .orElseThrow(ApiFailure::unknownPath);
    if (path.name().isEmpty()) {
      collection(call, kind, path.namespace());
      return;
    }
    if (kind.namespaced() == path.namespace().isEmpty()) {
      throw ApiFailure.unknownPath();
    }
    Target target = new Target(kind, path.namespace(), path.name(), path.subresource());
    if (path.subresource().isEmpty() || path.subresource().equals("status")) {
      one(call, target);
    } else {
      subresources.handle(call, target);
    }
  }

  private void collection(Call call, Kind kind, String namespace) throws IOException {
    switch (call.method()) {
      case "GET" -> read(call, kind, namespace);
      case "POST" -> {
        if (kind.namespaced() && namespace.isEmpty()) {
          throw ApiFailure.methodNotAllowed();
        }
        WriteRequest write = writeRequest(call);
        ObjectNode created = objects.create(kind, namespace, call.object(), write);
        respond(call, 201, kind, created, write);
      }
      case "DELETE" -> deleteCollection(call, kind, namespace);
      default -> throw ApiFailure.methodNotAllowed();
    }
  }

  private void read(Call call, Kind kind, String namespace) throws IOException {
    Predicate<ObjectNode> selection = selection(call);
    if (call.flag("watch")) {
      new WatchStream(call, kind, objects, selection).run(namespace);
      return;
    }
    Store.Listing listing = objects.list(kind, namespace);
    List<ObjectNode> selected = listing.objects().stream().filter(selection).toList();
    call.respond(200, Presentation.wanted(call).list(call, kind, selected, listing.revision()));
  }

  private static Predicate<ObjectNode> selection(Call call) {
    Predicate<Map<String, String>> labels = Selectors.labels(call.parameter("labelSelector"));
    Predicate<ObjectNode> fields = Selectors.fields(call.parameter("fieldSelector"));
    return fields.and(object -> labels.test(Selectors.labelsOf(object)));
  }

  private void deleteCollection(Call call, Kind kind, String namespace) throws IOException {
    Predicate<ObjectNode> selection = selection(call);
    DeleteRequest request = deleteRequest(call);
    Store.Listing listing = objects.list(kind, namespace);
    List<ObjectNode> deleted = new ArrayList<>();
    for (ObjectNode object : listing.objects()) {
      if (selection.test(object)) {
        Target target =
            Target.of(
                kind,
                Json.string(object, "metadata", "namespace"),
                Json.string(object, "metadata", "name"));
        try {
          objects.delete(target, request);
          deleted.add(object);
        } catch (ApiFailure e) {
          if (e.code() != 404) {
            throw e;
          }
        }
      }
    }
    call.respond(200, Presentation.PLAIN.list(call, kind, deleted, objects.store().revision()));
  }

  private void one(Call call, Target target) throws IOException {
    WriteRequest write = writeRequest(call);
    switch (call.method()) {
      case "GET" -> getOrWatch(call, target);
      case "PUT" ->
          respond(call, 200, target.kind(), objects.update(target, call.object(), write), write);
      case "PATCH" -> {
        ObjectService.Applied result = patches.patch(call, target, write);
        respond(call, result.created() ? 201 : 200, target.kind(), result.object(), write);
      }
      case "DELETE" -> delete(call, target);
      default -> throw ApiFailure.methodNotAllowed();
    }
  }

  private void getOrWatch(Call call, Target target) throws IOException {
    if (call.flag("watch")) {
      Predicate<ObjectNode> same = o -> Json.string(o, "metadata", "name").equals(target.name());
      new WatchStream(call, target.kind(), objects, same).run(target.namespace());
      return;
    }
    ObjectNode object = objects.get(target);
    call.respond(200, Presentation.wanted(call).one(call, target.kind(), object));
  }

  private void delete(Call call, Target target) throws IOException {
    if (!target.subresource().isEmpty()) {
      throw ApiFailure.methodNotAllowed();
    }
    ObjectNode before = objects.get(target);
    ObjectNode left = objects.delete(target, deleteRequest(call));
    call.respond(200, left != null ? left : deleted(target, before));
  }

  private static ObjectNode deleted(Target target, ObjectNode before) {
    ObjectNode status = Json.object().put("kind", "Status").put("apiVersion", "v1");
    status.putObject("metadata");
    status.put("status", "Success");
    ObjectNode details = status.putObject("details").put("name", target.name());
    if (!target.kind().group().isEmpty()) {
      details.put("group", target.kind().group());
    }
    details.put("kind", target.kind().plural());
    details.put("uid", Json.string(before, "metadata", "uid"));
    return status;
  }

  private static DeleteRequest deleteRequest(Call call) throws IOException {
    ObjectNode options = Json.object();
    if (!call.contentType().equals(ProtobufBody.MEDIA_TYPE)
        && call.tree() instanceof ObjectNode body) {
      options.setAll(body);
    }
    if (!call.parameter("propagationPolicy").isEmpty()) {
      options.put("propagationPolicy", call.parameter("propagationPolicy"));
    }
    if (!call.parameter("gracePeriodSeconds").isEmpty()) {
      options.put("gracePeriodSeconds", call.number("gracePeriodSeconds", 0));
    }
    return DeleteRequest.of(options, dryRun(call));
  }

  static void respond(Call call, int status, Kind kind, ObjectNode object, WriteRequest write)
      throws IOException {
    call.warn(write.warnings());
    call.respond(status, Presentation.wanted(call).one(call, kind, object));
  }

  static WriteRequest writeRequest(Call call) {
    FieldValidation validation =
        switch (call.parameter("fieldValidation")) {
          case "Strict" -> FieldValidation.STRICT;
          case "Ignore" -> FieldValidation.IGNORE;
          default -> FieldValidation.WARN;
        };
    return new WriteRequest(
        dryRun(call), manager(call), validation, call.flag("force"), new ArrayList<>());
  }

  private static boolean dryRun(Call call) {
    String dryRun = call.parameter("dryRun");
    if (!dryRun.isEmpty() && !dryRun.equals("All")) {
      throw ApiFailure.badRequest(
          "dryRun: Unsupported value: \"" + dryRun + "\": supported values: \"All\"");
    }
    return !dryRun.isEmpty();
  }

  private static String manager(Call call) {
    String named = call.parameter("fieldManager");
    if (!named.isEmpty()) {
      return named;
    }
    String agent = call.header("User-Agent");
    int slash = agent.indexOf('/');
    String program = slash < 0 ? agent : agent.substring(0, slash);
    return program.isEmpty() ? "unknown" : program;
  }
}
