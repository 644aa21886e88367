package dev.partita.node.partition;

import static org.assertj.core.api.Assertions.assertThat;

import dev.partita.node.time.Timestamp;
import org.junit.jupiter.api.Test;

final class ClosedReadsTest {

  private final ClosedReads reads = new ClosedReads();

  private static ClosedTimestamp promise(long at, long index) {
    return new ClosedTimestamp(new PartitionId(5), new Timestamp(at), index);
  }

  @Test
  void aPromiseCountsWhenItsEntryIsApplied() {
    assertThat(reads.readable(100)).isEqualTo(Timestamp.MIN);
    reads.learn(promise(10, 7), 6);
    assertThat(reads.readable(6)).isEqualTo(Timestamp.MIN);
    assertThat(reads.readable(7)).isEqualTo(new Timestamp(10));
  }

  @Test
  void whoIsAlwaysBehindKeepsTheOldestPromiseThatItWaitsFor() {
    for (long round = 1; round <= 20; round++) {
      reads.learn(promise(10 * round, 5 * round), 5 * round - 7);
    }
    assertThat(reads.readable(93).value()).isGreaterThanOrEqualTo(10);
    assertThat(reads.readable(100).value()).isGreaterThan(10);
  }

  @Test
  void olderPromisesThatComeLateChangeNothing() {
    reads.learn(promise(20, 7), 7);
    reads.learn(promise(10, 3), 7);
    assertThat(reads.readable(7)).isEqualTo(new Timestamp(20));
  }
}
