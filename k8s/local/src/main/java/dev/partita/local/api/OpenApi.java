package dev.partita.local.api;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.partita.local.json.Json;
import dev.partita.local.kind.Kind;
import dev.partita.local.kind.KindRegistry;
import dev.partita.local.object.ApiFailure;
import dev.partita.local.schema.BuiltInSchemas;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;

/// OpenAPI v3 documents, one for each group and version: what `kubectl apply` needs to know which
/// validation the server does, and `kubectl explain` to explain.
final class OpenApi {
  private static final String REFERENCE = "#/components/schemas/";
  private static final List<String> PATCH_PARAMETERS =
      List.of("dryRun", "fieldManager", "fieldValidation", "force");
  private static final List<String> WRITE_PARAMETERS =
      List.of("dryRun", "fieldManager", "fieldValidation");

  private final KindRegistry kinds;

  OpenApi(KindRegistry kinds) {
    this.kinds = kinds;
  }

  /// The list of documents.
  ObjectNode index() {
    ObjectNode index = Json.object();
    ObjectNode paths = index.putObject("paths");
    addToIndex(paths, "api/v1", "", "v1");
    kinds
        .groups()
        .forEach((group, versions) ->
            versions.forEach(
                version -> addToIndex(paths, "apis/" + group + "/" + version, group, version)));
    return index;
  }

  private void addToIndex(ObjectNode paths, String path, String group, String version) {
    String hash = Integer.toHexString(document(group, version).hashCode());
    paths.putObject(path).put("serverRelativeURL", "/openapi/v3/" + path + "?hash=" + hash);
  }

  /// The document at `/openapi/v3/{path}`.
  ObjectNode document(List<String> path) {
    if (path.equals(List.of("api", "v1"))) {
      return document("", "v1");
    } else if (path.size() == 3 && path.getFirst().equals("apis")) {
      return document(path.get(1), path.get(2));
    }
    throw ApiFailure.unknownPath();
  }

  private ObjectNode document(String group, String version) {
    ObjectNode document = Json.object().put("openapi", "3.0.0");
    document.putObject("info").put("title", "Partita local control plane").put("version", "v1");
    ObjectNode paths = document.putObject("paths");
    ObjectNode schemas = Json.ensure(document, "components", "schemas");
    for (Kind kind : kinds.ofGroupVersion(group, version)) {
      addPaths(paths, kind);
      addSchema(schemas, kind);
    }
    return document;
  }

  private static void addPaths(ObjectNode paths, Kind kind) {
    String prefix =
        kind.group().isEmpty() ? "/api/" + kind.version() : "/apis/" + kind.apiVersion();
    String collection =
        prefix + (kind.namespaced() ? "/namespaces/{namespace}/" : "/") + kind.plural();
    ObjectNode all = paths.putObject(collection);
    all.set("get", operation(kind, "list", List.of()));
    all.set("post", operation(kind, "post", WRITE_PARAMETERS));
    all.set("delete", operation(kind, "deletecollection", List.of("dryRun")));
    ObjectNode one = paths.putObject(collection + "/{name}");
    one.set("get", operation(kind, "get", List.of()));
    one.set("put", operation(kind, "put", WRITE_PARAMETERS));
    one.set("delete", operation(kind, "delete", List.of("dryRun")));
    ObjectNode patch = operation(kind, "patch", PATCH_PARAMETERS);
    one.set("patch", patch);
    ObjectNode content = Json.ensure(patch, "requestBody", "content");
    content.putObject("application/json-patch+json");
    content.putObject("application/merge-patch+json");
    content.putObject("application/apply-patch+yaml");
    if (!kind.custom()) {
      content.putObject("application/strategic-merge-patch+json");
    }
  }

  private static ObjectNode operation(Kind kind, String action, List<String> parameters) {
    ObjectNode operation = Json.object().put("x-kubernetes-action", action);
    operation.set("x-kubernetes-group-version-kind", groupVersionKind(kind));
    for (String name : parameters) {
      ObjectNode parameter = operation.withArray("parameters").addObject();
      parameter.put("name", name).put("in", "query");
      parameter.putObject("schema").put("type", name.equals("force") ? "boolean" : "string");
    }
    ObjectNode schema =
        Json.ensure(operation, "responses", "200", "content", "application/json", "schema");
    schema.put("$ref", REFERENCE + schemaName(kind));
    return operation;
  }

  private static ObjectNode groupVersionKind(Kind kind) {
    return Json.object()
        .put("group", kind.group())
        .put("version", kind.version())
        .put("kind", kind.kind());
  }

  private static String schemaName(Kind kind) {
    if (!kind.custom()) {
      return kind.definition();
    }
    List<String> domain = new ArrayList<>(Arrays.asList(kind.group().split("\\.", -1)));
    Collections.reverse(domain);
    return String.join(".", domain) + "." + kind.version() + "." + kind.kind();
  }

  private static void addSchema(ObjectNode schemas, Kind kind) {
    ObjectNode schema = kind.schema().source().deepCopy();
    schema.putArray("x-kubernetes-group-version-kind").add(groupVersionKind(kind));
    schemas.set(schemaName(kind), schema);
    addReferenced(schemas, schema);
  }

  private static void addReferenced(ObjectNode schemas, JsonNode node) {
    JsonNode reference = node.path("$ref");
    if (reference.isTextual() && reference.asText().startsWith(REFERENCE)) {
      String name = reference.asText().substring(REFERENCE.length());
      JsonNode definition = BuiltInSchemas.definitions().path(name);
      if (!schemas.has(name) && definition.isObject()) {
        schemas.set(name, definition);
        addReferenced(schemas, definition);
      }
    }
    node.forEach(child -> addReferenced(schemas, child));
  }
}
