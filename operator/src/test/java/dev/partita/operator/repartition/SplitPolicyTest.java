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
      new SplitRule(
          OptionalLong.of(100 * MEBIBYTE), OptionalLong.empty(), OptionalLong.empty(), true, false);
  private static final SplitRule BY_LOAD =
      new SplitRule(
          OptionalLong.empty(), OptionalLong.of(1_000), OptionalLong.empty(), true, false);
  private static final SplitRule BY_CPU =
      new SplitRule(OptionalLong.empty(), OptionalLong.empty(), OptionalLong.of(500), true, false);

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
  private Load load = new Load(2_000, 0.8);

  private Finding decide(SplitRule rule, Instant now) {
    return SplitPolicy.decide(
        rule,
        new SplitFigures(bytes, hashed, divisible, hotKey, measured, bySize, byLoad, atEnd),
        windows(load),
        now);
  }

  /// A load that has been the same since the beginning.
  private static LoadWindows windows(Load load) {
    LoadWindows windows = LoadWindows.begin(1, BEGIN);
    for (Instant at = BEGIN; !at.isAfter(LATER); at = at.plusSeconds(1)) {
      windows = windows.seen(1, load, at);
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
    load = new Load(999, 0.8);
    assertNothing(decide(BY_LOAD, LATER));
  }

  @Test
  void fewRequestsThatTakeMuchProcessorTimeAreALoadAsWell() {
    load = new Load(20, 0.51);
    assertDue(decide(BY_CPU, LATER), Finding.Reason.LOAD, BUSY);
    assertNothing(decide(BY_LOAD, LATER));
    assertNothing(decide(BY_CPU, LATER.minusSeconds(1)));
    load = new Load(2_000, 0.5);
    assertNothing(decide(BY_CPU, LATER));
    hotKey = true;
    load = new Load(20, 0.51);
    assertIndivisible(decide(BY_CPU, LATER), "HotKey");
  }

  @Test
  void eachLimitOfALoadDecidesByItself() {
    SplitRule both =
        new SplitRule(
            OptionalLong.empty(), BY_LOAD.operationsMax(), BY_CPU.cpuMillisMax(), true, false);
    load = new Load(20, 0.7);
    assertThat(decide(both, LATER))
        .isInstanceOfSatisfying(
            Finding.Due.class,
            due -> {
              assertThat(due.because()).contains("the 500m of processor time of spec.split.maxCpu");
              assertThat(due.toString()).contains("700m of processor time");
            });
    load = new Load(1_001, 0.1);
    assertThat(decide(both, LATER))
        .isInstanceOfSatisfying(
            Finding.Due.class,
            due -> assertThat(due.because()).contains("spec.split.maxOperationsPerSecond"));
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
    LoadWindows windows = windows(load);
    assertThat(windows.sustained()).isPresent();
    assertThat(windows.seen(2, load, LATER).sustained()).isEmpty();
    assertThat(windows.seen(2, load, LATER).since()).isEqualTo(LATER);
    // What was in between nobody knows.
    assertThat(windows.seen(1, load, LATER.plusSeconds(120)).sustained()).isEmpty();
  }
}
