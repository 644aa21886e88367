package dev.partita.operator.status;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FiguresTest {

  @ParameterizedTest
  @CsvSource({
    ", 0, 0",
    ", 0.3, 0",
    ", 1234, 1000",
    "0, 7, 7",
    "1000, 1900, 1000",
    "1000, 600, 1000",
    "1000, 2100, 2000",
    "1000, 450, 400",
    "1000, 0.2, 0",
  })
  void ratesAreWrittenAnewOnlyWhenTheyLeaveAFactorOfTwo(
      Long shown, double observed, long expected) {
    assertThat(Figures.operationsPerSecond(shown, observed)).isEqualTo(expected);
  }

  @Test
  void processorTimeIsToldInHundredthsOfACore() {
    assertThat(Figures.cpu(null, 0.004)).isEqualTo("0m");
    assertThat(Figures.cpu(null, 0.123)).isEqualTo("100m");
    assertThat(Figures.cpu("100m", 0.19)).isEqualTo("100m");
    assertThat(Figures.cpu("100m", 0.21)).isEqualTo("200m");
    assertThat(Figures.cpu("100m", 1.4)).isEqualTo("1000m");
    assertThat(Figures.cpu("0m", 0.02)).isEqualTo("20m");
  }

  @Test
  void sizesAreWrittenAnewOnlyWhenTheyAreOffByATenth() {
    assertThat(Figures.bytes(null, 5)).isEqualTo(5);
    assertThat(Figures.bytes(1_000L, 1_099)).isEqualTo(1_000);
    assertThat(Figures.bytes(1_000L, 1_101)).isEqualTo(1_101);
    assertThat(Figures.bytes(0L, 1)).isEqualTo(1);
  }
}
