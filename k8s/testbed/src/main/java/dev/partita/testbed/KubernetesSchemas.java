package dev.partita.testbed;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.IntStream;

/// What the API servers of the supported Kubernetes versions take, for the kinds that the chart and
/// the operator make, as their OpenAPI documents tell: names of fields, types and required fields.
/// What they do not tell (rules between fields, CEL, quotas) only a real API server checks.
///
/// The documents come from the source of each version and are condensed by `go run ./schemas`: the
/// first version is whole, each later one what differs from the one before.
public final class KubernetesSchemas {
  /// Of minor versions: the first and the last that are supported.
  private static final int OLDEST = 30;

  private static final int NEWEST = 37;

  private static final ObjectMapper MAPPER = new ObjectMapper();

  private final String version;
  private final Map<String, JsonNode> definitions;

  private KubernetesSchemas(String version, Map<String, JsonNode> definitions) {
    this.version = version;
    this.definitions = definitions;
  }

  /// Of every supported version, the oldest first.
  public static List<KubernetesSchemas> all() {
    List<KubernetesSchemas> all = new ArrayList<>();
    Map<String, JsonNode> definitions = new HashMap<>();
    for (String version :
        IntStream.rangeClosed(OLDEST, NEWEST).mapToObj(minor -> "1." + minor).toList()) {
      difference(version)
          .properties()
          .forEach(each -> {
            if (each.getValue().isNull()) {
              definitions.remove(each.getKey());
            } else {
              definitions.put(each.getKey(), each.getValue());
            }
          });
      all.add(new KubernetesSchemas(version, Map.copyOf(definitions)));
    }
    return all;
  }

  private static JsonNode difference(String version) {
    String name = "schemas/" + version + ".json";
    try (InputStream in = KubernetesSchemas.class.getResourceAsStream(name)) {
      if (in == null) {
        throw new IllegalStateException(
            name + " is missing: run 'go run ./schemas' in k8s/testbed");
      }
      return MAPPER.readTree(in);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// Such as `1.30`.
  public String version() {
    return version;
  }

  /// What an API server of this version would not take, each with the path of the field.
  ///
  /// @param object with `apiVersion` and `kind`
  public List<String> violations(JsonNode object) {
    List<String> found = new ArrayList<>();
    String kind = definition(object.path("apiVersion").asText(), object.path("kind").asText());
    JsonNode schema = definitions.get(kind);
    if (schema == null) {
      found.add(kind + " is not served by Kubernetes " + version);
    } else {
      check(schema, object, "", found);
    }
    return found;
  }

  /// `networking.k8s.io/v1` and `NetworkPolicy` are `io.k8s.api.networking.v1.NetworkPolicy`.
  private static String definition(String apiVersion, String kind) {
    int slash = apiVersion.indexOf('/');
    String group = slash < 0 ? "core" : apiVersion.substring(0, slash);
    String shortGroup = group.contains(".") ? group.substring(0, group.indexOf('.')) : group;
    String name = "." + apiVersion.substring(slash + 1) + "." + kind;
    return group.equals("apiextensions.k8s.io")
        ? "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions" + name
        : "io.k8s.api." + shortGroup + name;
  }

  private void check(JsonNode schema, JsonNode value, String path, List<String> found) {
    if (schema.has("$ref")) {
      check(
          Objects.requireNonNull(definitions.get(schema.path("$ref").asText())),
          value,
          path,
          found);
      return;
    }
    if (!isOfType(schema, value)) {
      found.add(path + ": " + value + " is not of the type " + types(schema));
      return;
    }
    if (schema.has("enum") && schema.path("enum").valueStream().noneMatch(value::equals)) {
      found.add(path + ": " + value + " is none of " + schema.path("enum"));
    }
    if (value.isObject()) {
      checkFields(schema, value, path, found);
    } else if (value.isArray()) {
      for (int i = 0; i < value.size(); i++) {
        check(schema.path("items"), value.path(i), path + "[" + i + "]", found);
      }
    }
  }

  /// An object without declared fields may have any.
  private void checkFields(JsonNode schema, JsonNode object, String path, List<String> found) {
    for (JsonNode required : schema.path("required")) {
      if (!object.has(required.asText())) {
        found.add(join(path, required.asText()) + " is missing");
      }
    }
    JsonNode fields = schema.path("properties");
    JsonNode others = schema.path("additionalProperties");
    object
        .properties()
        .forEach(each -> {
          String name = join(path, each.getKey());
          if (fields.has(each.getKey())) {
            check(fields.path(each.getKey()), each.getValue(), name, found);
          } else if (others.isObject()) {
            check(others, each.getValue(), name, found);
          } else if (!fields.isEmpty()) {
            found.add(name + " is unknown");
          }
        });
  }

  private static boolean isOfType(JsonNode schema, JsonNode value) {
    List<String> types = types(schema);
    return types.isEmpty() || types.stream().anyMatch(type -> isOfType(type, value));
  }

  private static boolean isOfType(String type, JsonNode value) {
    return switch (type) {
      case "object" -> value.isObject();
      case "array" -> value.isArray();
      case "string" -> value.isTextual();
      case "boolean" -> value.isBoolean();
      case "integer" -> value.isIntegralNumber();
      case "number" -> value.isNumber();
      default -> throw new IllegalArgumentException("schema of type " + type);
    };
  }

  /// None stands for any.
  private static List<String> types(JsonNode schema) {
    return schema.has("type")
        ? List.of(schema.path("type").asText())
        : schema.path("oneOf").valueStream().map(each -> each.path("type").asText()).toList();
  }

  private static String join(String path, String field) {
    return path.isEmpty() ? field : path + "." + field;
  }
}
