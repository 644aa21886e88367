package dev.partita.operator.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.math.BigDecimal;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/// Holds the table of `k8s/docs/metrics.md` equal to the list in code. With
/// `-Dpartita.docs.write=true` it writes the table instead.
class MetricsDocTest {
  private static final String BEGIN = "<!-- operator: generated from OperatorMetric -->\n";
  private static final String END = "<!-- operator: end -->";

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
    assertThat(Stream.of(OperatorMetric.values()).map(OperatorMetric::prometheusName))
        .doesNotHaveDuplicates()
        .allMatch(name -> name.matches("partita_operator_[a-z][a-z_]*[a-z]"));
    assertThat(OperatorMetric.values()).allMatch(metric -> !metric.help().endsWith("."));
  }

  private static String table() {
    return Stream.of(OperatorMetric.values())
        .map(MetricsDocTest::row)
        .collect(
            Collectors.joining(
                "\n",
                "| name | type | unit | labels | what it tells |\n|---|---|---|---|---|\n",
                "\n"));
  }

  private static String row(OperatorMetric metric) {
    String help =
        metric.kind() == OperatorMetric.Kind.HISTOGRAM
            ? metric.help() + "; buckets up to " + buckets(metric)
            : metric.help();
    return "| `%s` | %s | %s | %s | %s |"
        .formatted(
            metric.prometheusName(),
            metric.kind().name().toLowerCase(Locale.ROOT),
            metric.unit(),
            metric.labels().stream()
                .map(each -> "`" + each + "`")
                .collect(Collectors.joining(", ")),
            help);
  }

  private static String buckets(OperatorMetric metric) {
    return Arrays.stream(metric.buckets())
        .mapToObj(bound -> BigDecimal.valueOf(bound).stripTrailingZeros().toPlainString())
        .collect(Collectors.joining(", "));
  }
}
