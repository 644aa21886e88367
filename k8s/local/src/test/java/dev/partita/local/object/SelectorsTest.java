package dev.partita.local.object;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.partita.local.json.Json;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SelectorsTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "``|true",
        "app=web|true",
        "app==web,tier=db|false",
        "app!=web|false",
        "other!=x|true",
        "app in (web, api)|true",
        "app notin (web)|false",
        "tier notin (a,b),app|true",
        "app|true",
        "!app|false",
        "!tier,partita.dev/site=x-1|true",
      })
  void labelsAreSelected(String selector, boolean accepted) {
    Map<String, String> labels = Map.of("app", "web", "partita.dev/site", "x-1");

    assertThat(Selectors.labels(selector).test(labels)).isEqualTo(accepted);
  }

  @Test
  void brokenSelectorsAreRefused() {
    assertThatThrownBy(() -> Selectors.labels("a in b")).isInstanceOf(ApiFailure.class);
    assertThatThrownBy(() -> Selectors.fields("a")).isInstanceOf(ApiFailure.class);
  }

  @ParameterizedTest
  @CsvSource({
    "metadata.name=a,true",
    "metadata.name!=a,false",
    "status.phase==Running,true",
    "spec.nodeName=,true",
    "spec.nodeName=x,false"
  })
  void fieldsAreSelected(String selector, boolean accepted) {
    assertThat(
            Selectors.fields(selector)
                .test(
                    Json.parseTrusted(
                        "{\"metadata\":{\"name\":\"a\"},\"status\":{\"phase\":\"Running\"}}")))
        .isEqualTo(accepted);
  }

  @Test
  void selectorObjectsAreReadAndWritten() {
    var selector =
        Json.parseTrusted(
            "{\"matchLabels\":{\"a\":\"b\"},\"matchExpressions\":[{\"key\":\"c\",\"operator\":\"In\",\"values\":[\"d\",\"e\"]}]}");

    assertThat(Selectors.object(selector).test(Map.of("a", "b", "c", "e"))).isTrue();
    assertThat(Selectors.object(selector).test(Map.of("a", "b"))).isFalse();
    assertThat(Selectors.text(selector)).isEqualTo("a=b,c in (d,e)");
  }
}
