package dev.partita.local.api;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.partita.local.json.Json;
import dev.partita.local.kind.JsonPath;
import dev.partita.local.kind.Kind.ScalePaths;
import dev.partita.local.object.ApiFailure;
import dev.partita.local.object.DeleteRequest;
import dev.partita.local.object.ObjectService;
import dev.partita.local.object.Selectors;
import dev.partita.local.object.WriteRequest;
import dev.partita.local.object.WriteRequest.Target;
import java.io.IOException;
import java.io.OutputStream;
import java.util.Arrays;

/// Answers requests on parts of objects: scale, logs, evictions, and the finalizing of namespaces.
final class SubresourceHandler {
  private final ObjectService objects;
  private final PodLogs logs;

  SubresourceHandler(ObjectService objects, PodLogs logs) {
    this.objects = objects;
    this.logs = logs;
  }

  void handle(Call call, Target target) throws IOException {
    if (!target.kind().subresources().contains(target.subresource())) {
      throw ApiFailure.unknownPath();
    }
    switch (target.subresource() + " " + call.method()) {
      case "scale GET" -> call.respond(200, scale(target));
      case "scale PUT" ->
          call.respond(200, setScale(target, call.object(), ObjectHandler.writeRequest(call)));
      case "scale PATCH" -> patchScale(call, target);
      case "log GET" -> log(call, target);
      case "eviction POST" -> evict(call, target);
      case "finalize PUT" -> finalizeNamespace(call, target);
      default -> throw ApiFailure.methodNotAllowed();
    }
  }

  private ObjectNode scale(Target target) {
    return scaleOf(target, objects.get(target));
  }

  private static ObjectNode scaleOf(Target target, ObjectNode object) {
    ScalePaths paths = target.kind().scalePaths().orElseThrow(ApiFailure::unknownPath);
    ObjectNode scale = Json.object().put("kind", "Scale").put("apiVersion", "autoscaling/v1");
    ObjectNode metadata = scale.putObject("metadata");
    for (String field :
        new String[] {"name", "namespace", "uid", "resourceVersion", "creationTimestamp"}) {
      if (Json.has(object, "metadata", field)) {
        metadata.set(field, object.path("metadata").path(field));
      }
    }
    scale.putObject("spec").put("replicas", number(object, paths.specReplicas()));
    ObjectNode status =
        scale.putObject("status").put("replicas", number(object, paths.statusReplicas()));
    String selector =
        paths.selector().isEmpty()
            ? Selectors.text(object.path("spec").path("selector"))
            : JsonPath.parse(paths.selector())
                .flatMap(p -> p.first(object))
                .map(JsonNode::asText)
                .orElse("");
    if (!selector.isEmpty()) {
      status.put("selector", selector);
    }
    return scale;
  }

  private static long number(ObjectNode object, String path) {
    return JsonPath.parse(path).flatMap(p -> p.first(object)).map(JsonNode::asLong).orElse(0L);
  }

  private ObjectNode setScale(Target target, ObjectNode scale, WriteRequest write) {
    ScalePaths paths = target.kind().scalePaths().orElseThrow(ApiFailure::unknownPath);
    long replicas = Json.number(scale, 0, "spec", "replicas");
    String version = Json.string(scale, "metadata", "resourceVersion");
    ObjectNode result =
        objects.modify(
            target,
            live -> {
              if (!version.isEmpty()) {
                Json.ensure(live, "metadata").put("resourceVersion", version);
              }
              String[] steps = paths.specReplicas().substring(1).split("\\.", -1);
              Json.ensure(live, Arrays.copyOf(steps, steps.length - 1))
                  .put(steps[steps.length - 1], replicas);
              return live;
            },
            write);
    return scaleOf(target, result);
  }

  private void patchScale(Call call, Target target) throws IOException {
    JsonNode patch = call.tree();
    boolean apply = call.contentType().equals(PatchHandler.APPLY);
    String type = apply ? "application/merge-patch+json" : call.contentType();
    ObjectNode patched = PatchHandler.patched(type, null, scale(target), patch);
    Json.ensure(patched, "metadata").remove("resourceVersion");
    call.respond(200, setScale(target, patched, ObjectHandler.writeRequest(call)));
  }

  private void log(Call call, Target target) throws IOException {
    objects.get(target);
    long limit = call.number("limitBytes", -1);
    PodLogs.Query query =
        new PodLogs.Query(
            call.flag("follow"), call.number("tailLines", -1), limit, call.flag("previous"));
    try (OutputStream out = call.stream("text/plain")) {
      logs.write(target.namespace(), target.name(), query, out);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void evict(Call call, Target target) throws IOException {
    ObjectNode eviction = call.object();
    ObjectNode pod = objects.get(target);
    objects.kinds().find("policy", "v1", "poddisruptionbudgets").stream()
        .flatMap(kind -> objects.list(kind, target.namespace()).objects().stream())
        .filter(budget ->
            Selectors.object(budget.path("spec").path("selector")).test(Selectors.labelsOf(pod)))
        .filter(budget -> Json.number(budget, 0, "status", "disruptionsAllowed") < 1)
        .findFirst()
        .ifPresent(budget -> {
          throw ApiFailure.tooManyRequests(
              "Cannot evict pod as it would violate the pod's disruption budget.");
        });
    DeleteRequest request = DeleteRequest.of(eviction.path("deleteOptions"), false);
    objects.delete(Target.of(target.kind(), target.namespace(), target.name()), request);
    ObjectNode status = Json.object().put("kind", "Status").put("apiVersion", "v1");
    call.respond(201, status.put("status", "Success").put("code", 201));
  }

  private void finalizeNamespace(Call call, Target target) throws IOException {
    ObjectNode sent = call.object();
    WriteRequest write = ObjectHandler.writeRequest(call);
    ObjectNode result =
        objects.modify(
            target,
            live -> {
              live.set("spec", sent.path("spec").deepCopy());
              return live;
            },
            write);
    call.respond(200, result);
  }
}
