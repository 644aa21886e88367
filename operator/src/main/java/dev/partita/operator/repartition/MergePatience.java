package dev.partita.operator.repartition;

import java.time.Duration;

/// How long merges wait.
///
/// @param quiet how long two parts have to be small and cool together, and to exist
/// @param retryFirst how long a merge that was given up is left standing the first time
public record MergePatience(Duration quiet, Duration retryFirst) {

  /// A merge that is given up again and again is tried this often at least. Each try keeps writers
  /// waiting for two seconds at most.
  public static final Duration RETRY_MAX = Duration.ofHours(1);

  /// More than a day, so that a load that comes every day keeps its parts at night, also when it
  /// comes an hour or two later.
  public static final MergePatience STANDARD =
      new MergePatience(Duration.ofHours(26), Duration.ofMinutes(1));

  /// How long a peak counts beyond the time of quiet at most.
  public Duration slot() {
    return quiet.dividedBy(PeakHistory.SLOTS);
  }
}
