package dev.partita.local.schema;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/// Makes `builtin-schemas.json` out of the OpenAPI v3 documents that a Kubernetes API server
/// publishes (`api/openapi-spec/v3` of its source, or `/openapi/v3/...` of a running one): the
/// schemas that the served kinds reach, without descriptions and without the defaults that only
/// state a zero value. One schema a line.
///
/// Arguments: the directory of documents, the file to write.
final class CondenseOpenApi {
  private static final String PREFIX = "#/components/schemas/";
  private static final List<String> DOCUMENTS =
      List.of(
          "api__v1",
          "apis__apps__v1",
          "apis__autoscaling__v1",
          "apis__policy__v1",
          "apis__coordination.k8s.io__v1",
          "apis__rbac.authorization.k8s.io__v1",
          "apis__networking.k8s.io__v1",
          "apis__events.k8s.io__v1",
          "apis__apiextensions.k8s.io__v1",
          "apis__authorization.k8s.io__v1",
          "apis__authentication.k8s.io__v1",
          "apis__storage.k8s.io__v1");
  private static final List<String> ROOTS =
      List.of(
          "core.v1.Namespace",
          "core.v1.Pod",
          "core.v1.Service",
          "core.v1.ConfigMap",
          "core.v1.Secret",
          "core.v1.Event",
          "core.v1.PersistentVolumeClaim",
          "core.v1.PersistentVolume",
          "core.v1.Node",
          "core.v1.ServiceAccount",
          "core.v1.Endpoints",
          "apps.v1.StatefulSet",
          "apps.v1.Deployment",
          "apps.v1.ControllerRevision",
          "autoscaling.v1.Scale",
          "policy.v1.PodDisruptionBudget",
          "policy.v1.Eviction",
          "coordination.v1.Lease",
          "rbac.v1.Role",
          "rbac.v1.RoleBinding",
          "rbac.v1.ClusterRole",
          "rbac.v1.ClusterRoleBinding",
          "networking.v1.NetworkPolicy",
          "events.v1.Event",
          "storage.v1.StorageClass");

  private final Map<String, JsonNode> source = new TreeMap<>();
  private final Map<String, JsonNode> condensed = new TreeMap<>();

  public static void main(String[] args) throws IOException {
    ObjectMapper mapper = new ObjectMapper();
    CondenseOpenApi work = new CondenseOpenApi();
    for (String document : DOCUMENTS) {
      JsonNode root = mapper.readTree(Path.of(args[0], document + "_openapi.json").toFile());
      root.path("components")
          .path("schemas")
          .properties()
          .forEach(e -> work.source.put(e.getKey(), e.getValue()));
    }
    ROOTS.forEach(name -> work.add("io.k8s.api." + name));
    work.add("io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.CustomResourceDefinition");
    work.add("io.k8s.apimachinery.pkg.apis.meta.v1.DeleteOptions");
    List<String> lines = new ArrayList<>();
    for (var entry : work.condensed.entrySet()) {
      lines.add(
          mapper.writeValueAsString(entry.getKey())
              + ":"
              + mapper.writeValueAsString(entry.getValue()));
    }
    Files.writeString(Path.of(args[1]), "{\n" + String.join(",\n", lines) + "\n}\n");
  }

  private void add(String name) {
    JsonNode schema = source.get(name);
    if (schema == null) {
      throw new IllegalArgumentException("no schema " + name);
    }
    if (!condensed.containsKey(name)) {
      ObjectNode copy = schema.deepCopy();
      condensed.put(name, copy);
      condense(copy);
    }
  }

  private void condense(ObjectNode schema) {
    schema.remove(List.of("description", "x-kubernetes-unions"));
    if (schema.get("x-kubernetes-group-version-kind") instanceof ArrayNode kinds
        && kinds.size() > 1) {
      schema.remove("x-kubernetes-group-version-kind");
    }
    JsonNode value = schema.get("default");
    if (value != null && statesZero(value)) {
      schema.remove("default");
    }
    if (schema.get("allOf") instanceof ArrayNode all && all.size() == 1) {
      schema.remove("allOf");
      schema.set("$ref", all.get(0).get("$ref"));
    }
    JsonNode reference = schema.get("$ref");
    if (reference != null) {
      add(reference.asText().substring(PREFIX.length()));
    }
    if (schema.get("properties") instanceof ObjectNode properties) {
      properties.forEach(property -> condense((ObjectNode) property));
    }
    for (String child : List.of("items", "additionalProperties")) {
      if (schema.get(child) instanceof ObjectNode object) {
        condense(object);
      }
    }
  }

  private static boolean statesZero(JsonNode value) {
    return (value.isContainerNode() && value.isEmpty())
        || (value.isTextual() && value.asText().isEmpty())
        || (value.isNumber() && value.asInt() == 0)
        || (value.isBoolean() && !value.asBoolean());
  }
}
