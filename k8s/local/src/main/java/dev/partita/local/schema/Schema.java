package dev.partita.local.schema;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.partita.local.json.Json;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/// A read-only view over one OpenAPI v3 schema and, through it, over those of its fields and items.
///
/// References are resolved when they are followed, so that recursive definitions are fine. Views
/// are cached, which makes identity of `Schema` objects usable as a cache key ([ValidationRules]
/// relies on that).
public final class Schema {
  /// How a list is merged and owned.
  public enum ListType {
    /// As one value.
    ATOMIC,
    /// Scalars, each at most once.
    SET,
    /// Objects, each known by the values of its key fields.
    MAP
  }

  private final JsonNode source;
  private final Function<String, Schema> references;
  private final boolean openWhenEmpty;
  private final Map<String, Schema> children = new ConcurrentHashMap<>();
  private final List<String> listMapKeys;
  private final List<CelRule> rules;

  private Schema(JsonNode source, Function<String, Schema> references, boolean openWhenEmpty) {
    this.source = source;
    this.references = references;
    this.openWhenEmpty = openWhenEmpty;
    this.listMapKeys = Json.strings(source, "x-kubernetes-list-map-keys");
    this.rules =
        Json.elements(source, "x-kubernetes-validations").stream().map(CelRule::compile).toList();
  }

  /// The view of a built-in definition: an object without declared fields may hold any.
  static Schema builtIn(JsonNode source, Function<String, Schema> references) {
    return new Schema(source, references, true);
  }

  /// The view of a custom resource's schema. Its `metadata` is that of every object.
  public static Schema custom(JsonNode openApiSchema) {
    ObjectNode root =
        openApiSchema instanceof ObjectNode object ? object.deepCopy() : Json.object();
    root.put("type", "object");
    addObjectFields(root);
    return new Schema(root, BuiltInSchemas::reference, false);
  }

  private static void addObjectFields(ObjectNode schema) {
    ObjectNode properties = Json.ensure(schema, "properties");
    Json.putIfAbsent(properties, "apiVersion", Json.object().put("type", "string"));
    Json.putIfAbsent(properties, "kind", Json.object().put("type", "string"));
    properties.set("metadata", Json.object().put("$ref", BuiltInSchemas.OBJECT_META));
  }

  /// The schema itself, as JSON.
  public JsonNode source() {
    return source;
  }

  /// `object`, `array`, `string`, `integer`, `number`, `boolean`, or empty when any type is fine.
  public String type() {
    return Json.string(source, "type");
  }

  public String format() {
    return Json.string(source, "format");
  }

  public boolean intOrString() {
    return source.path("x-kubernetes-int-or-string").asBoolean()
        || "int-or-string".equals(format());
  }

  public boolean nullable() {
    return source.path("nullable").asBoolean();
  }

  /// The schema of a declared field, null when it is not declared.
  public @Nullable Schema property(String name) {
    JsonNode property = source.path("properties").get(name);
    return property == null ? null : child("p:" + name, property);
  }

  /// The schema of a field, declared or additional; null when nothing is known about it.
  public @Nullable Schema field(String name) {
    Schema declared = property(name);
    return declared != null ? declared : additional();
  }

  public Map<String, Schema> properties() {
    Map<String, Schema> all = new LinkedHashMap<>();
    source
        .path("properties")
        .properties()
        .forEach(e -> all.put(e.getKey(), child("p:" + e.getKey(), e.getValue())));
    return all;
  }

  /// The schema of undeclared fields of a map, null when the object is not a map.
  public @Nullable Schema additional() {
    return source.get("additionalProperties") instanceof ObjectNode object
        ? child("a", object)
        : null;
  }

  public @Nullable Schema items() {
    return source.get("items") instanceof ObjectNode object ? child("i", object) : null;
  }

  /// Fields that have to be there. In the published schemas of built-in kinds the word only means
  /// that the field is always written, so that nothing is required of them here.
  List<String> requiredFields() {
    return openWhenEmpty ? List.of() : Json.strings(source, "required");
  }

  /// The parts of `allOf`, `anyOf` or `oneOf`.
  List<Schema> parts(String combinator) {
    List<JsonNode> parts = Json.elements(source, combinator);
    return IntStream.range(0, parts.size())
        .mapToObj(n -> child(combinator + n, parts.get(n)))
        .toList();
  }

  @Nullable Schema not() {
    return source.get("not") instanceof ObjectNode object ? child("not", object) : null;
  }

  private Schema child(String key, JsonNode schema) {
    Schema known = children.get(key);
    if (known != null) {
      return known;
    }
    Schema made = make(schema);
    Schema raced = children.putIfAbsent(key, made);
    return raced == null ? made : raced;
  }

  private Schema make(JsonNode schema) {
    String reference = Json.string(schema, "$ref");
    if (!reference.isEmpty() && schema.size() == 1) {
      return references.apply(reference);
    }
    if (!reference.isEmpty()) {
      ObjectNode merged = ((ObjectNode) references.apply(reference).source()).deepCopy();
      ObjectNode own = schema.deepCopy();
      own.remove("$ref");
      merged.setAll(own);
      return new Schema(merged, references, openWhenEmpty);
    }
    if (schema.path("x-kubernetes-embedded-resource").asBoolean()) {
      ObjectNode embedded = schema.deepCopy();
      addObjectFields(embedded);
      return new Schema(embedded, references, openWhenEmpty);
    }
    return new Schema(schema, references, openWhenEmpty);
  }

  /// Whether fields that the schema does not declare are kept.
  public boolean keepsUnknownFields() {
    if (source.path("x-kubernetes-preserve-unknown-fields").asBoolean()
        || source.path("additionalProperties").asBoolean()) {
      return true;
    }
    return openWhenEmpty && !source.has("properties") && !source.has("additionalProperties");
  }

  public ListType listType() {
    return switch (Json.string(source, "x-kubernetes-list-type")) {
      case "map" -> ListType.MAP;
      case "set" -> ListType.SET;
      default -> ListType.ATOMIC;
    };
  }

  public List<String> listMapKeys() {
    return listMapKeys;
  }

  /// Whether an object is merged and owned as one value.
  public boolean atomicObject() {
    return "atomic".equals(Json.string(source, "x-kubernetes-map-type"))
        || (openWhenEmpty && keepsUnknownFields());
  }

  /// The key by which a strategic merge patch merges this list of objects, empty when there is
  /// none.
  public String patchMergeKey() {
    return Json.string(source, "x-kubernetes-patch-merge-key");
  }

  public boolean patchMerges() {
    return Json.string(source, "x-kubernetes-patch-strategy").contains("merge");
  }

  public boolean patchRetainsKeys() {
    return Json.string(source, "x-kubernetes-patch-strategy").contains("retainKeys");
  }

  /// The value that an absent field gets, a missing node when there is none.
  public JsonNode defaultValue() {
    return source.path("default");
  }

  List<CelRule> rules() {
    return rules;
  }
}
