package dev.partita.operator.repartition;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.DoubleNode;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.Random;
import java.util.function.ToDoubleFunction;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/// A collection whose clients ask more or less over days, split and merged as the policies say.
/// Keys are numbers from 0 to 1 and equally popular, and a split or merge is there at once.
class SplitPolicySimTest {

  private static final Duration POLL = Duration.ofSeconds(10);
  private static final Instant BEGIN = Instant.parse("2026-01-01T00:00:00Z");
  private static final long MAX = 1_000;
  private static final SplitRule RULE =
      new SplitRule(OptionalLong.empty(), OptionalLong.of(MAX), OptionalLong.empty(), true, true);
  private static final MergePatience PATIENCE = MergePatience.STANDARD;

  private static final class Range {
    final double start;
    final double end;
    LoadWindows windows;
    PeakHistory peaks;
    double load;
    List<Range> parts = List.of();

    Range(double start, double end, long epoch, Instant now) {
      this.start = start;
      this.end = end;
      this.windows = LoadWindows.begin(epoch, now);
      this.peaks = PeakHistory.begin("" + epoch, 0, Load.NONE, now);
    }

    Stream<Range> tree() {
      return Stream.concat(Stream.of(this), parts.stream().flatMap(Range::tree));
    }

    Load load() {
      return new Load(load, 0);
    }

    MergePolicy.Part part() {
      return new MergePolicy.Part(0, load(), true, peaks);
    }
  }

  private final Random random = new Random(11);
  private final Range root = new Range(0, 1, 1, BEGIN);
  private long epoch = 1;

  /// When a range was split.
  private final List<Instant> splits = new ArrayList<>();

  /// When two were merged.
  private final List<Instant> merges = new ArrayList<>();

  private List<Range> ranges() {
    return root.tree().filter(range -> range.parts.isEmpty()).toList();
  }

  private void run(Duration time, ToDoubleFunction<Duration> operationsPerSecond) {
    for (Duration at = Duration.ZERO; at.compareTo(time) < 0; at = at.plus(POLL)) {
      Instant now = BEGIN.plus(at);
      double whole = operationsPerSecond.applyAsDouble(at);
      for (Range range : ranges()) {
        double noise = 1 + 0.1 * random.nextGaussian();
        range.load = Math.max(0, whole * (range.end - range.start) * noise);
        range.windows = range.windows.seen(range.windows.epoch(), range.load(), now);
        range.peaks = range.peaks.seen(range.peaks.id(), 0, range.load(), PATIENCE.slot(), now);
        split(range, now);
      }
      root.tree()
          .filter(range -> range.parts.size() == 2)
          .toList()
          .forEach(each -> merge(each, now));
    }
  }

  private void split(Range range, Instant now) {
    // Samples find the middle only roughly.
    double share = 0.5 + 0.1 * (random.nextDouble() - 0.5);
    double middle = range.start + (range.end - range.start) * share;
    var figures = new SplitFigures(0, false, true, false, true, null, new DoubleNode(middle), null);
    if (SplitPolicy.decide(RULE, figures, range.windows, now) instanceof Finding.Due due) {
      assertThat(due.at()).isNotNull();
      range.parts =
          List.of(
              new Range(range.start, middle, ++epoch, now),
              new Range(middle, range.end, ++epoch, now));
      splits.add(now);
    }
  }

  private void merge(Range range, Instant now) {
    boolean leaves = range.parts.stream().allMatch(part -> part.parts.isEmpty());
    if (leaves
        && MergePolicy.decide(
                RULE, range.parts.getFirst().part(), range.parts.getLast().part(), PATIENCE, now)
            instanceof MergeFinding.Due) {
      range.windows = LoadWindows.begin(++epoch, now);
      range.peaks = PeakHistory.begin("" + epoch, 0, Load.NONE, now);
      range.parts = List.of();
      merges.add(now);
    }
  }

  /// Between a tenth and all of the peak, by the hour.
  private static double diurnal(Duration at, double peak) {
    double hours = at.toSeconds() / 3_600.0;
    return peak * (0.55 - 0.45 * Math.cos(2 * Math.PI * hours / 24));
  }

  @Test
  void aWeekOfDaysAndNightsSplitsOnTheFirstDayOnly() {
    run(Duration.ofDays(7), at -> diurnal(at, 8 * MAX));

    // Twice what an even division of the peak needs, at most.
    assertThat(splits).hasSizeBetween(7, 15);
    assertThat(merges).isEmpty();
    Instant settled = BEGIN.plus(Duration.ofDays(1));
    assertThat(splits).allMatch(split -> split.isBefore(settled));
    for (Range range : ranges()) {
      assertThat(8 * MAX * (range.end - range.start)).isLessThan(1.2 * MAX);
    }
  }

  @Test
  void aConstantLoadIsDividedOnceAndForAll() {
    run(Duration.ofDays(2), _ -> 6 * MAX);

    assertThat(splits).hasSizeBetween(5, 11);
    assertThat(merges).isEmpty();
    assertThat(splits).allMatch(split -> split.isBefore(BEGIN.plus(Duration.ofHours(2))));
  }

  @Test
  void quietWeekendsFoldTheTreeOnceAWeekAtMost() {
    run(
        Duration.ofDays(14),
        at -> at.toDays() % 7 < 5 ? diurnal(at, 8 * MAX) : 0.05 * diurnal(at, 8 * MAX));

    for (int week = 0; week < 2; week++) {
      Instant begin = BEGIN.plus(Duration.ofDays(7L * week));
      assertThat(in(splits, begin, Duration.ofDays(7))).isBetween(0L, 15L);
      assertThat(in(merges, begin, Duration.ofDays(7))).isBetween(0L, 15L);
      // What is split on Monday is there for the rest of the week. A range whose peak is that of
      // the limit may be split on any day.
      assertThat(in(splits, begin.plus(Duration.ofDays(1)), Duration.ofDays(4)))
          .isLessThanOrEqualTo(2);
      assertThat(in(merges, begin.plus(Duration.ofDays(1)), Duration.ofDays(4))).isZero();
    }
    assertThat(merges).isNotEmpty();
  }

  private static long in(List<Instant> times, Instant begin, Duration length) {
    return times.stream()
        .filter(time -> !time.isBefore(begin) && time.isBefore(begin.plus(length)))
        .count();
  }

  @Test
  void aLoadThatHasGoneLeavesOneAndThatEnds() {
    run(Duration.ofDays(14), at -> at.toDays() < 2 ? diurnal(at, 8 * MAX) : 0.1 * MAX);

    assertThat(ranges()).hasSize(1);
    assertThat(merges).hasSameSizeAs(splits);
    // Each level of the tree waits for a little more than a day.
    assertThat(merges).allMatch(merge -> merge.isBefore(BEGIN.plus(Duration.ofDays(10))));
  }

  @Test
  void aLoadBelowTheLimitSplitsNothingHoweverItSwings() {
    run(Duration.ofDays(7), at -> at.toMinutes() % 2 == 0 ? 1.6 * MAX : 0.2 * MAX);

    assertThat(splits).isEmpty();
  }

  @Test
  void burstsOfAMinuteSplitNothing() {
    run(Duration.ofDays(1), at -> at.toMinutes() % 30 == 0 ? 3 * MAX : 0.3 * MAX);

    assertThat(splits).isEmpty();
  }
}
