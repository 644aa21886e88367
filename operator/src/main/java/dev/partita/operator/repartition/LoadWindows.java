package dev.partita.operator.repartition;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;

/// The load of one range over the last windows of time: the mean of each. Begins anew when the
/// range changes its bounds or members. Immutable.
///
/// @param epoch of the Partition
/// @param since when this epoch was seen first
/// @param begun when the window began that is not complete yet
/// @param sum of what was seen in it
/// @param count of it
/// @param means of the complete windows, the newest last
public record LoadWindows(
    long epoch, Instant since, Instant begun, double sum, int count, List<Double> means) {

  /// Long against the ten seconds over which nodes average, so that windows say different things.
  public static final Duration LENGTH = Duration.ofSeconds(30);

  /// So many windows in a row decide: a burst of less than three minutes splits nothing.
  public static final int COUNT = 6;

  /// After this without a look, nobody knows what was in between.
  private static final Duration GAP_MAX = Duration.ofSeconds(60);

  public LoadWindows {
    means = List.copyOf(means);
  }

  /// Nothing was seen of a range yet.
  public static LoadWindows begin(long epoch, Instant now) {
    return new LoadWindows(epoch, now, now, 0, 0, List.of());
  }

  /// With one more look at the load.
  public LoadWindows seen(long nowEpoch, double operationsPerSecond, Instant now) {
    if (nowEpoch != epoch) {
      return begin(nowEpoch, now).seen(nowEpoch, operationsPerSecond, now);
    }
    if (now.isBefore(begun) || Duration.between(begun, now).compareTo(LENGTH.plus(GAP_MAX)) > 0) {
      return new LoadWindows(epoch, since, now, operationsPerSecond, 1, List.of());
    }
    if (count == 0 || Duration.between(begun, now).compareTo(LENGTH) < 0) {
      return new LoadWindows(epoch, since, begun, sum + operationsPerSecond, count + 1, means);
    }
    List<Double> complete = new ArrayList<>(means);
    complete.add(sum / count);
    if (complete.size() > COUNT) {
      complete.removeFirst();
    }
    return new LoadWindows(epoch, since, now, operationsPerSecond, 1, complete);
  }

  /// What the load has been at least, in all but one of the last windows and in the newest one;
  /// empty before there are enough. Peaks do not count, however high, and one dip does not either.
  public OptionalDouble sustained() {
    if (means.size() < COUNT) {
      return OptionalDouble.empty();
    }
    double secondLowest = means.stream().sorted().skip(1).findFirst().orElseThrow();
    return OptionalDouble.of(Math.min(secondLowest, means.getLast()));
  }
}
