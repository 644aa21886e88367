package dev.partita.history;

import static org.assertj.core.api.Assertions.assertThat;

import dev.partita.history.History.End;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

/// The checker finds every anomaly that is planted, and none where there is none.
class HistoryCheckerTest {
  private final History history = new History();

  /// A transaction that overlaps all others.
  private void txn(Map<Integer, List<Integer>> reads, Map<Integer, List<Integer>> appends) {
    history.add(history.size(), 0, 1_000_000, reads, appends, End.COMMITTED);
  }

  private void txn(
      long invoked,
      long completed,
      Map<Integer, List<Integer>> reads,
      Map<Integer, List<Integer>> appends) {
    history.add(history.size(), invoked, completed, reads, appends, End.COMMITTED);
  }

  private void assertFound(String text) {
    assertThat(HistoryChecker.check(history)).anyMatch(anomaly -> anomaly.contains(text));
  }

  @Test
  void aSerialHistoryIsFine() {
    var random = new Random(1);
    Map<Integer, List<Integer>> lists = new HashMap<>();
    for (int number = 0; number < 5_000; number++) {
      Map<Integer, List<Integer>> reads = new HashMap<>();
      Map<Integer, List<Integer>> appends = new HashMap<>();
      for (int at = 0; at < 3; at++) {
        int key = random.nextInt(20);
        List<Integer> list = lists.computeIfAbsent(key, _ -> new ArrayList<>());
        if (!appends.containsKey(key)) {
          reads.put(key, List.copyOf(list));
        }
        if (random.nextBoolean()) {
          int value = number * 10 + at;
          list.add(value);
          appends.computeIfAbsent(key, _ -> new ArrayList<>()).add(value);
        }
      }
      txn(number * 10L, number * 10L + 5 + random.nextInt(30), reads, appends);
    }
    assertThat(HistoryChecker.check(history)).isEmpty();
  }

  @Test
  void anAbortedReadIsFound() {
    history.add(0, 0, 10, Map.of(), Map.of(1, List.of(1)), End.ABORTED);
    txn(Map.of(1, List.of(1)), Map.of());
    assertFound("G1a");
  }

  @Test
  void anIntermediateReadIsFound() {
    txn(Map.of(), Map.of(1, List.of(1, 2)));
    txn(Map.of(1, List.of(1)), Map.of());
    txn(Map.of(1, List.of(1, 2)), Map.of());
    assertFound("G1b");
  }

  @Test
  void aWriteCircleIsFound() {
    txn(Map.of(), Map.of(1, List.of(1), 2, List.of(1)));
    txn(Map.of(), Map.of(1, List.of(2), 2, List.of(2)));
    txn(Map.of(1, List.of(1, 2)), Map.of());
    txn(Map.of(2, List.of(2, 1)), Map.of());
    assertFound("G0");
  }

  @Test
  void circularInformationFlowIsFound() {
    txn(Map.of(2, List.of(2)), Map.of(1, List.of(1)));
    txn(Map.of(1, List.of(1)), Map.of(2, List.of(2)));
    assertFound("G1c");
  }

  @Test
  void readSkewIsFound() {
    txn(Map.of(), Map.of(1, List.of(1), 2, List.of(1)));
    txn(Map.of(1, List.of(1), 2, List.of()), Map.of());
    txn(Map.of(2, List.of(1)), Map.of());
    assertFound("G-single");
  }

  @Test
  void aLostUpdateIsFound() {
    txn(Map.of(1, List.of()), Map.of(1, List.of(1)));
    txn(Map.of(1, List.of()), Map.of(1, List.of(2)));
    txn(Map.of(1, List.of(1, 2)), Map.of());
    assertFound("G-single");
  }

  @Test
  void writeSkewIsFound() {
    txn(Map.of(1, List.of()), Map.of(2, List.of(1)));
    txn(Map.of(2, List.of()), Map.of(1, List.of(1)));
    txn(Map.of(1, List.of(1), 2, List.of(1)), Map.of());
    assertFound("G2");
  }

  @Test
  void aLongForkIsFound() {
    txn(Map.of(), Map.of(1, List.of(1)));
    txn(Map.of(), Map.of(2, List.of(1)));
    txn(Map.of(1, List.of(1), 2, List.of()), Map.of());
    txn(Map.of(1, List.of(), 2, List.of(1)), Map.of());
    assertFound("G2");
  }

  @Test
  void aStaleReadIsFound() {
    txn(0, 10, Map.of(), Map.of(1, List.of(1)));
    txn(20, 30, Map.of(1, List.of()), Map.of());
    txn(20, 30, Map.of(1, List.of(1)), Map.of());
    assertFound("with real time");
  }

  @Test
  void readsOfOneClientThatGoBackAreFound() {
    // The write overlaps both reads: only that they follow each other tells.
    txn(0, 100, Map.of(), Map.of(1, List.of(1)));
    history.add(7, 10, 20, Map.of(1, List.of(1)), Map.of(), End.COMMITTED);
    history.add(7, 30, 40, Map.of(1, List.of()), Map.of(), End.COMMITTED);
    assertFound("with real time");
  }

  @Test
  void anAcknowledgedValueThatIsGoneInTheEndIsFound() {
    txn(0, 10, Map.of(), Map.of(1, List.of(1)));
    txn(20, 30, Map.of(1, List.of()), Map.of());
    assertFound("not seen");
  }

  @Test
  void aReversalOfTimeThroughOtherKeysIsFound() {
    // The first two are concurrent with nobody; the reader sees the second and not the first.
    txn(0, 10, Map.of(), Map.of(1, List.of(1)));
    txn(20, 30, Map.of(), Map.of(2, List.of(1)));
    txn(5, 40, Map.of(1, List.of(), 2, List.of(1)), Map.of());
    txn(50, 60, Map.of(1, List.of(1)), Map.of());
    assertFound("with real time");
  }

  @Test
  void twoOrdersAndDoubledAndForgottenValuesAreFound() {
    txn(0, 5, Map.of(), Map.of(1, List.of(1)));
    txn(0, 5, Map.of(), Map.of(1, List.of(2)));
    txn(0, 5, Map.of(), Map.of(1, List.of(3)));
    txn(10, 20, Map.of(1, List.of(1, 2)), Map.of());
    txn(10, 20, Map.of(1, List.of(2, 1, 1)), Map.of());
    assertFound("two orders");
    assertFound("twice");
    assertFound("not seen");
  }

  @Test
  void anUnknownOutcomeMayBeEither() {
    history.add(0, 0, 10, Map.of(), Map.of(1, List.of(1)), End.UNKNOWN);
    history.add(1, 0, 10, Map.of(), Map.of(1, List.of(2)), End.UNKNOWN);
    txn(20, 30, Map.of(1, List.of()), Map.of());
    txn(40, 50, Map.of(1, List.of(1)), Map.of());
    assertThat(HistoryChecker.check(history)).isEmpty();
  }
}
