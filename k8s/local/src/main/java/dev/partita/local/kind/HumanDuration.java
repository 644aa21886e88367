package dev.partita.local.kind;

import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;

/// Ages as kubectl shows them: two units while they matter, one later.
final class HumanDuration {
  private HumanDuration() {}

  /// The time since `timestamp`, `<unknown>` when it is none.
  static String since(String timestamp) {
    if (timestamp.isEmpty()) {
      return "<unknown>";
    }
    try {
      return of(Duration.between(OffsetDateTime.parse(timestamp).toInstant(), Instant.now()));
    } catch (DateTimeException e) {
      return "<invalid>";
    }
  }

  static String of(Duration duration) {
    long seconds = duration.toSeconds();
    long minutes = seconds / 60;
    long hours = seconds / 3600;
    long days = hours / 24;
    if (seconds < -1) {
      return "<invalid>";
    } else if (seconds < 120) {
      return Math.max(0, seconds) + "s";
    } else if (minutes < 10) {
      return two(minutes, "m", seconds % 60, "s");
    } else if (minutes < 180) {
      return minutes + "m";
    } else if (hours < 8) {
      return two(hours, "h", minutes % 60, "m");
    } else if (hours < 48) {
      return hours + "h";
    } else if (days < 8) {
      return two(days, "d", hours % 24, "h");
    } else if (days < 2 * 365) {
      return days + "d";
    } else if (days < 8 * 365) {
      return two(days / 365, "y", days % 365, "d");
    }
    return days / 365 + "y";
  }

  private static String two(long large, String largeUnit, long small, String smallUnit) {
    return large + largeUnit + (small == 0 ? "" : small + smallUnit);
  }
}
