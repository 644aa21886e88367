package dev.partita.history;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.partita.history.History.End;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

/// The judgement of registers finds every anomaly that is planted, and none where there is none.
class RegisterHistoryTest {
  private final RegisterHistory history = new RegisterHistory();

  private void txn(
      long invoked, long completed, Map<Integer, Integer> reads, Map<Integer, Integer> writes) {
    history.add(history.size(), invoked, completed, reads, writes, End.COMMITTED);
  }

  /// A transaction that overlaps all others.
  private void txn(Map<Integer, Integer> reads, Map<Integer, Integer> writes) {
    txn(0, 1_000_000, reads, writes);
  }

  private void assertFound(String text) {
    assertThat(history.check()).anyMatch(anomaly -> anomaly.contains(text));
  }

  @Test
  void aSerialHistoryIsFine() {
    var random = new Random(3);
    Map<Integer, Integer> registers = new HashMap<>();
    for (int number = 1; number < 3_000; number++) {
      Map<Integer, Integer> reads = new HashMap<>();
      Map<Integer, Integer> writes = new HashMap<>();
      for (int at = 0; at < 3; at++) {
        int key = random.nextInt(10);
        reads.putIfAbsent(key, registers.getOrDefault(key, RegisterHistory.NOTHING));
        if (random.nextBoolean()) {
          writes.put(key, 10 * number + at);
        }
      }
      registers.putAll(writes);
      txn(number * 10L, number * 10L + 5 + random.nextInt(30), reads, writes);
    }
    assertThat(history.check()).isEmpty();
  }

  @Test
  void aLostUpdateIsFound() {
    txn(Map.of(1, 0), Map.of(1, 5));
    txn(Map.of(1, 5), Map.of(1, 6));
    txn(Map.of(1, 5), Map.of(1, 7));
    assertFound("lost update of register 1");
  }

  @Test
  void aValueOfNobodyIsFound() {
    txn(Map.of(1, 9), Map.of());
    assertFound("nobody has written value 9");
  }

  @Test
  void anAbortedReadIsFound() {
    history.add(0, 0, 10, Map.of(1, 0), Map.of(1, 4), End.ABORTED);
    txn(Map.of(1, 4), Map.of());
    assertFound("G1a");
  }

  @Test
  void writeSkewIsFound() {
    txn(Map.of(1, 0, 2, 0), Map.of(1, 3));
    txn(Map.of(1, 0, 2, 0), Map.of(2, 4));
    txn(Map.of(1, 3, 2, 4), Map.of());
    assertFound("G2");
  }

  @Test
  void aStaleReadIsFound() {
    txn(0, 10, Map.of(1, 0), Map.of(1, 3));
    txn(20, 30, Map.of(1, 3), Map.of(1, 4));
    txn(40, 50, Map.of(1, 3), Map.of());
    assertFound("not seen by a later read");
  }

  @Test
  void readersThatDisagreeAreFound() {
    txn(Map.of(1, 0), Map.of(1, 3));
    txn(Map.of(2, 0), Map.of(2, 4));
    txn(Map.of(1, 3, 2, 0), Map.of());
    txn(Map.of(1, 0, 2, 4), Map.of());
    assertFound("a circle of");
  }

  @Test
  void whoWasNotToldMayHaveWrittenOrNot() {
    history.add(0, 0, 10, Map.of(1, 0), Map.of(1, 4), End.UNKNOWN);
    history.add(1, 0, 10, Map.of(1, 0), Map.of(1, 5), End.UNKNOWN);
    txn(20, 30, Map.of(1, 5), Map.of(1, 6));
    txn(40, 50, Map.of(1, 6), Map.of());
    assertThat(history.check()).isEmpty();
  }

  @Test
  void aRegisterIsReadBeforeItIsWritten() {
    assertThatThrownBy(() -> history.begin(1).write(1, 2))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
