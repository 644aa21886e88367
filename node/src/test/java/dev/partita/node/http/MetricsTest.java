package dev.partita.node.http;

import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// What a real node answers to a scrape, against the list.
@QuarkusTest
@QuarkusTestResource(FreshDirectory.class)
class MetricsTest {
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final Pattern SAMPLE =
      Pattern.compile("(?<name>[a-zA-Z0-9_]+)(\\{(?<labels>.*)})? (?<value>\\S+)");
  private static final Pattern LABEL = Pattern.compile("([a-zA-Z0-9_]+)=\"([^\"]*)\"");

  private static boolean prepared;

  private record Sample(String name, Set<String> labels, String text, double value) {}

  @BeforeEach
  void prepare() {
    if (prepared) {
      return;
    }
    prepared = true;
    post("/v1/partitions", "{\"name\":\"measured\",\"collection\":\"m\",\"range\":{}}");
    post("/v1/indexes", "{\"name\":\"by-a\",\"collection\":\"m\",\"terms\":[\"a\"]}");
    post("/v1/collections/m/documents", "[{\"id\":1,\"a\":\"x\"},{\"id\":2,\"a\":\"y\"}]");
    given().get("/v1/collections/m/documents/1").then().statusCode(200);
    given().get("/v1/collections/m/documents").then().statusCode(200);
    given().get("/v1/collections/m/documents/3").then().statusCode(404);
    post("/v1/query", "{\"index\":\"by-a\",\"terms\":[\"x\"]}");
  }

  private static void post(String path, String body) {
    int status = given().contentType("application/json").body(body).post(path).statusCode();
    assertThat(status / 100).as(path).isEqualTo(2);
  }

  /// A node without certificates has none that could expire; SecureHttpTest looks at one that has.
  private static Set<NodeMetric> always() {
    return EnumSet.complementOf(EnumSet.of(NodeMetric.CERTIFICATE_EXPIRY));
  }

  @Test
  void aScrapeAnswersExactlyTheList() {
    Set<String> expected = always().stream().map(MetricsTest::declared).collect(Collectors.toSet());
    await()
        .atMost(PATIENCE)
        .untilAsserted(() -> {
          String text = scrape();
          assertThat(families(text)).containsExactlyInAnyOrderElementsOf(expected);
          for (NodeMetric metric : always()) {
            assertThat(help(text, metric.prometheusName())).isEqualTo(metric.help());
          }
        });
  }

  @Test
  void everySeriesHasTheLabelsOfTheList() {
    await()
        .atMost(PATIENCE)
        .untilAsserted(() -> {
          List<Sample> samples = samples(scrape());
          for (NodeMetric metric : always()) {
            Set<String> labels = new TreeSet<>(metric.labels());
            List<Sample> own = samples.stream().filter(each -> base(each, metric)).toList();
            assertThat(own).as(metric.prometheusName()).isNotEmpty();
            assertThat(own)
                .as(metric.prometheusName())
                .allSatisfy(each -> {
                  Set<String> without = new TreeSet<>(each.labels());
                  without.remove("le");
                  assertThat(without).isEqualTo(labels);
                });
          }
        });
  }

  @Test
  void theNumbersAreThoseOfTheNode() {
    await()
        .atMost(PATIENCE)
        .untilAsserted(() -> {
          List<Sample> samples = samples(scrape());
          String m = "partition=\"measured\"";
          assertThat(value(samples, "partita_partition_rows", m)).isEqualTo(2);
          assertThat(value(samples, "partita_partition_size_bytes", m)).isPositive();
          assertThat(value(samples, "partita_partition_cpu_seconds_total", m)).isPositive();
          assertThat(value(samples, "partita_partition_leader", m)).isEqualTo(1);
          assertThat(value(samples, "partita_partition_voter", m)).isEqualTo(1);
          assertThat(value(samples, "partita_partition_voters", m)).isEqualTo(1);
          assertThat(value(samples, "partita_partition_lagging_replicas", m)).isZero();
          assertThat(
                  value(
                      samples, "partita_partition_operations_total", m, "operation=\"index_scan\""))
              .isEqualTo(1);
          assertThat(value(samples, "partita_partition_operations_total", m, "operation=\"write\""))
              .isEqualTo(
                  value(
                      samples,
                      "partita_partition_operation_duration_seconds_count",
                      m,
                      "kind=\"write\""))
              .isPositive();
          assertThat(
                  value(
                      samples,
                      "partita_partition_operation_duration_seconds_bucket",
                      m,
                      "kind=\"read\"",
                      "le=\"+Inf\""))
              .isEqualTo(
                  value(
                      samples,
                      "partita_partition_operation_duration_seconds_count",
                      m,
                      "kind=\"read\""))
              .isPositive();
          assertThat(value(samples, "partita_index_entries", "index=\"by-a\"")).isEqualTo(2);
          assertThat(value(samples, "partita_index_build_progress_ratio", "index=\"by-a\""))
              .isEqualTo(1);
          assertThat(value(samples, "partita_http_errors_total", "code=\"NOT_FOUND\""))
              .isPositive();
          assertThat(value(samples, "partita_log_sync_duration_seconds_count")).isPositive();
          assertThat(value(samples, "partita_log_batch_records_sum"))
              .isGreaterThanOrEqualTo(value(samples, "partita_log_batch_records_count"));
          assertThat(value(samples, "partita_log_written_bytes_total")).isPositive();
          assertThat(value(samples, "partita_system_leader")).isEqualTo(1);
          assertThat(value(samples, "partita_node_ready")).isEqualTo(1);
          assertThat(value(samples, "partita_disk_capacity_bytes"))
              .isGreaterThanOrEqualTo(value(samples, "partita_disk_available_bytes"));
          assertThat(value(samples, "partita_storage_block_cache_capacity_bytes")).isPositive();
        });
  }

