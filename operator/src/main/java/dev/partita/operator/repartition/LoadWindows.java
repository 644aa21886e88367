package dev.partita.operator.repartition;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.ToDoubleFunction;

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
    long epoch, Instant since, Instant begun, Load sum, int count, List<Load> means) {

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
    return new LoadWindows(epoch, now, now, Load.NONE, 0, List.of());
  }

  /// With one more look at the load.
  public LoadWindows seen(long nowEpoch, Load load, Instant now) {
    if (nowEpoch != epoch) {
      return begin(nowEpoch, now).seen(nowEpoch, load, now);
    }
    if (now.isBefore(begun) || Duration.between(begun, now).compareTo(LENGTH.plus(GAP_MAX)) > 0) {
      return new LoadWindows(epoch, since, now, load, 1, List.of());
    }
    if (count == 0 || Duration.between(begun, now).compareTo(LENGTH) < 0) {
      return new LoadWindows(epoch, since, begun, sum.plus(load), count + 1, means);
    }
    List<Load> complete = new ArrayList<>(means);
    complete.add(new Load(sum.operationsPerSecond() / count, sum.cpu() / count));
    if (complete.size() > COUNT) {
      complete.removeFirst();
    }
    return new LoadWindows(epoch, since, now, load, 1, complete);
  }

  /// What each figure of the load has been at least, in all but one of the last windows and in the
  /// newest one; empty before there are enough. Peaks do not count, however high, and one dip does
  /// not either.
  public Optional<Load> sustained() {
    return means.size() < COUNT
        ? Optional.empty()
        : Optional.of(new Load(sustained(Load::operationsPerSecond), sustained(Load::cpu)));
  }

  private double sustained(ToDoubleFunction<Load> figure) {
    double secondLowest =
        means.stream().mapToDouble(figure).sorted().skip(1).findFirst().orElseThrow();
    return Math.min(secondLowest, figure.applyAsDouble(means.getLast()));
  }
}
