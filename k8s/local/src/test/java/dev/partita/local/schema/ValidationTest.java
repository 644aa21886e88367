package dev.partita.local.schema;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.partita.local.json.Json;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ValidationTest {
  private static final Schema SCHEMA =
      Schema.custom(
          Json.parseTrusted(
              """
              {"type":"object","required":["s"],"properties":{
                "s":{"type":"string","maxLength":3,"minLength":1,"pattern":"^[a-z]+$"},
                "e":{"type":"string","enum":["x","y"]},
                "n":{"type":"integer","minimum":1,"maximum":9,"multipleOf":2,"default":4},
                "l":{"type":"array","maxItems":1,"items":{"type":"string"}},
                "m":{"type":"object","additionalProperties":{"type":"integer"}},
                "o":{"type":"object","nullable":true,"properties":{"d":{"type":"boolean","default":true}}},
                "any":{"type":"object","x-kubernetes-preserve-unknown-fields":true}}}
              """));

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{}                          | s: Required value",
        "{\"s\":1}                   | s: Invalid value: \"integer\": s in body must be of type string: \"integer\"",
        "{\"s\":\"abcd\"}            | s: Too long: may not be more than 3 bytes",
        "{\"s\":\"A\"}               | s: Invalid value: \"A\": s in body should match '^[a-z]+$'",
        "{\"s\":\"a\",\"e\":\"z\"}   | e: Unsupported value: \"z\": supported values: \"x\", \"y\"",
        "{\"s\":\"a\",\"n\":0}       | n: Invalid value: 0: n in body should be greater than or equal to 1",
        "{\"s\":\"a\",\"n\":10}      | n: Invalid value: 10: n in body should be less than or equal to 9",
        "{\"s\":\"a\",\"n\":3}       | n: Invalid value: 3: n in body should be a multiple of 2",
        "{\"s\":\"a\",\"l\":[\"1\",\"2\"]} | l: Too many: 2: must have at most 1 item",
        "{\"s\":\"a\",\"m\":{\"k\":\"v\"}} | m.k: Invalid value: \"string\": m.k in body must be of type integer: \"string\"",
      })
  void whatIsWrongIsNamed(String value, String expected) {
    assertThat(Validation.validate(SCHEMA, Json.parseTrusted(value)))
        .extracting(FieldError::toString)
        .containsExactly(expected);
  }

  @Test
  void unknownFieldsAreFoundAndPruned() {
    ObjectNode object =
        Json.parseTrusted(
            "{\"s\":\"a\",\"x\":1,\"o\":{\"y\":2},\"any\":{\"z\":3},\"metadata\":{\"name\":\"n\",\"nam\":\"m\"}}");

    assertThat(UnknownFields.prune(SCHEMA, object)).containsExactly("x", "o.y", "metadata.nam");
    assertThat(object)
        .isEqualTo(
            Json.parseTrusted(
                "{\"s\":\"a\",\"o\":{},\"any\":{\"z\":3},\"metadata\":{\"name\":\"n\"}}"));
  }

  @Test
  void defaultsCountWhereTheParentExists() {
    ObjectNode without = Json.parseTrusted("{\"s\":\"a\"}");
    ObjectNode with = Json.parseTrusted("{\"s\":\"a\",\"n\":null,\"o\":{}}");
    Defaults.apply(SCHEMA, without);
    Defaults.apply(SCHEMA, with);

    assertThat(without).isEqualTo(Json.parseTrusted("{\"s\":\"a\",\"n\":4}"));
    assertThat(with).isEqualTo(Json.parseTrusted("{\"s\":\"a\",\"n\":4,\"o\":{\"d\":true}}"));
  }

  @Test
  void builtInKindsHaveTheirKeysAndDefaults() {
    Schema ports =
        requireNonNull(BuiltInSchemas.named("io.k8s.api.core.v1.ServiceSpec").property("ports"));
    Schema protocol = requireNonNull(requireNonNull(ports.items()).property("protocol"));

    assertThat(ports.listMapKeys()).containsExactly("port", "protocol");
    assertThat(ports.patchMergeKey()).isEqualTo("port");
    assertThat(protocol.defaultValue().asText()).isEqualTo("TCP");
  }
}
