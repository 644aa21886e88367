package dev.partita.operator.resource;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class LabelsTest {

  @Test
  void aLongNameStandsInALabelShortenedAndStillOneOfItsKind() {
    assertThat(Labels.value("orders-17")).isEqualTo("orders-17");
    assertThat(Labels.value("n".repeat(63))).isEqualTo("n".repeat(63));
    String one = Labels.value("n".repeat(200) + "-1");
    String other = Labels.value("n".repeat(200) + "-2");
    assertThat(one).hasSize(63).matches("[a-z0-9]([-a-z0-9]*[a-z0-9])?").isNotEqualTo(other);
  }
}
