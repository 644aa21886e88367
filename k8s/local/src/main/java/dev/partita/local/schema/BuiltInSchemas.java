package dev.partita.local.schema;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.partita.local.json.Json;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/// The schemas of the built-in kinds, read from `builtin-schemas.json`.
///
/// That file is a condensed form of the OpenAPI documents which every Kubernetes API server
/// publishes (release 1.35): names, types, list keys and merge keys, without the descriptions.
public final class BuiltInSchemas {
  static final String REFERENCE_PREFIX = "#/components/schemas/";
  static final String OBJECT_META =
      REFERENCE_PREFIX + "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta";

  private static final ObjectNode DEFINITIONS = read();
  private static final Map<String, Schema> SCHEMAS = new ConcurrentHashMap<>();

  private BuiltInSchemas() {}

  /// The schema of a definition such as `io.k8s.api.core.v1.Pod`.
  public static Schema named(String name) {
    Schema known = SCHEMAS.get(name);
    if (known != null) {
      return known;
    }
    JsonNode source = DEFINITIONS.get(name);
    if (source == null) {
      throw new IllegalArgumentException("no definition " + name);
    }
    Schema made = Schema.builtIn(source, BuiltInSchemas::reference);
    Schema raced = SCHEMAS.putIfAbsent(name, made);
    return raced == null ? made : raced;
  }

  static Schema reference(String reference) {
    return named(reference.substring(REFERENCE_PREFIX.length()));
  }

  /// All definitions, for publishing. Not to be changed.
  public static ObjectNode definitions() {
    return DEFINITIONS;
  }

  private static ObjectNode read() {
    try (InputStream in = BuiltInSchemas.class.getResourceAsStream("builtin-schemas.json")) {
      if (in == null) {
        throw new IllegalStateException("builtin-schemas.json is missing");
      }
      return Json.parseTrusted(in.readAllBytes());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
