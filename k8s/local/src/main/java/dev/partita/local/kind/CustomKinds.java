package dev.partita.local.kind;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.partita.local.json.Json;
import dev.partita.local.schema.Schema;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/// Reads kinds out of custom resource definitions.
public final class CustomKinds {
  private CustomKinds() {}

  /// The served versions of a definition.
  public static List<Kind> of(ObjectNode definition) {
    List<Kind> kinds = new ArrayList<>();
    for (JsonNode version : Json.elements(definition, "spec", "versions")) {
      if (version.path("served").asBoolean()) {
        kinds.add(kind(definition, version));
      }
    }
    return kinds;
  }

  private static Kind kind(ObjectNode definition, JsonNode version) {
    JsonNode spec = definition.path("spec");
    String group = Json.string(spec, "group");
    Schema schema = Schema.custom(Json.at(version, "schema", "openAPIV3Schema"));
    Set<String> subresources = new TreeSet<>(Json.fieldNames(version.path("subresources")));
    return new Kind(
        group,
        Json.string(version, "name"),
        names(spec.path("names")),
        Json.string(spec, "scope").equals("Namespaced"),
        group + "/" + Json.string(spec, "names", "plural"),
        "",
        () -> schema,
        subresources,
        scale(version),
        Columns.custom(Json.elements(version, "additionalPrinterColumns")));
  }

  private static Kind.Names names(JsonNode names) {
    String kind = Json.string(names, "kind");
    String singular = Json.string(names, "singular");
    String listKind = Json.string(names, "listKind");
    return new Kind.Names(
        kind,
        listKind.isEmpty() ? kind + "List" : listKind,
        Json.string(names, "plural"),
        singular.isEmpty() ? kind.toLowerCase(Locale.ROOT) : singular,
        Json.strings(names, "shortNames"),
        Json.strings(names, "categories"));
  }

  private static Kind.@Nullable ScalePaths scale(JsonNode version) {
    JsonNode scale = Json.at(version, "subresources", "scale");
    if (scale.isMissingNode()) {
      return null;
    }
    return new Kind.ScalePaths(
        Json.string(scale, "specReplicasPath"),
        Json.string(scale, "statusReplicasPath"),
        Json.string(scale, "labelSelectorPath"));
  }
}
