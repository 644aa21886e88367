package dev.partita.node.index;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class JointRowsTest {
  private static final IndexDefinition TERMS =
      new IndexDefinition(
          1,
          "terms",
          "c",
          List.of(IndexTerm.of("a.deep"), IndexTerm.of("id")),
          List.of(IndexValue.descending("b")),
          false);

  private static final IndexDefinition VALUES =
      new IndexDefinition(2, "values", "c", List.of(), List.of(IndexValue.descending("a")), false);

  private static @Nullable String row(IndexDefinition index, @Nullable String document) {
    JsonBytes row = JointRows.of(index, document == null ? null : JsonBytes.of(document));
    return row == null ? null : row.toString();
  }

  private static boolean areSame(
      IndexDefinition index, @Nullable String one, @Nullable String other) {
    return JointRows.areSame(
        index, one == null ? null : JsonBytes.of(one), other == null ? null : JsonBytes.of(other));
  }

  @Test
  void aRowHasTheKeyAndTheColumnsOfTheIndex() {
    assertThat(row(TERMS, "{\"id\":1,\"a\":{\"deep\":1.50,\"x\":2},\"b\":null,\"c\":3}"))
        .isEqualTo("{\"id\":1,\"a\":{\"deep\":1.50,\"x\":2},\"b\":null}");
    assertThat(row(TERMS, "{\"id\":1,\"b\":7}")).isEqualTo("{\"id\":1,\"b\":7}");
  }

  @Test
  void withTermsItNeedsAColumnAndWithoutADocument() {
    assertThat(row(TERMS, "{\"id\":1,\"c\":3}")).isNull();
    assertThat(row(VALUES, "{\"id\":1,\"c\":3}")).isEqualTo("{\"id\":1}");
    assertThat(row(VALUES, null)).isNull();
    assertThat(row(TERMS, null)).isNull();
  }

  @Test
  void whatTheIndexDoesNotHaveMakesNoDifference() {
    assertThat(areSame(TERMS, "{\"id\":1,\"a\":1,\"c\":3}", "{\"id\":1,\"c\":4,\"a\":1}")).isTrue();
    assertThat(areSame(TERMS, "{\"id\":1,\"a\":1}", "{\"id\":1,\"a\":2}")).isFalse();
    assertThat(areSame(TERMS, "{\"id\":1,\"a\":null}", "{\"id\":1}")).isFalse();
    assertThat(areSame(TERMS, null, "{\"id\":1,\"c\":4}")).isTrue();
    assertThat(areSame(VALUES, null, "{\"id\":1,\"c\":4}")).isFalse();
  }
}
