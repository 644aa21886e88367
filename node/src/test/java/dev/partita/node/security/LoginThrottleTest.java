package dev.partita.node.security;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class LoginThrottleTest {
  private final LoginThrottle throttle = new LoginThrottle();

  private void fail(int times) {
    for (int i = 0; i < times; i++) {
      throttle.failed("alice", "10.0.0.1", 0);
    }
  }

  private Duration pause() {
    return throttle.pause("alice", "10.0.0.1", 0);
  }

  @Test
  void aFewMistakesAreFree() {
    fail(4);
    assertThat(pause()).isZero();
  }

  @Test
  void pausesDoubleUpToABound() {
    fail(5);
    assertThat(pause()).isEqualTo(Duration.ofSeconds(1));
    fail(3);
    assertThat(pause()).isEqualTo(Duration.ofSeconds(8));
    fail(1_000);
    assertThat(pause()).isEqualTo(Duration.ofMinutes(5));
  }

  @Test
  void aPauseEnds() {
    fail(5);
    assertThat(throttle.pause("alice", "10.0.0.1", Duration.ofMillis(1_001).toNanos())).isZero();
  }

  @Test
  void othersAreNotLockedOut() {
    fail(50);
    assertThat(throttle.pause("alice", "10.0.0.2", 0)).isZero();
    assertThat(throttle.pause("bob", "10.0.0.1", 0)).isZero();
  }

  @Test
  void successForgets() {
    fail(50);
    throttle.succeeded("alice", "10.0.0.1");
    assertThat(pause()).isZero();
  }

  @Test
  void memoryIsBoundedAndThePersistentAreRemembered() {
    for (int i = 0; i < 30_000; i++) {
      throttle.failed("user-" + i, "10.0.0.1", 0);
      if (i % 1_000 == 0) {
        fail(1);
      }
    }
    assertThat(throttle.size()).isLessThanOrEqualTo(10_000);
    assertThat(pause()).isPositive();
  }
}
