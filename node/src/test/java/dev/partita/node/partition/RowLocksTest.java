package dev.partita.node.partition;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import dev.partita.node.key.PrimaryKey;
import dev.partita.node.time.Timestamp;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

/// What statements have locked, in a leader's memory.
final class RowLocksTest {

  private static final PrimaryKey ONE = PrimaryKey.of(1);
  private static final PrimaryKey TWO = PrimaryKey.of(2);
  private static final Timestamp BEGAN = new Timestamp(1_000);
  private static final long LEASE = Request.LOCK_LEASE.toNanos();

  private final RowLocks locks = new RowLocks();
  private final TransactionId mine = TransactionId.random();
  private final TransactionId other = TransactionId.random();

  @Test
  void aRowIsInTheWayOfAllButWhoHasLockedIt() {
    locks.take(mine, BEGAN, List.of(ONE), 0);
    RowLocks.Holding holding = requireNonNull(locks.blocker(List.of(TWO, ONE), null));
    assertThat(holding).isSameAs(locks.blocker(List.of(ONE), other));
    assertThat(holding.id()).isEqualTo(mine);
    assertThat(holding.priority()).isEqualTo(BEGAN);
    assertThat(locks.blocker(List.of(ONE), mine)).isNull();
    assertThat(locks.blocker(List.of(TWO), null)).isNull();
    // Whoever comes second gets what is left.
    locks.take(other, BEGAN, List.of(ONE, TWO), 0);
    assertThat(locks.size()).isEqualTo(2);
    locks.end(mine, 0);
    assertThat(holding.released()).isDone();
    assertThat(locks.blocker(List.of(ONE), null)).isNull();
    assertThat(locks.blocker(List.of(TWO), mine)).isNotNull();
  }

  @Test
  void whoHasGivenUpGetsNothingForWhatArrivesLate() {
    locks.take(mine, BEGAN, List.of(ONE), 0);
    locks.end(mine, 0);
    assertThat(locks.hasEnded(mine)).isTrue();
    locks.take(mine, BEGAN, List.of(ONE), 0);
    assertThat(locks.isEmpty()).isTrue();
    // Whoever had nothing is not remembered: it may still come.
    locks.end(other, 0);
    assertThat(locks.hasEnded(other)).isFalse();
    locks.expire(Duration.ofMinutes(1).toNanos());
    assertThat(locks.hasEnded(mine)).isTrue();
    locks.expire(Duration.ofMinutes(3).toNanos());
    assertThat(locks.hasEnded(mine)).isFalse();
  }

  @Test
  void whoHasEndedLaterIsKnownForLonger() {
    locks.take(mine, BEGAN, List.of(ONE), 0);
    locks.take(other, BEGAN, List.of(TWO), 0);
    locks.end(mine, 0);
    locks.end(other, Duration.ofSeconds(100).toNanos());
    locks.expire(Duration.ofSeconds(130).toNanos());
    assertThat(locks.hasEnded(mine)).isFalse();
    assertThat(locks.hasEnded(other)).isTrue();
    locks.expire(Duration.ofSeconds(230).toNanos());
    assertThat(locks.hasEnded(other)).isFalse();
  }

  @Test
  void whatNobodyRenewsIsLetGo() {
    locks.take(mine, BEGAN, List.of(ONE), 0);
    locks.take(other, BEGAN, List.of(TWO), 0);
    RowLocks.Holding holding = requireNonNull(locks.blocker(List.of(ONE), null));
    locks.take(other, BEGAN, List.of(), LEASE / 2);
    locks.expire(LEASE);
    assertThat(locks.size()).isEqualTo(2);
    locks.expire(LEASE + 1);
    assertThat(holding.released()).isDone();
    assertThat(locks.blocker(List.of(ONE), null)).isNull();
    assertThat(locks.blocker(List.of(TWO), null)).isNotNull();
    // It may lock again: nobody has made it give up.
    locks.take(mine, BEGAN, List.of(ONE), LEASE);
    assertThat(locks.blocker(List.of(ONE), null)).isNotNull();
  }

  @Test
  void aNewLeaderKnowsOfNone() {
    locks.take(mine, BEGAN, List.of(ONE, TWO), 0);
    RowLocks.Holding holding = requireNonNull(locks.blocker(List.of(ONE), null));
    locks.clear();
    assertThat(holding.released()).isDone();
    assertThat(locks.isEmpty()).isTrue();
    assertThat(locks.hasEnded(mine)).isFalse();
  }
}
