package dev.partita.operator.placement;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.partita.crd.SiteSelector;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SelectorsTest {

  private static final Map<String, String> LABELS = Map.of("tier", "gold", "law", "eu");

  /// As `kubectl get sites --selector` decides for a Site with these labels.
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{}|''|true",
        "{'matchLabels':{'tier':'gold'}}|tier=gold|true",
        "{'matchLabels':{'tier':'gold','law':'us'}}|law=us,tier=gold|false",
        "{'matchLabels':{'other':'gold'}}|other=gold|false",
        "{'matchExpressions':[{'key':'tier','operator':'In','values':['gold','lead']}]}|tier in (gold,lead)|true",
        "{'matchExpressions':[{'key':'tier','operator':'In','values':['lead']}]}|tier in (lead)|false",
        "{'matchExpressions':[{'key':'other','operator':'In','values':['lead']}]}|other in (lead)|false",
        "{'matchExpressions':[{'key':'tier','operator':'NotIn','values':['lead']}]}|tier notin (lead)|true",
        "{'matchExpressions':[{'key':'tier','operator':'NotIn','values':['gold']}]}|tier notin (gold)|false",
        "{'matchExpressions':[{'key':'other','operator':'NotIn','values':['gold']}]}|other notin (gold)|true",
        "{'matchExpressions':[{'key':'law','operator':'Exists'}]}|law|true",
        "{'matchExpressions':[{'key':'other','operator':'Exists'}]}|other|false",
        "{'matchExpressions':[{'key':'other','operator':'DoesNotExist'}]}|!other|true",
        "{'matchLabels':{'tier':'gold'},'matchExpressions':[{'key':'law','operator':'DoesNotExist'}]}|tier=gold,!law|false",
      },
      quoteCharacter = '`')
  void labelsAreSelectedAsKubernetesDoes(String json, String text, boolean matches)
      throws JsonProcessingException {
    SiteSelector selector =
        new ObjectMapper().readValue(json.replace('\'', '"'), SiteSelector.class);
    assertThat(Selectors.matches(selector, LABELS)).isEqualTo(matches);
    assertThat(Selectors.text(selector)).isEqualTo(text.replace("''", ""));
  }
}
