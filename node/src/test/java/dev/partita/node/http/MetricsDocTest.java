package dev.partita.node.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.math.BigDecimal;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/// Holds the table of `k8s/docs/metrics.md` equal to the list in code. With
/// `-Dpartita.docs.write=true` it writes the table instead.
class MetricsDocTest {
  private static final String BEGIN = "<!-- node: generated from NodeMetric -->\n";
  private static final String END = "<!-- node: end -->";

  @Test
  void theTableIsTheList() throws IOException {
    Path file = Path.of(System.getProperty("partita.checkout"), "k8s/docs/metrics.md");
    String page = Files.readString(file);
    int begin = page.indexOf(BEGIN) + BEGIN.length();
    int end = page.indexOf(END);
    assertThat(begin).isGreaterThanOrEqualTo(BEGIN.length());
    assertThat(end).isGreaterThanOrEqualTo(begin);
    if (Boolean.getBoolean("partita.docs.write")) {
      Files.writeString(file, page.substring(0, begin) + table() + page.substring(end));
    } else {
      assertThat(page.substring(begin, end))
          .as("run this test with -Dpartita.docs.write=true")
          .isEqualTo(table());
    }
  }

  @Test
  void namesFollowTheConventions() {
    assertThat(
            new HashSet<>(Stream.of(NodeMetric.values()).map(NodeMetric::prometheusName).toList()))
        .hasSize(NodeMetric.values().length)
        .allMatch(name -> name.matches("partita_[a-z][a-z_]*[a-z]"));
    assertThat(NodeMetric.values())
        .allMatch(metric -> !metric.help().endsWith(".") && Character.isUpperCase(first(metric)));
  }

  private static char first(NodeMetric metric) {
    char first = metric.help().charAt(0);
    return Character.isDigit(first) ? 'A' : first;
  }

  private static String table() {
    return Stream.of(NodeMetric.values())
        .map(MetricsDocTest::row)
        .collect(
            Collectors.joining(
                "\n",
                "| name | type | unit | labels | what it tells |\n|---|---|---|---|---|\n",
                "\n"));
  }

  private static String row(NodeMetric metric) {
    String help =
        metric.kind() == NodeMetric.Kind.HISTOGRAM
            ? metric.help() + "; buckets up to " + buckets(metric)
            : metric.help();
    return "| `%s` | %s | %s | %s | %s |"
        .formatted(
            metric.prometheusName(),
            ReplicaMeters.label(metric.kind()),
            metric.unit(),
            metric.labels().stream()
                .map(each -> "`" + each + "`")
                .collect(Collectors.joining(", ")),
            help);
  }

  private static String buckets(NodeMetric metric) {
    return Arrays.stream(metric.buckets())
        .mapToObj(bound -> BigDecimal.valueOf(bound).stripTrailingZeros().toPlainString())
        .collect(Collectors.joining(", "));
  }
}
