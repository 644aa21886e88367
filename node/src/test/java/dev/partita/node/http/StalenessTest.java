package dev.partita.node.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.partita.node.error.DatabaseException;
import dev.partita.node.error.ErrorCode;
import dev.partita.node.time.Timestamp;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

final class StalenessTest {

  private static final Timestamp READABLE = Timestamp.ofMillis(10_000);

  private static Object readAt(@Nullable Timestamp readable, long seconds, long nowMillis) {
    return Staleness.<Object>read(
        readable, seconds, () -> nowMillis, at -> at == null ? "the newest" : at);
  }

  private static Object refused(ErrorCode code, @Nullable Timestamp readable, long nowMillis) {
    return Staleness.<Object>read(
        readable,
        5,
        () -> nowMillis,
        at -> {
          throw new DatabaseException(code, "refused");
        });
  }

  @Test
  void whatTheNodeHasIsReadWithinTheBoundOnly() {
    assertThat(readAt(READABLE, 5, 15_000)).isEqualTo(READABLE);
    assertThat(readAt(READABLE, 5, 15_001)).isEqualTo("the newest");
    assertThat(readAt(null, 5, 10_000)).isEqualTo("the newest");
  }

  @Test
  void aRefusalTellsHowOldWhatTheNodeHasIs() {
    assertThatExceptionOfType(DatabaseException.class)
        .isThrownBy(() -> refused(ErrorCode.UNAVAILABLE, READABLE, 17_001))
        .satisfies(e -> assertThat(e.context()).containsEntry("stalenessSeconds", "8"));
  }

  @Test
  void otherRefusalsTellNothingOfIt() {
    assertThatExceptionOfType(DatabaseException.class)
        .isThrownBy(() -> refused(ErrorCode.UNAVAILABLE, null, 17_001))
        .satisfies(e -> assertThat(e.context()).isEmpty());
    assertThatExceptionOfType(DatabaseException.class)
        .isThrownBy(() -> refused(ErrorCode.NO_PARTITION, READABLE, 17_001))
        .satisfies(e -> assertThat(e.context()).isEmpty());
  }
}
