package dev.partita.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.Test;

class RowFiguresTest {
  @Test
  void figuresThatAreRightToTheRowAreRight() {
    assertThat(RowFigures.judge(Map.of("a", 7L, "b", 0L), Map.of("a", 7L, "b", 0L))).isEmpty();
  }

  @Test
  void aRowTooManyOrTooFewIsFound() {
    assertThat(RowFigures.judge(Map.of("a", 8L, "b", 2L), Map.of("a", 7L, "b", 3L)))
        .containsExactlyInAnyOrder(
            "partitions of a tell of 8 rows, and it has 7 documents",
            "partitions of b tell of 2 rows, and it has 3 documents");
  }

  @Test
  void aCollectionWhosePartitionsAreGoneIsFound() {
    assertThat(RowFigures.judge(Map.of(), Map.of("a", 7L)))
        .containsExactly("partitions of a tell of 0 rows, and it has 7 documents");
  }
}
