package dev.partita.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/// Draws curves over time, as SVG.
final class Plot {
  private static final int WIDTH = 800;
  private static final int HEIGHT = 400;
  private static final int MARGIN = 60;
  private static final int TICKS = 5;
  private static final List<String> COLORS = List.of("#d95f02", "#1b9e77", "#7570b3");

  private Plot() {}

  /// One value for each unit of the horizontal axis.
  record Curve(String name, List<Double> values) {}

  static String svg(String title, String horizontal, String vertical, List<Curve> curves) {
    int length = curves.stream().mapToInt(curve -> curve.values().size()).max().orElse(1);
    double highest =
        curves.stream()
            .flatMap(curve -> curve.values().stream())
            .mapToDouble(Double::doubleValue)
            .max()
            .orElse(1);
    List<String> lines = new ArrayList<>();
    lines.add(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" font-family=\"sans-serif\" font-size=\"12\">"
            .formatted(WIDTH, HEIGHT));
    lines.add("<rect width=\"100%\" height=\"100%\" fill=\"white\"/>");
    lines.add(text(WIDTH / 2.0, MARGIN / 2.0, "middle", title));
    lines.add(text(WIDTH / 2.0, HEIGHT - 12, "middle", horizontal));
    lines.add(text(8, MARGIN - 12, "start", vertical));
    for (int tick = 0; tick <= TICKS; tick++) {
      double value = highest * tick / TICKS;
      double y = y(value, highest);
      lines.add(
          String.format(
              Locale.ROOT,
              "<line x1=\"%d\" x2=\"%d\" y1=\"%.1f\" y2=\"%.1f\" stroke=\"#ddd\"/>",
              MARGIN,
              WIDTH - MARGIN,
              y,
              y));
      lines.add(text(MARGIN - 6, y + 4, "end", String.format(Locale.ROOT, "%.0f", value)));
      double at = (double) length * tick / TICKS;
      lines.add(
          text(
              x(at, length),
              HEIGHT - MARGIN + 18,
              "middle",
              String.format(Locale.ROOT, "%.0f", at)));
    }
    for (int number = 0; number < curves.size(); number++) {
      Curve curve = curves.get(number);
      String color = COLORS.get(number % COLORS.size());
      StringBuilder points = new StringBuilder();
      for (int at = 0; at < curve.values().size(); at++) {
        points.append(
            String.format(
                Locale.ROOT, "%.1f,%.1f ", x(at, length), y(curve.values().get(at), highest)));
      }
      lines.add(
          "<polyline fill=\"none\" stroke=\"%s\" stroke-width=\"1.5\" points=\"%s\"/>"
              .formatted(color, points.toString().strip()));
      lines.add(
          "<text x=\"%d\" y=\"%d\" text-anchor=\"end\" fill=\"%s\">%s</text>"
              .formatted(WIDTH - MARGIN, MARGIN + 16 * number, color, curve.name()));
    }
    lines.add("</svg>");
    return String.join("\n", lines) + "\n";
  }

  private static double x(double at, int length) {
    return MARGIN + at * (WIDTH - 2 * MARGIN) / length;
  }

  private static double y(double value, double highest) {
    return HEIGHT - MARGIN - value * (HEIGHT - 2 * MARGIN) / Math.max(highest, 1);
  }

  private static String text(double x, double y, String anchor, String text) {
    return String.format(
        Locale.ROOT,
        "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">%s</text>",
        x,
        y,
        anchor,
        text);
  }
}
