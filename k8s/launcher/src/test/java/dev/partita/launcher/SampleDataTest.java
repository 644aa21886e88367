package dev.partita.launcher;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import org.junit.jupiter.api.Test;

class SampleDataTest {
  @Test
  void describesACharacter() {
    ObjectNode pi = SampleData.character(0x3C0);

    assertThat(pi.toString())
        .isEqualTo(
            "{\"id\":960,\"character\":\"π\",\"name\":\"GREEK SMALL LETTER PI\",\"script\":\"Greek\","
                + "\"block\":\"Greek\",\"category\":\"Ll\"}");
  }

  @Test
  void onlyNumbersHaveANumericValue() {
    assertThat(SampleData.character('7').path("numericValue").intValue()).isEqualTo(7);
    assertThat(SampleData.character('a').has("numericValue")).isFalse();
  }

  @Test
  void everyNamedCharacterComesOnceInAscendingOrder() {
    List<Integer> ids = SampleData.characters().map(each -> each.path("id").intValue()).toList();

    assertThat(ids).doesNotHaveDuplicates().isSorted().contains(0x3C0, 0x1F600, 0xE0001);
    assertThat(ids).hasSize((int) SampleData.characterCount());
    assertThat(ids).as("private use").doesNotContain(0xE000);
  }

  @Test
  void blocksCountTheirCharacters() {
    ObjectNode greek =
        SampleData.blocks()
            .filter(block -> block.path("id").textValue().equals("Greek"))
            .findFirst()
            .orElseThrow();

    assertThat(greek.path("first").intValue()).isEqualTo(0x370);
    assertThat(greek.path("last").intValue()).isEqualTo(0x3FF);
    long characters =
        SampleData.characters()
            .filter(each -> each.path("block").textValue().equals("Greek"))
            .count();
    assertThat(greek.path("characters").longValue()).isEqualTo(characters);
  }
}
