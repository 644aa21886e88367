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
import org.junit.jupiter.api.Test;

/// A collection whose clients ask more or less over days, split as the policy says. Keys are
/// numbers from 0 to 1 and equally popular, and a split is there at once.
class SplitPolicySimTest {

  private static final Duration POLL = Duration.ofSeconds(10);
  private static final Instant BEGIN = Instant.parse("2026-01-01T00:00:00Z");
  private static final long MAX = 1_000;
  private static final SplitRule RULE =
      new SplitRule(OptionalLong.empty(), OptionalLong.of(MAX), true);

  private static final class Range {
    final double start;
    final double end;
    LoadWindows windows;

    Range(double start, double end, long epoch, Instant now) {
      this.start = start;
      this.end = end;
      this.windows = LoadWindows.begin(epoch, now);
    }
  }

  private final Random random = new Random(11);
  private final List<Range> ranges = new ArrayList<>(List.of(new Range(0, 1, 1, BEGIN)));

  /// When a range was split.
  private final List<Instant> splits = new ArrayList<>();

  private void run(Duration time, ToDoubleFunction<Duration> operationsPerSecond) {
    for (Duration at = Duration.ZERO; at.compareTo(time) < 0; at = at.plus(POLL)) {
      Instant now = BEGIN.plus(at);
      double whole = operationsPerSecond.applyAsDouble(at);
      for (Range range : List.copyOf(ranges)) {
        double noise = 1 + 0.1 * random.nextGaussian();
        double load = Math.max(0, whole * (range.end - range.start) * noise);
        range.windows = range.windows.seen(range.windows.epoch(), load, now);
        step(range, now);
      }
    }
  }

  private void step(Range range, Instant now) {
    // Samples find the middle only roughly.
    double share = 0.5 + 0.1 * (random.nextDouble() - 0.5);
    double middle = range.start + (range.end - range.start) * share;
    var figures = new SplitFigures(0, false, true, false, true, null, new DoubleNode(middle), null);
    if (SplitPolicy.decide(RULE, figures, range.windows, now) instanceof Finding.Due due) {
      assertThat(due.at()).isNotNull();
      long epoch = range.windows.epoch() + 1;
      ranges.remove(range);
      ranges.add(new Range(range.start, middle, epoch, now));
      ranges.add(new Range(middle, range.end, epoch, now));
      splits.add(now);
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
    Instant settled = BEGIN.plus(Duration.ofDays(1));
    assertThat(splits).allMatch(split -> split.isBefore(settled));
    for (Range range : ranges) {
      assertThat(8 * MAX * (range.end - range.start)).isLessThan(1.2 * MAX);
    }
  }

  @Test
  void aConstantLoadIsDividedOnceAndForAll() {
    run(Duration.ofDays(2), _ -> 6 * MAX);

    assertThat(splits).hasSizeBetween(5, 11);
    assertThat(splits).allMatch(split -> split.isBefore(BEGIN.plus(Duration.ofHours(2))));
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
