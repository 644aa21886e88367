package dev.partita.operator.resource;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;

class BackoffTest {

  private static final Duration FIRST = Duration.ofMinutes(1);
  private static final Duration MAX = Duration.ofMinutes(5);

  private Instant now = Instant.EPOCH;
  private final Backoff backoff = new Backoff(() -> now);

  private void assertOverAfter(Duration pause) {
    assertThat(backoff.isOver("x", FIRST, MAX)).isFalse();
    now = now.plus(pause).minusSeconds(1);
    assertThat(backoff.isOver("x", FIRST, MAX)).isFalse();
    now = now.plusSeconds(1);
    assertThat(backoff.isOver("x", FIRST, MAX)).isTrue();
  }

  @Test
  void eachFailureIsLeftStandingForTwiceAsLong() {
    assertOverAfter(FIRST);
    assertOverAfter(FIRST.multipliedBy(2));
    assertOverAfter(FIRST.multipliedBy(4));
    assertOverAfter(MAX);
    assertThat(backoff.isOver("y", FIRST, MAX)).isFalse();
    now = now.plus(FIRST);
    assertThat(backoff.isOver("y", FIRST, MAX)).as("another one begins anew").isTrue();
  }

  @Test
  void aRefusalIsRememberedForTwiceAsLongEachTime() {
    assertThat(backoff.refusal("x")).isEmpty();
    backoff.refused("x", "why", FIRST, MAX);
    now = now.plus(FIRST).minusSeconds(1);
    assertThat(backoff.refusal("x")).contains("why");
    assertThat(backoff.refusal("y")).isEmpty();
    now = now.plusSeconds(1);
    assertThat(backoff.refusal("x")).isEmpty();
    backoff.refused("x", "again", FIRST, MAX);
    now = now.plus(FIRST);
    assertThat(backoff.refusal("x")).contains("again");
    now = now.plus(FIRST);
    assertThat(backoff.refusal("x")).isEmpty();
  }
}
