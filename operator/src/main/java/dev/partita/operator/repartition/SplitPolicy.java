package dev.partita.operator.repartition;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import java.time.Instant;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/// Decides whether and where one Partition is to be split.
public final class SplitPolicy {

  /// A sequence is split from this part of the largest size on: the part that it leaves behind
  /// stays full and below the limit. Above the limit the middle is better, or that part would be
  /// split again.
  private static final double SEQUENCE_SHARE = 0.9;

  /// How long a range is left alone by load after it has changed: leaders are evened out, caches
  /// are filled, and clients find the new leaders meanwhile.
  public static final Duration LOAD_REST = Duration.ofMinutes(5);

  private static final double BYTES_PER_MEBIBYTE = 1 << 20;

  private static final double MILLIS_PER_CORE = 1_000;

  private SplitPolicy() {}

  /// What is to be done. Size comes before load: it can be relied on.
  public static Finding decide(
      SplitRule rule, SplitFigures figures, LoadWindows windows, Instant now) {
    Finding finding = bySize(rule, figures);
    return finding instanceof Finding.Nothing ? byLoad(rule, figures, windows, now) : finding;
  }

  private static Finding bySize(SplitRule rule, SplitFigures figures) {
    if (rule.bytesMax().isEmpty()) {
      return new Finding.Nothing();
    }
    long max = rule.bytesMax().getAsLong();
    String size = mebibytes(figures.bytes());
    if (figures.bytes() <= max) {
      return figures.measured()
              && figures.divisible()
              && figures.atEnd() != null
              && figures.bytes() >= SEQUENCE_SHARE * max
          ? new Finding.Due(
              Finding.Reason.SEQUENCE,
              figures.atEnd(),
              "it has nearly the %s of spec.split.maxSize, and new rows all go to its end"
                  .formatted(mebibytes(max)),
              size)
          : new Finding.Nothing();
    }
    if (!figures.measured()) {
      return new Finding.Nothing(); // its rows are being counted, or the point is looked for
    }
    String because = "it has more than the %s of spec.split.maxSize".formatted(mebibytes(max));
    Optional<Finding> impossible = impossible(figures, because);
    if (impossible.isPresent()) {
      return impossible.get();
    }
    if (!figures.hashed() && figures.bySize() == null) {
      return new Finding.Indivisible(
          "OneKey",
          because
              + ", but all of it belongs to one partition key, which is never divided: change keys or documents, or raise maxSize");
    }
    return new Finding.Due(Finding.Reason.SIZE, point(figures, figures.bySize()), because, size);
  }

  private static Finding byLoad(
      SplitRule rule, SplitFigures figures, LoadWindows windows, Instant now) {
    if (windows.sustained().isEmpty()
        || Duration.between(windows.since(), now).compareTo(LOAD_REST) < 0) {
      return new Finding.Nothing();
    }
    Load load = windows.sustained().get();
    Finding finding =
        byLoad(
            rule.operationsMax(),
            Math.round(load.operationsPerSecond()),
            "%d operations per second",
            "spec.split.maxOperationsPerSecond",
            figures);
    return finding instanceof Finding.Nothing
        ? byLoad(
            rule.cpuMillisMax(),
            Math.round(load.cpu() * MILLIS_PER_CORE),
            "%dm of processor time",
            "spec.split.maxCpu",
            figures)
        : finding;
  }

  /// @param load in the unit of the limit
  /// @param format of a load
  /// @param field that has the limit
  private static Finding byLoad(
      OptionalLong limit, long load, String format, String field, SplitFigures figures) {
    if (limit.isEmpty() || load <= limit.getAsLong()) {
      return new Finding.Nothing();
    }
    String because =
        "for %d minutes it has had more than the %s of %s"
            .formatted(
                LoadWindows.LENGTH.multipliedBy(LoadWindows.COUNT).toMinutes(),
                format.formatted(limit.getAsLong()),
                field);
    Optional<Finding> impossible = impossible(figures, because);
    if (impossible.isPresent()) {
      return impossible.get();
    }
    if (figures.hotKey()) {
      return new Finding.Indivisible(
          "HotKey", because + ", but one key takes too much of it for a split to help");
    }
    if (!figures.hashed() && figures.atEnd() != null) {
      return new Finding.Indivisible(
          "Sequence",
          because
              + ", but new rows all go to its end, as they would after a split: keys that do not only grow, or hash partitions, spread them");
    }
    return figures.hashed() || figures.byLoad() != null
        ? new Finding.Due(
            Finding.Reason.LOAD, point(figures, figures.byLoad()), because, format.formatted(load))
        : new Finding.Nothing(); // where the load lies is not clear enough to divide it
  }

  private static Optional<Finding> impossible(SplitFigures figures, String why) {
    return figures.divisible()
        ? Optional.empty()
        : Optional.of(
            new Finding.Indivisible(
                "Bounds", why + ", but its bounds cannot be cut: declare narrower Partitions"));
  }

  private static @Nullable JsonNode point(SplitFigures figures, @Nullable JsonNode at) {
    return figures.hashed() ? null : at;
  }

  private static String mebibytes(long bytes) {
    return String.format(Locale.ROOT, "%.1f MiB", bytes / BYTES_PER_MEBIBYTE);
  }
}
