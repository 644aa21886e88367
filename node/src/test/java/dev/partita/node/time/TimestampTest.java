package dev.partita.node.time;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.partita.node.error.DatabaseException;
import dev.partita.node.error.ErrorCode;
import java.time.Duration;
import org.junit.jupiter.api.Test;

final class TimestampTest {
  @Test
  void millisecondsAndCounterShareOneNumber() {
    Timestamp first = Timestamp.ofMillis(1_800_000_000_000L);

    assertThat(first.plus(5).millis()).isEqualTo(1_800_000_000_000L);
    assertThat(first.plus(5).logical()).isEqualTo(5);
    assertThat(first.plus(1 << Timestamp.LOGICAL_BITS))
        .isEqualTo(Timestamp.ofMillis(1_800_000_000_001L));
    assertThat(first.previous().next()).isEqualTo(first);
    assertThat(Timestamp.MIN.previous()).isEqualTo(Timestamp.MIN);
  }

  @Test
  void theWholeRangeOfMillisecondsIsRepresentable() {
    assertThat(Timestamp.ofMillis(Timestamp.MAX.millis()).millis())
        .isEqualTo(Timestamp.MAX.millis());
    assertThatThrownBy(() -> Timestamp.ofMillis(Timestamp.MAX.millis() + 1))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(Timestamp.MAX::next).isInstanceOf(ArithmeticException.class);
  }

  @Test
  void decimalFormIsReadBackAndAnythingElseRefused() {
    assertThat(Timestamp.parse(Timestamp.MAX.toString())).isEqualTo(Timestamp.MAX);
    for (String text : new String[] {"", "x", "-1", "9223372036854775808", "1.5"}) {
      assertThatThrownBy(() -> Timestamp.parse(text))
          .isInstanceOfSatisfying(
              DatabaseException.class,
              e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_REQUEST))
          .hasMessage("not a timestamp (timestamp=" + text + ")");
    }
  }

  @Test
  void blockGivesItsTimestampsAndNoOther() {
    TimestampBlock block = new TimestampBlock(new Timestamp(10), 3);

    assertThat(block.get(0)).isEqualTo(new Timestamp(10));
    assertThat(block.last()).isEqualTo(new Timestamp(12));
    assertThatThrownBy(() -> block.get(3)).isInstanceOf(IndexOutOfBoundsException.class);
  }

  @Test
  void deadlineExpiresOnTheMonotonicClock() {
    FakeClock clock = new FakeClock();
    Deadline deadline = Deadline.after(Duration.ofSeconds(2), clock);

    clock.advance(Duration.ofSeconds(1));
    assertThat(deadline.remaining(clock)).isEqualTo(Duration.ofSeconds(1));
    assertThat(deadline.atMost(Duration.ofMillis(10), clock).remaining(clock))
        .isEqualTo(Duration.ofMillis(10));
    assertThat(deadline.atMost(Duration.ofSeconds(5), clock)).isEqualTo(deadline);

    clock.advance(Duration.ofSeconds(3));
    assertThat(deadline.isExpired(clock)).isTrue();
    assertThat(deadline.remaining(clock)).isEqualTo(Duration.ZERO);
  }
}
