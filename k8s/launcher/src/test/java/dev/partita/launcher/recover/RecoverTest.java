package dev.partita.launcher.recover;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.partita.launcher.recover.RecoverOptions.Action;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RecoverTest {
  private static final RecoverOptions LOSING =
      RecoverOptions.parse(List.of("plan", "--lost", "main-1,main-2", "--edges", "shop-0"));

  private static JsonNode plan(String refusals) {
    String json =
        """
        {"id": "abc", "lost": [{"id": "1", "name": "main-1"}], "survivors": [{"id": "3", "name": ""}],
         "groups": [{"id": "0", "name": "system", "kept": {"id": "3", "name": "main-0"}, "loss": "much"}],
         "gone": ["orders"], "whole": 2, "refusals": [%s], "warnings": ["look out"], "failures": {}}
        """
            .formatted(refusals);
    try {
      return new ObjectMapper().readTree(json);
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException(json, e);
    }
  }

  @Test
  void optionsAreRead() {
    assertThat(LOSING.lost()).containsExactly("main-1", "main-2");
    assertThat(LOSING.edges()).containsExactly("shop-0");
    RecoverOptions apply = RecoverOptions.parse(List.of("apply", "abc", "--lost", "1"));
    assertThat(apply.action()).isEqualTo(Action.APPLY);
    assertThat(apply.id()).isEqualTo("abc");
    assertThat(RecoverOptions.parse(List.of("list")).action()).isEqualTo(Action.LIST);
    assertThat(RecoverOptions.parse(List.of("acknowledge", "abc")).id()).isEqualTo("abc");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "everything",
        "plan",
        "plan abc --lost 1",
        "plan --lost",
        "plan --lost 1 --force",
        "apply --lost 1",
        "apply abc",
        "list --lost 1",
        "acknowledge",
        "acknowledge a b"
      })
  void whatMakesNoSenseIsRefused(String line) {
    List<String> words = line.isEmpty() ? List.of() : List.of(line.split(" "));
    assertThatThrownBy(() -> RecoverOptions.parse(words))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void aPlanSaysWhatMayBeLostAndHowToApplyIt() {
    assertThat(RecoverPage.plan(plan(""), LOSING))
        .contains("NOTHING HAS BEEN CHANGED")
        .contains("lost for ever   main-1 (1)")
        .contains("surviving       3\n")
        .contains("system goes on from main-0 (3)\n      much")
        .contains("orders\n      NO REPLICA SURVIVES")
        .contains("* look out")
        .contains("./partita recover apply abc --lost main-1,main-2 --edges shop-0\n");
  }

  @Test
  void aPlanThatCannotBeAppliedSaysWhyAndNotHow() {
    assertThat(RecoverPage.plan(plan("\"node main-1 answers\""), LOSING))
        .contains("IT CANNOT BE APPLIED:\n  * node main-1 answers")
        .doesNotContain("recover apply");
  }

  @Test
  void whatWasDoneSaysWhatIsLeftToDo() {
    assertThat(RecoverPage.applied(plan("")))
        .startsWith("DONE: ")
        .contains("./partita recover acknowledge abc");
  }
}
