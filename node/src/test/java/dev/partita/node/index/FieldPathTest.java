package dev.partita.node.index;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.partita.node.index.FieldPath.Elements;
import dev.partita.node.index.FieldPath.Member;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class FieldPathTest {

  @Test
  void namesArraysAndEscapesAreSteps() {
    assertThat(FieldPath.parse("size").steps()).containsExactly(new Member("size"));
    assertThat(FieldPath.parse("a.b").steps()).containsExactly(new Member("a"), new Member("b"));
    assertThat(FieldPath.parse("items[*].sku").steps())
        .isEqualTo(List.of(new Member("items"), new Elements(), new Member("sku")));
    assertThat(FieldPath.parse("m[*][*]").steps())
        .isEqualTo(List.of(new Member("m"), new Elements(), new Elements()));
    assertThat(FieldPath.parse("a\\.b\\[*\\]\\\\").steps()).containsExactly(new Member("a.b[*]\\"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"size", "a.b.c", "tags[*]", "a[*].b[*]", "a\\.b", "\\[\\]", "\\\\"})
  void theTextFormIsReadBack(String text) {
    assertThat(FieldPath.parse(text)).hasToString(text);
    assertThat(FieldPath.parse(FieldPath.parse(text).toString())).isEqualTo(FieldPath.parse(text));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", ".", "a.", ".a", "a..b", "a[0]", "a[", "a]", "[*]", "a[*]b", "a[*].", "a\\"})
  void whatIsNoPathIsRefused(String text) {
    assertThatThrownBy(() -> FieldPath.parse(text)).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void longPathsAreRefused() {
    assertThatThrownBy(() -> FieldPath.parse("a".repeat(257)))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> FieldPath.parse("a" + ".a".repeat(16)))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
