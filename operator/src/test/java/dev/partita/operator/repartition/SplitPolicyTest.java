package dev.partita.operator.repartition;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.IntNode;
import java.time.Instant;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class SplitPolicyTest {

  private static final long MEBIBYTE = 1 << 20;
  private static final Instant BEGIN = Instant.parse("2026-01-01T00:00:00Z");
  private static final Instant LATER = BEGIN.plus(SplitPolicy.LOAD_REST);
  private static final SplitRule BY_SIZE =
      new SplitRule(OptionalLong.of(100 * MEBIBYTE), OptionalLong.empty(), true, false);
  private static final SplitRule BY_LOAD =
      new SplitRule(OptionalLong.empty(), OptionalLong.of(1_000), true, false);

  private static final JsonNode MIDDLE = new IntNode(50);
  private static final JsonNode BUSY = new IntNode(20);
  private static final JsonNode END = new IntNode(99);

  private long bytes = 101 * MEBIBYTE;
  private boolean hashed;
  private boolean divisible = true;
  private boolean hotKey;
  private boolean measured = true;
  private @Nullable JsonNode bySize = MIDDLE;
  private @Nullable JsonNode byLoad = BUSY;
  private @Nullable JsonNode atEnd;
  private double load = 2_000;

  private Finding decide(SplitRule rule, Instant now) {
    return SplitPolicy.decide(
        rule,
        new SplitFigures(bytes, hashed, divisible, hotKey, measured, bySize, byLoad, atEnd),
        windows(load),
        now);
  }

  /// A load that has been the same since the beginning.
  private static LoadWindows windows(double operationsPerSecond) {
    LoadWindows windows = LoadWindows.begin(1, BEGIN);
    for (Instant at = BEGIN; !at.isAfter(LATER); at = at.plusSeconds(1)) {
      windows = windows.seen(1, operationsPerSecond, at);
    }
    return windows;
  }

  private static void assertDue(Finding finding, Finding.Reason reason, @Nullable JsonNode at) {
    assertThat(finding)
        .isInstanceOfSatisfying(
            Finding.Due.class,
            due -> {
              assertThat(due.reason()).isEqualTo(reason);
              assertThat(due.at()).isEqualTo(at);
              assertThat(due.because()).contains("spec.split.max");
            });
  }

  private static void assertIndivisible(Finding finding, String reason) {
    assertThat(finding)
        .isInstanceOfSatisfying(
            Finding.Indivisible.class, found -> assertThat(found.reason()).isEqualTo(reason));
  }

  private static void assertNothing(Finding finding) {
    assertThat(finding).isInstanceOf(Finding.Nothing.class);
  }

  @Test
  void whatDeclaresNothingIsNeverSplit() {
    assertNothing(decide(SplitRule.NEVER, LATER));
  }

  @Test
  void whatIsTooLargeIsSplitInTheMiddle() {
    assertDue(decide(BY_SIZE, BEGIN), Finding.Reason.SIZE, MIDDLE);
    bytes = 100 * MEBIBYTE;
    assertNothing(decide(BY_SIZE, BEGIN));
  }

  @Test
  void aSizeThatIsAnEstimateSplitsNothing() {
    measured = false;
    bySize = null;
    assertNothing(decide(BY_SIZE, BEGIN));
  }

  @Test
  void oneKeyThatIsTooLargeIsReported() {
    bySize = null;
    assertIndivisible(decide(BY_SIZE, BEGIN), "OneKey");
  }

  @Test
  void hashPartitionsAreSplitWithoutAPoint() {
    hashed = true;
    bySize = null;
    byLoad = null;
    assertDue(decide(BY_SIZE, BEGIN), Finding.Reason.SIZE, null);
    assertDue(decide(BY_LOAD, LATER), Finding.Reason.LOAD, null);
  }

  @Test
  void boundsThatCannotBeCutAreReported() {
    divisible = false;
    assertIndivisible(decide(BY_SIZE, BEGIN), "Bounds");
    assertIndivisible(decide(BY_LOAD, LATER), "Bounds");
  }

  @Test
  void aSequenceIsSplitAtItsEndBeforeItIsTooLarge() {
    atEnd = END;
    bytes = 95 * MEBIBYTE;
    assertDue(decide(BY_SIZE, BEGIN), Finding.Reason.SEQUENCE, END);
    bytes = 89 * MEBIBYTE;
    assertNothing(decide(BY_SIZE, BEGIN));
    // What it would leave behind were too large itself.
    bytes = 101 * MEBIBYTE;
    assertDue(decide(BY_SIZE, BEGIN), Finding.Reason.SIZE, MIDDLE);
  }

  @Test
  void whatHasTooMuchToDoIsSplitWhereTheLoadIsDivided() {
    assertDue(decide(BY_LOAD, LATER), Finding.Reason.LOAD, BUSY);
    load = 999;
    assertNothing(decide(BY_LOAD, LATER));
  }

  @Test
  void aRangeThatHasJustChangedIsNotSplitByItsLoad() {
    assertNothing(decide(BY_LOAD, LATER.minusSeconds(1)));
  }

  @Test
  void aLoadThatIsNotUnderstoodSplitsNothing() {
    byLoad = null;
    assertNothing(decide(BY_LOAD, LATER));
  }

  @Test
  void aHotKeyIsReportedAndNeverSplit() {
    hotKey = true;
    assertIndivisible(decide(BY_LOAD, LATER), "HotKey");
    hashed = true;
    assertIndivisible(decide(BY_LOAD, LATER), "HotKey");
    // By size it helps all the same.
    assertDue(decide(BY_SIZE, BEGIN), Finding.Reason.SIZE, null);
  }

  @Test
  void aSequenceThatIsTooFastIsReported() {
    atEnd = END;
    assertIndivisible(decide(BY_LOAD, LATER), "Sequence");
  }

  @Test
  void aRestartedRangeIsWatchedAnew() {
    LoadWindows windows = windows(2_000);
    assertThat(windows.sustained()).isPresent();
    assertThat(windows.seen(2, 2_000, LATER).sustained()).isEmpty();
    assertThat(windows.seen(2, 2_000, LATER).since()).isEqualTo(LATER);
    // What was in between nobody knows.
    assertThat(windows.seen(1, 2_000, LATER.plusSeconds(120)).sustained()).isEmpty();
  }
}
