package dev.partita.node.system;

import static org.assertj.core.api.Assertions.assertThat;

import dev.partita.node.time.Clock;
import org.junit.jupiter.api.Test;

class SteadyTimeTest {
  private static final class SetClock implements Clock {
    long nanos;
    long wall = 1_000_000;

    @Override
    public long monotonicNanos() {
      return nanos;
    }

    @Override
    public long wallMillis() {
      return wall;
    }

    void pass(long millis) {
      nanos += millis * 1_000_000;
      wall += millis;
    }
  }

  private final SetClock clock = new SetClock();
  private final SteadyTime time = new SteadyTime(clock);

  @Test
  void followsTheWallClockWhileThatIsSteady() {
    clock.pass(5_000);
    assertThat(time.millis()).isEqualTo(1_005_000);
  }

  @Test
  void aJumpForwardIsApproachedSlowly() {
    clock.wall += 3_600_000;
    clock.pass(1_000);
    assertThat(time.millis()).isBetween(1_001_000L, 1_001_101L);
    for (int second = 0; second < 40_000; second++) {
      clock.pass(1_000);
      time.millis();
    }
    assertThat(time.millis()).isEqualTo(clock.wall);
  }

  @Test
  void aJumpBackNeverMakesItStandStill() {
    clock.wall -= 3_600_000;
    long before = time.millis();
    for (int second = 0; second < 100; second++) {
      clock.pass(1_000);
      long now = time.millis();
      assertThat(now).isGreaterThan(before);
      before = now;
    }
  }
}
