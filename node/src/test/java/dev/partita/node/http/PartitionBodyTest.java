package dev.partita.node.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import dev.partita.node.admin.PartitionWish;
import dev.partita.node.error.DatabaseException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// A request for a partition says all that its custom resource can say, and nothing else.
class PartitionBodyTest {
  private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

  /// The kinds of bounds, of which a partition has one.
  private static final Set<String> BOUNDS = Set.of("range", "hash", "columns");

  /// The fields of which an element of `placement` has one.
  private static final Set<String> NAMES = Set.of("site", "siteSelector");

  /// Whatever the schema of the custom resource has, as long as it is there.
  static Stream<String> fields() throws IOException {
    List<String> fields = new ArrayList<>();
    schema().path("properties").fieldNames().forEachRemaining(fields::add);
    return fields.stream();
  }

  static JsonNode schema() throws IOException {
    Path file =
        Path.of(System.getProperty("partita.checkout"))
            .resolve("crds/partitions.partita.dev-v1.yml");
    return new ObjectMapper(new YAMLFactory())
        .readTree(file.toFile())
        .at("/spec/versions/0/schema/openAPIV3Schema/properties/spec");
  }

  @Test
  void theSchemaIsTheOneOfPartitions() throws IOException {
    assertThat(fields()).contains("collection", "replicas", "placement", "residency");
  }

  @ParameterizedTest
  @MethodSource("fields")
  void everyFieldOfTheCustomResourceIsHandedOn(String field) throws IOException {
    JsonNode schema = schema().path("properties").path(field);
    for (JsonNode value : samples(schema, field)) {
      ObjectNode body = JSON.objectNode();
      body.put("name", "p");
      if (!BOUNDS.contains(field)) {
        body.putObject("range");
      }
      body.set(field, value);

      ObjectNode spec = new PartitionBody(body).wish(PartitionWish.REPLICAS_DEFAULT).spec();

      assertThat(spec.get(field)).as(field).isEqualTo(value);
    }
  }

  /// Values with everything that the schema has, each at least once.
  private static List<JsonNode> samples(JsonNode schema, String field) {
    return switch (schema.path("type").asText()) {
      case "boolean" -> List.of(JSON.booleanNode(true));
      case "integer" -> List.of(JSON.numberNode(schema.path("minimum").asInt(1)));
      case "array" ->
          samples(schema.path("items"), field).stream()
              .<JsonNode>map(each -> JSON.arrayNode().add(each))
              .toList();
      case "object" -> objects(schema, field);
      default ->
          List.of(
              schema.has("enum")
                  ? schema.path("enum").get(0)
                  : schema.path("x-kubernetes-int-or-string").asBoolean()
                      ? JSON.numberNode(7)
                      : JSON.textNode("a"));
    };
  }

  private static List<JsonNode> objects(JsonNode schema, String field) {
    if (field.equals("placement")) {
      return NAMES.stream().map(name -> object(schema, other(name), field)).toList();
    }
    return List.of(object(schema, "", field));
  }

  private static String other(String name) {
    return NAMES.stream().filter(each -> !each.equals(name)).findFirst().orElseThrow();
  }

  private static JsonNode object(JsonNode schema, String but, String field) {
    ObjectNode object = JSON.objectNode();
    schema
        .path("properties")
        .properties()
        .forEach(property -> {
          if (!property.getKey().equals(but)) {
            object.set(
                property.getKey(),
                samples(property.getValue(), field + "." + property.getKey()).getFirst());
          }
        });
    if (schema.path("additionalProperties").isObject()) {
      object.put("key", "value");
    }
    return object;
  }

  @Test
  void whatIsNoFieldIsRefusedByName() {
    ObjectNode body = JSON.objectNode();
    body.put("name", "p").putObject("range");
    body.put("survives", "Zone");

    assertThatExceptionOfType(DatabaseException.class)
        .isThrownBy(() -> new PartitionBody(body))
        .satisfies(e -> assertThat(e.context()).containsEntry("member", "survives"));
  }

  @Test
  void aSiteIsGivenByNameOrByLabels() {
    ObjectNode body = JSON.objectNode();
    body.put("name", "p").putObject("range");
    ArrayNode placement = body.putArray("placement");
    placement.addObject().put("site", "main").putObject("siteSelector");

    PartitionBody both = new PartitionBody(body);

    assertThatExceptionOfType(DatabaseException.class)
        .isThrownBy(() -> both.wish(3))
        .satisfies(
            e -> assertThat(e.context()).containsEntry("member", "placement[0].siteSelector"));
  }

  @Test
  void onlyWhatIsPausedIsNotMade() {
    ObjectNode body = JSON.objectNode();
    body.put("name", "p").putObject("range");

    assertThat(new PartitionBody(body).wish(3).isPaused()).isFalse();
    body.put("paused", true);
    assertThat(new PartitionBody(body).wish(3).isPaused()).isTrue();
  }
}
