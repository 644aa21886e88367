package dev.partita.local.kind;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.partita.local.json.Json;
import java.time.Duration;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PrintingTest {
  private static final JsonNode OBJECT =
      Json.parseTrusted(
          "{\"a\":{\"b.c\":1,\"l\":[{\"t\":\"x\",\"v\":1},{\"t\":\"y\",\"v\":2}],\"n\":null}}");

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        ".a['b.c'] | 1",
        ".a.b\\.c | 1",
        ".a.l[0].v | 1",
        ".a.l[-1].v | 2",
        ".a.l[*].v | 1",
        ".a.l[?(@.t==\"y\")].v | 2",
        ".a.l[?(@.t=='z')].v | none",
        ".a.n | none",
        ".b | none",
        "a.b | not a path",
      })
  void pathsFindValues(String path, String expected) {
    String found =
        JsonPath.parse(path)
            .map(p -> p.first(OBJECT).map(JsonNode::asText).orElse("none"))
            .orElse("not a path");
    assertThat(found).isEqualTo(expected);
  }

  @ParameterizedTest
  @CsvSource({
    "PT0S,0s",
    "PT119S,119s",
    "PT2M,2m",
    "PT2M5S,2m5s",
    "PT10M30S,10m",
    "PT2H59M,179m",
    "PT3H,3h",
    "PT3H5M,3h5m",
    "PT47H,47h",
    "PT48H,2d",
    "PT50H,2d2h",
    "P8D,8d",
    "P729D,729d",
    "P800D,2y70d",
    "P3000D,8y",
    "PT-5S,<invalid>"
  })
  void agesAreShort(Duration duration, String expected) {
    assertThat(HumanDuration.of(duration)).isEqualTo(expected);
  }
}
