package dev.partita.node.raft;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class LinearizabilityCheckerTest {

  private static Operation write(int client, long value, long invoked, long returned) {
    return new Operation(client, Operation.Kind.WRITE, 1, value, invoked, returned);
  }

  private static Operation read(int client, long value, long invoked, long returned) {
    return new Operation(client, Operation.Kind.READ, 1, value, invoked, returned);
  }

  private static boolean isLinearizable(Operation... history) {
    return LinearizabilityChecker.violations(List.of(history)).isEmpty();
  }

  @Test
  void emptyHistoryIsFine() {
    assertThat(isLinearizable()).isTrue();
  }

  @Test
  void readsSeeTheWriteBeforeThem() {
    assertThat(isLinearizable(read(1, 0, 0, 1), write(1, 5, 2, 3), read(1, 5, 4, 5))).isTrue();
  }

  @Test
  void staleReadIsFound() {
    assertThat(isLinearizable(write(1, 5, 0, 1), write(1, 6, 2, 3), read(2, 5, 4, 5))).isFalse();
  }

  @Test
  void readOfAWriteUnderWayMaySeeEither() {
    assertThat(isLinearizable(write(1, 5, 0, 10), read(2, 0, 1, 2), read(2, 5, 3, 4))).isTrue();
    assertThat(isLinearizable(write(1, 5, 0, 10), read(2, 5, 1, 2), read(2, 0, 3, 4))).isFalse();
  }

  @Test
  void touchingOperationsAreConcurrent() {
    assertThat(isLinearizable(write(1, 5, 0, 2), read(2, 0, 2, 3))).isTrue();
  }

  @Test
  void concurrentWritesMayBeOrderedAnyWayButOneWay() {
    assertThat(
            isLinearizable(
                write(1, 5, 0, 10), write(2, 6, 0, 10), read(3, 6, 11, 12), read(3, 6, 13, 14)))
        .isTrue();
    assertThat(
            isLinearizable(
                write(1, 5, 0, 10), write(2, 6, 0, 10), read(3, 6, 11, 12), read(3, 5, 13, 14)))
        .isFalse();
    assertThat(
            isLinearizable(
                write(1, 5, 0, 10),
                write(2, 6, 0, 10),
                read(3, 6, 1, 2),
                read(4, 5, 3, 4),
                read(3, 5, 5, 6)))
        .isTrue();
  }

  @Test
  void writeWithoutAnswerMayHappenLateOrNever() {
    assertThat(
            isLinearizable(write(1, 5, 0, Operation.NEVER), read(2, 0, 1, 2), read(2, 0, 100, 101)))
        .isTrue();
    assertThat(
            isLinearizable(write(1, 5, 0, Operation.NEVER), read(2, 0, 1, 2), read(2, 5, 100, 101)))
        .isTrue();
    assertThat(
            isLinearizable(write(1, 5, 0, Operation.NEVER), read(2, 5, 1, 2), read(2, 0, 100, 101)))
        .isFalse();
    assertThat(isLinearizable(write(1, 5, 50, Operation.NEVER), read(2, 5, 1, 2))).isFalse();
  }

  @Test
  void readOfAValueNobodyWroteIsFound() {
    assertThat(isLinearizable(write(1, 5, 0, 1), read(2, 7, 0, 5))).isFalse();
  }

  @Test
  void keysAreIndependent() {
    List<Operation> history =
        List.of(
            new Operation(1, Operation.Kind.WRITE, 1, 5, 0, 1),
            new Operation(1, Operation.Kind.READ, 2, 0, 2, 3),
            new Operation(1, Operation.Kind.READ, 3, 5, 2, 3));
    assertThat(LinearizabilityChecker.violations(history)).containsExactly(3);
  }

  /// Histories made from a real register pass; with one read turned into an older value, out of
  /// every concurrent write's reach, they do not.
  @Test
  void randomHistoriesAreJudgedRightly() {
    for (long seed = 0; seed < 200; seed++) {
      var random = new SplittableRandom(seed);
      var history = new ArrayList<Operation>();
      long value = 0;
      for (int i = 1; i <= 60; i++) {
        // The effect is at 100 * i; the calls around it overlap their neighbours' at random.
        long invoked = 100L * i - random.nextInt(250);
        long returned = 100L * i + random.nextInt(250);
        boolean isRead = random.nextBoolean();
        value = isRead ? value : i;
        history.add(
            isRead ? read(i, value, invoked, returned) : write(i, value, invoked, returned));
      }
      assertThat(LinearizabilityChecker.violations(history)).as("seed %d", seed).isEmpty();
      history.add(write(100, 1000, 10_000, 10_001));
      history.add(read(100, value, 10_002, 10_003));
      assertThat(LinearizabilityChecker.violations(history)).as("seed %d", seed).containsExactly(1);
    }
  }
}
