package dev.partita.operator.resource;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import org.junit.jupiter.api.Test;

class StatusWriteTest {

  private static ObjectMetaBuilder written() {
    return new ObjectMetaBuilder().withUid("u").withGeneration(3L).withFinalizers("f");
  }

  @Test
  void aVersionAloneIsNoChange() {
    ObjectMeta before = written().withResourceVersion("7").build();

    assertThat(StatusWrite.isChanged(before, written().withResourceVersion("9").build())).isFalse();
  }

  @Test
  void whateverAnEventWouldTellOfIsAChange() {
    ObjectMeta before = written().build();

    assertThat(StatusWrite.isChanged(before, written().withUid("v").build())).isTrue();
    assertThat(StatusWrite.isChanged(before, written().withGeneration(4L).build())).isTrue();
    assertThat(StatusWrite.isChanged(before, written().withFinalizers().build())).isTrue();
    assertThat(
            StatusWrite.isChanged(
                before, written().withDeletionTimestamp("2026-11-26T00:00:00Z").build()))
        .isTrue();
  }
}
