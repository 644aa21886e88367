package dev.partita.bench;

import java.util.Locale;

/// Rows of figures, each with its ratio to a floor.
final class Table {
  private Table() {}

  static void chapter(String title) {
    System.out.printf("%n%s%n", title);
  }

  static void head(String floor) {
    System.out.printf(
        Locale.ROOT,
        "  %-44s %12s %10s %10s   %s%n",
        "",
        "ops/s",
        "p50 us",
        "p99 us",
        "ratio to " + floor);
  }

  static void row(String name, Load.Result result, double floorOperationsPerSecond) {
    System.out.printf(
        Locale.ROOT,
        "  %-44s %12.0f %10.0f %10.0f   %.2f%n",
        name,
        result.operationsPerSecond(),
        result.p50Micros(),
        result.p99Micros(),
        result.operationsPerSecond() / floorOperationsPerSecond);
  }

  static void line(String format, Object... arguments) {
    System.out.printf(Locale.ROOT, "  " + format + "%n", arguments);
  }
}
