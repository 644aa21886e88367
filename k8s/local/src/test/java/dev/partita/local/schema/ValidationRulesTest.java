package dev.partita.local.schema;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.partita.local.json.Json;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ValidationRulesTest {
  private static final String PROPERTIES =
      "\"properties\":{\"n\":{\"type\":\"integer\"},\"f\":{\"type\":\"number\"},\"size\":{\"type\":\"string\"},\"a-b\":{\"type\":\"string\"},"
          + "\"namespace\":{\"type\":\"string\"},\"at\":{\"type\":\"string\",\"format\":\"date-time\"},\"any\":{\"x-kubernetes-int-or-string\":true},"
          + "\"l\":{\"type\":\"array\",\"items\":{\"type\":\"integer\"}}}";

  private static Schema schema(String rules) {
    return Schema.custom(
        Json.parseTrusted(
            "{\"type\":\"object\","
                + PROPERTIES
                + ",\"x-kubernetes-validations\":["
                + rules
                + "]}"));
  }

  private static List<String> broken(Schema schema, String value, @Nullable String old) {
    ObjectNode before = old == null ? null : Json.parseTrusted(old);
    return ValidationRules.validate(schema, Json.parseTrusted(value), before).stream()
        .map(FieldError::toString)
        .toList();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "self.n % 2 == 1                                         | {\"n\":3}            | true",
        "self.n % 2 == 1                                         | {\"n\":4}            | false",
        "self.f > 1                                              | {\"f\":2}            | true",
        "self.f > 1.5                                            | {\"f\":1}            | false",
        "has(self.n) && !has(self.f)                             | {\"n\":1}            | true",
        "(has(self.n) ? 1 : 0) + (has(self.f) ? 1 : 0) == 1      | {\"n\":1,\"f\":1}    | false",
        "self.l.all(x, x > 0) && self.l.sum() == 6               | {\"l\":[1,2,3]}      | true",
        "self.l.isSorted() && self.l.max() == 3                  | {\"l\":[1,3,2]}      | false",
        "self.l.indexOf(3) == 2                                  | {\"l\":[1,2,3]}      | true",
        "quantity(self.size).isGreaterThan(quantity('900Mi'))    | {\"size\":\"1Gi\"}   | true",
        "isQuantity(self.size)                                   | {\"size\":\"1Gib\"}  | false",
        "self.size.matches('^[0-9]+Gi$')                         | {\"size\":\"20Gi\"}  | true",
        "int(self.size.substring(0, self.size.size() - 2)) > 10  | {\"size\":\"20Gi\"}  | true",
        "self.a__dash__b == 'x'                                  | {\"a-b\":\"x\"}      | true",
        "self.__namespace__ == 'x'                               | {\"namespace\":\"x\"} | true",
        "self.at < timestamp('2027-01-01T00:00:00Z')             | {\"at\":\"2026-01-01T00:00:00Z\"} | true",
        "type(self.any) == int ? self.any > 1 : self.any == 'x'  | {\"any\":\"x\"}      | true",
        "type(self.any) == int ? self.any > 1 : self.any == 'x'  | {\"any\":1}          | false",
        "self.?n.orValue(7) == 7                                 | {}                   | true",
        "self.n in [1, 3, 5]                                     | {\"n\":2}            | false",
      })
  void rulesAreEvaluated(String rule, String value, boolean holds) {
    Schema schema = schema(Json.text(Json.object().put("rule", rule).put("message", "no")));

    assertThat(ValidationRules.compileErrors(schema)).isEmpty();
    assertThat(broken(schema, value, null))
        .isEqualTo(holds ? List.of() : List.of("<nil>: Invalid value: no"));
  }

  @Test
  void transitionRulesNeedAnOldValue() {
    Schema schema =
        schema(
            "{\"rule\":\"self.n >= oldSelf.n\",\"message\":\"shrinks\",\"fieldPath\":\".n\",\"reason\":\"FieldValueForbidden\"}");

    assertThat(broken(schema, "{\"n\":1}", null)).isEmpty();
    assertThat(broken(schema, "{\"n\":1}", "{\"n\":1}")).isEmpty();
    assertThat(broken(schema, "{\"n\":1}", "{\"n\":2}")).containsExactly("n: Forbidden: shrinks");
  }

  @Test
  void theOldValueMayBeOptional() {
    Schema schema =
        schema(
            "{\"rule\":\"oldSelf.hasValue() || self.n == 0\",\"optionalOldSelf\":true,\"message\":\"begins at 0\"}");

    assertThat(broken(schema, "{\"n\":1}", null))
        .containsExactly("<nil>: Invalid value: begins at 0");
    assertThat(broken(schema, "{\"n\":1}", "{\"n\":0}")).isEmpty();
  }

  @Test
  void itemsOfMapListsAreComparedByKey() {
    Schema schema =
        Schema.custom(
            Json.parseTrusted(
                """
                {"type":"object","properties":{"l":{"type":"array","x-kubernetes-list-type":"map","x-kubernetes-list-map-keys":["k"],
                 "items":{"type":"object","properties":{"k":{"type":"string"},"v":{"type":"integer","x-kubernetes-validations":[{"rule":"self >= oldSelf"}]}}}}}}
                """));

    assertThat(
            broken(
                schema,
                "{\"l\":[{\"k\":\"b\",\"v\":1},{\"k\":\"a\",\"v\":5}]}",
                "{\"l\":[{\"k\":\"a\",\"v\":5},{\"k\":\"b\",\"v\":2}]}"))
        .containsExactly("l[0].v: Invalid value: 1: failed rule: self >= oldSelf");
  }

  @Test
  void messagesMayBeExpressions() {
    Schema schema =
        schema("{\"rule\":\"self.n > 0\",\"messageExpression\":\"'n is ' + string(self.n)\"}");

    assertThat(broken(schema, "{\"n\":-1}", null)).containsExactly("<nil>: Invalid value: n is -1");
  }

  @Test
  void rulesThatDoNotCompileAreReported() {
    assertThat(ValidationRules.compileErrors(schema("{\"rule\":\"self.n ==\"}"))).hasSize(1);
  }
}
