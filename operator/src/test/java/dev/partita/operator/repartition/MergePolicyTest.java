package dev.partita.operator.repartition;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

class MergePolicyTest {

  private static final long MEBIBYTE = 1 << 20;
  private static final Instant BEGIN = Instant.parse("2026-01-01T00:00:00Z");
  private static final MergePatience PATIENCE = MergePatience.STANDARD;
  private static final Duration QUIET = PATIENCE.quiet();
  private static final SplitRule RULE =
      new SplitRule(
          OptionalLong.of(100 * MEBIBYTE),
          OptionalLong.of(1_000),
          OptionalLong.of(500),
          true,
          true);

  private Instant now = BEGIN;
  private static final Load LITTLE = new Load(1, 0.001);

  private PeakHistory one = PeakHistory.begin("1", 0, Load.NONE, BEGIN);
  private PeakHistory other = PeakHistory.begin("2", 0, Load.NONE, BEGIN);

  private static Load load(double operationsPerSecond) {
    return new Load(operationsPerSecond, 0.01);
  }

  /// Looks every minute.
  private void passes(Duration time, long mebibytes, Load load) {
    for (Instant end = now.plus(time); now.isBefore(end); ) {
      now = now.plusSeconds(60);
      one = one.seen("1", mebibytes * MEBIBYTE, load, PATIENCE.slot(), now);
      other = other.seen("2", MEBIBYTE, LITTLE, PATIENCE.slot(), now);
    }
  }

  private MergeFinding decide(SplitRule rule, long mebibytes, Load load) {
    return MergePolicy.decide(
        rule,
        new MergePolicy.Part(mebibytes * MEBIBYTE, load, true, one),
        new MergePolicy.Part(MEBIBYTE, LITTLE, true, other),
        PATIENCE,
        now);
  }

  @Test
  void whatHasBeenSmallForMoreThanADayIsMerged() {
    passes(QUIET.minusMinutes(2), 10, load(100));
    assertThat(decide(RULE, 10, load(100))).isInstanceOf(MergeFinding.Waits.class);
    passes(Duration.ofMinutes(2), 10, load(100));
    assertThat(decide(RULE, 10, load(100)))
        .isEqualTo(
            new MergeFinding.Due(
                "for 26 hours its two parts together have had less than half of the 100.0 MiB of spec.split.maxSize and of the 1000 operations per second of spec.split.maxOperationsPerSecond and of the 500m of processor time of spec.split.maxCpu",
                "at most 11.0 MiB, 101 operations per second and 11m of processor time"));
  }

  @Test
  void halfOfEitherLimitIsTooMuch() {
    passes(QUIET, 10, load(100));
    assertThat(decide(RULE, 48, load(498))).isInstanceOf(MergeFinding.Due.class);
    assertThat(decide(RULE, 49, load(100))).isInstanceOf(MergeFinding.Nothing.class);
    assertThat(decide(RULE, 10, load(499))).isInstanceOf(MergeFinding.Nothing.class);
    assertThat(decide(RULE, 10, new Load(100, 0.248))).isInstanceOf(MergeFinding.Due.class);
    assertThat(decide(RULE, 10, new Load(100, 0.249))).isInstanceOf(MergeFinding.Nothing.class);
    SplitRule byLoad =
        new SplitRule(
            OptionalLong.empty(), OptionalLong.of(1_000), OptionalLong.empty(), true, true);
    assertThat(decide(byLoad, 49, load(100))).isInstanceOf(MergeFinding.Due.class);
  }

  @Test
  void onePeakIsRememberedForMoreThanADayAndNoLonger() {
    passes(QUIET, 10, load(100));
    passes(Duration.ofMinutes(1), 10, load(900));
    passes(QUIET.minusMinutes(2), 10, load(100));
    assertThat(decide(RULE, 10, load(100))).isInstanceOf(MergeFinding.Waits.class);
    passes(PATIENCE.slot().plusMinutes(PeakHistory.SLOTS + 3), 10, load(100));
    assertThat(decide(RULE, 10, load(100))).isInstanceOf(MergeFinding.Due.class);
  }

  @Test
  void aPeakOfProcessorTimeIsRememberedAsWell() {
    passes(QUIET, 10, load(100));
    passes(Duration.ofMinutes(1), 10, new Load(100, 0.4));
    passes(Duration.ofMinutes(1), 10, load(100));
    assertThat(decide(RULE, 10, load(100))).isInstanceOf(MergeFinding.Waits.class);
  }

  @Test
  void whatNobodyWantsOrKnowsIsNotMerged() {
    passes(QUIET, 10, load(100));
    SplitRule unwanted =
        new SplitRule(RULE.bytesMax(), RULE.operationsMax(), RULE.cpuMillisMax(), true, false);
    assertThat(decide(unwanted, 10, load(100))).isInstanceOf(MergeFinding.Nothing.class);
    // Without limits nobody knows what small means: somebody has split it by hand.
    SplitRule unlimited =
        new SplitRule(OptionalLong.empty(), OptionalLong.empty(), OptionalLong.empty(), true, true);
    assertThat(decide(unlimited, 0, load(0))).isInstanceOf(MergeFinding.Nothing.class);
  }

  @Test
  void whatIsBeingCountedWaitsForItsSize() {
    var uncounted = new MergePolicy.Part(0, Load.NONE, false, one);
    var counted = new MergePolicy.Part(0, Load.NONE, true, other);
    assertThat(MergePolicy.decide(RULE, uncounted, counted, PATIENCE, now))
        .isInstanceOf(MergeFinding.Waits.class);
    passes(QUIET, 10, load(100));
    uncounted = new MergePolicy.Part(0, Load.NONE, false, one);
    counted = new MergePolicy.Part(0, Load.NONE, true, other);
    assertThat(MergePolicy.decide(RULE, uncounted, counted, PATIENCE, now))
        .isInstanceOf(MergeFinding.Uncounted.class);
    SplitRule byLoad =
        new SplitRule(
            OptionalLong.empty(), OptionalLong.of(1_000), OptionalLong.empty(), true, true);
    assertThat(MergePolicy.decide(byLoad, uncounted, counted, PATIENCE, now))
        .isInstanceOf(MergeFinding.Due.class);
  }

  @Test
  void anotherRangeOrATimeWithoutLooksBeginsAnew() {
    passes(QUIET, 10, load(900));
    Instant later = now.plusSeconds(60);
    assertThat(one.seen("3", 0, Load.NONE, PATIENCE.slot(), later))
        .isEqualTo(PeakHistory.begin("3", 0, Load.NONE, later));
    assertThat(one.seen("1", 0, Load.NONE, PATIENCE.slot(), now.minusSeconds(60)).since())
        .as("a clock that was set back a little")
        .isEqualTo(one.since());
    Instant muchLater = now.plus(Duration.ofMinutes(11));
    assertThat(one.seen("1", 0, Load.NONE, PATIENCE.slot(), muchLater))
        .isEqualTo(PeakHistory.begin("1", 0, Load.NONE, muchLater));
  }
}
