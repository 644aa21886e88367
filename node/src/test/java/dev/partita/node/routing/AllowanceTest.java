package dev.partita.node.routing;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class AllowanceTest {
  private static final long SECOND = 1_000_000_000L;

  private static final long START = 7 * SECOND;

  private static long taken(Allowance allowance, long nowNanos) {
    return IntStream.range(0, 1_000).filter(_ -> allowance.take(nowNanos)).count();
  }

  @Test
  void afterABurstIntervalsComeSlowly() {
    var allowance = new Allowance(START);

    assertThat(taken(allowance, START)).isEqualTo(Allowance.BURST);
    assertThat(taken(allowance, START + SECOND / 2)).isEqualTo(Allowance.PER_SECOND / 2);
    assertThat(taken(allowance, START + 3 * SECOND / 2)).isEqualTo(Allowance.PER_SECOND);
  }

  @Test
  void whatIsNotTakenDoesNotAddUpBeyondABurst() {
    var allowance = new Allowance(START);
    taken(allowance, START);

    assertThat(taken(allowance, START + 3_600 * SECOND)).isEqualTo(Allowance.BURST);
  }
}
