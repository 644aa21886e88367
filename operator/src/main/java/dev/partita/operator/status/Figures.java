package dev.partita.operator.status;

import org.jspecify.annotations.Nullable;

/// Figures of a status, rounded so that an idle or steady system always shows the same ones.
public final class Figures {

  /// A rate is written anew when it has left this factor around the one shown.
  private static final double RATE_FACTOR = 2;

  /// A size is written anew when it is off by more than this part of the one shown: files are
  /// rewritten all the time.
  private static final double SIZE_TOLERANCE = 0.1;

  private static final double HUNDREDTHS = 100;

  private Figures() {}

  /// Operations per second: the one shown while the observed rate is within a factor of two of it,
  /// else the observed one with its first decimal digit.
  public static long operationsPerSecond(@Nullable Long shown, double observed) {
    return rate(shown, observed);
  }

  /// Processor time as a quantity of Kubernetes, in thousandths of a core: kept as operations are,
  /// and told in hundredths.
  ///
  /// @param observed cores
  public static String cpu(@Nullable String shown, double observed) {
    Long shownHundredths =
        shown == null ? null : Long.parseLong(shown.substring(0, shown.length() - 1)) / 10;
    return rate(shownHundredths, observed * HUNDREDTHS) * 10 + "m";
  }

  private static long rate(@Nullable Long shown, double observed) {
    long rounded = firstDigit(Math.round(observed));
    if (shown == null || shown == 0 || rounded == 0) {
      return rounded;
    }
    return observed > shown * RATE_FACTOR || observed < shown / RATE_FACTOR ? rounded : shown;
  }

  /// Bytes: the ones shown while the observed ones are near.
  public static long bytes(@Nullable Long shown, long observed) {
    return shown != null && Math.abs(observed - shown) <= SIZE_TOLERANCE * shown ? shown : observed;
  }

  private static long firstDigit(long value) {
    long unit = 1;
    while (value / unit >= 10) {
      unit *= 10;
    }
    return value / unit * unit;
  }
}