  @Test
  void theSeriesOfAPartitionGoWithIt() {
    post("/v1/partitions", "{\"name\":\"passing\",\"collection\":\"p\",\"range\":{}}");
    post("/v1/collections/p/documents", "[{\"id\":1}]");
    await()
        .atMost(PATIENCE)
        .untilAsserted(() ->
            assertThat(
                    samples(scrape()).stream()
                        .filter(each -> each.text().contains("partition=\"passing\""))
                        .count())
                .as("series of one partition, see NodeMetric")
                .isEqualTo(39));

    given().delete("/v1/partitions/passing").then().statusCode(204);

    await().atMost(PATIENCE).until(() -> !scrape().contains("partition=\"passing\""));
  }

  private static String scrape() {
    return given().accept("text/plain").get("/metrics").body().asString();
  }

  /// `type name`, as Prometheus sees it; a histogram has its largest value beside it.
  private static Set<String> families(String text) {
    return text.lines()
        .filter(line -> line.startsWith("# TYPE partita_"))
        .map(line -> line.substring("# TYPE ".length()))
        .filter(Predicate.not(MetricsTest::isMaxOfHistogram))
        .collect(Collectors.toCollection(TreeSet::new));
  }

  private static boolean isMaxOfHistogram(String family) {
    return Stream.of(NodeMetric.values())
        .filter(metric -> metric.kind() == NodeMetric.Kind.HISTOGRAM)
        .anyMatch(metric -> family.equals(metric.prometheusName() + "_max gauge"));
  }

  private static String declared(NodeMetric metric) {
    return metric.prometheusName() + " " + ReplicaMeters.label(metric.kind());
  }

  private static String help(String text, String name) {
    String begin = "# HELP " + name + " ";
    return text.lines()
        .filter(line -> line.startsWith(begin))
        .map(line -> line.substring(begin.length()))
        .findFirst()
        .orElse("");
  }

  private static boolean base(Sample sample, NodeMetric metric) {
    String name = metric.prometheusName();
    return metric.kind() == NodeMetric.Kind.HISTOGRAM
        ? Set.of(name + "_bucket", name + "_count", name + "_sum", name + "_max")
            .contains(sample.name())
        : sample.name().equals(name);
  }

  private static List<Sample> samples(String text) {
    List<Sample> samples = new ArrayList<>();
    text.lines()
        .filter(line -> line.startsWith("partita_"))
        .forEach(line -> {
          Matcher matcher = SAMPLE.matcher(line);
          assertThat(matcher.matches()).as(line).isTrue();
          String labels = matcher.group("labels");
          Set<String> names =
              labels == null
                  ? Set.of()
                  : LABEL
                      .matcher(labels)
                      .results()
                      .map(each -> each.group(1))
                      .collect(Collectors.toSet());
          samples.add(
              new Sample(
                  matcher.group("name"),
                  names,
                  line,
                  Double.parseDouble(matcher.group("value").replace("+Inf", "Infinity"))));
        });
    return samples;
  }

  private static double value(List<Sample> samples, String name, String... labels) {
    return samples.stream()
        .filter(each -> each.name().equals(name))
        .filter(each -> Stream.of(labels).allMatch(each.text()::contains))
        .mapToDouble(Sample::value)
        .findFirst()
        .orElse(Double.NaN);
  }
}
