package dev.partita.operator.repartition;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.OptionalLong;

/// Decides whether the two parts of one split are to be one again.
public final class MergePolicy {

  /// What of each limit the two may have together: then the one would not be split again before it
  /// has doubled.
  static final double ROOM = 0.5;

  private static final double BYTES_PER_MEBIBYTE = 1 << 20;

  private static final double MILLIS_PER_CORE = 1_000;

  private MergePolicy() {}

  /// What was observed of a part.
  ///
  /// @param bytes of its rows
  /// @param measured whether `bytes` is exact
  /// @param peaks how much it has been
  public record Part(long bytes, Load load, boolean measured, PeakHistory peaks) {}

  /// What is to be done. Where nothing limits a Partition, nobody knows what small means.
  public static MergeFinding decide(
      SplitRule rule, Part one, Part other, MergePatience patience, Instant now) {
    if (!rule.merge() || rule.isWithoutLimit()) {
      return new MergeFinding.Nothing();
    }
    if (!isSmall(rule, one.bytes() + other.bytes(), one.load().plus(other.load()))) {
      return new MergeFinding.Nothing();
    }
    // Peaks that were at different times are summed up: in doubt the two stay.
    long bytes = one.peaks().bytes() + other.peaks().bytes();
    Load load = one.peaks().load().plus(other.peaks().load());
    if (!isOld(one, patience, now) || !isOld(other, patience, now) || !isSmall(rule, bytes, load)) {
      return new MergeFinding.Waits();
    }
    if (rule.bytesMax().isPresent() && !(one.measured() && other.measured())) {
      return new MergeFinding.Uncounted();
    }
    return new MergeFinding.Due(
        "for %s its two parts together have had less than half of %s"
            .formatted(text(patience.quiet()), limits(rule)),
        "at most %s, %d operations per second and %dm of processor time"
            .formatted(
                mebibytes(bytes),
                Math.round(load.operationsPerSecond()),
                Math.round(load.cpu() * MILLIS_PER_CORE)));
  }

  private static boolean isOld(Part part, MergePatience patience, Instant now) {
    return Duration.between(part.peaks().since(), now).compareTo(patience.quiet()) >= 0;
  }

  private static boolean isSmall(SplitRule rule, long bytes, Load load) {
    return isSmall(rule.bytesMax(), (double) bytes)
        && isSmall(rule.operationsMax(), load.operationsPerSecond())
        && isSmall(rule.cpuMillisMax(), load.cpu() * MILLIS_PER_CORE);
  }

  private static boolean isSmall(OptionalLong limit, double value) {
    return limit.isEmpty() || value < ROOM * limit.getAsLong();
  }

  private static String limits(SplitRule rule) {
    List<String> limits = new ArrayList<>();
    rule.bytesMax().ifPresent(max -> limits.add(mebibytes(max) + " of spec.split.maxSize"));
    rule.operationsMax()
        .ifPresent(
            max -> limits.add(max + " operations per second of spec.split.maxOperationsPerSecond"));
    rule.cpuMillisMax()
        .ifPresent(max -> limits.add(max + "m of processor time of spec.split.maxCpu"));
    return "the " + String.join(" and of the ", limits);
  }

  private static String text(Duration duration) {
    return duration.toHours() > 0
        ? duration.toHours() + " hours"
        : duration.toSeconds() + " seconds";
  }

  private static String mebibytes(long bytes) {
    return String.format(Locale.ROOT, "%.1f MiB", bytes / BYTES_PER_MEBIBYTE);
  }
}
