package dev.partita.launcher;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.fabric8.kubernetes.client.utils.KubernetesSerialization;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// The dashboards and rules as files: complete, consistent, and made of metrics that exist.
class MonitoringFilesTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Pattern OWN_METRIC = Pattern.compile("\\bpartita_[a-z0-9_]+");

  /// Told by versions that encrypt.
  private static final String CERTIFICATES = "partita_certificate_expiry_timestamp_seconds";

  /// What a histogram adds to its name.
  private static final List<String> SUFFIXES = List.of("", "_bucket", "_count", "_sum", "_max");

  @ParameterizedTest
  @ValueSource(strings = {"fleet", "partitions", "operator"})
  void everyPanelSaysWhatItShows(String dashboard) throws IOException {
    JsonNode board = dashboard(dashboard);
    assertThat(board.path("uid").asText()).isEqualTo("partita-" + dashboard);
    assertThat(board.path("templating").path("list").path(0).path("type").asText())
        .isEqualTo("datasource");
    Set<Integer> ids = new HashSet<>();
    for (JsonNode panel : board.path("panels")) {
      String title = panel.path("title").asText();
      assertThat(title).isNotBlank();
      assertThat(ids.add(panel.path("id").asInt())).as("id of " + title).isTrue();
      if (panel.path("type").asText().equals("row")) {
        continue;
      }
      assertThat(panel.path("description").asText()).as("description of " + title).isNotBlank();
      assertThat(panel.path("fieldConfig").path("defaults").path("unit").asText())
          .as("unit of " + title)
          .isNotBlank();
      assertThat(panel.path("targets").size()).as("targets of " + title).isPositive();
      for (JsonNode target : panel.path("targets")) {
        assertThat(target.path("legendFormat").asText()).as("legend of " + title).isNotBlank();
        assertThat(target.path("datasource").path("uid").asText()).isEqualTo("${datasource}");
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"fleet", "partitions", "operator"})
  void panelsDoNotOverlap(String dashboard) throws IOException {
    Set<String> taken = new HashSet<>();
    for (JsonNode panel : dashboard(dashboard).path("panels")) {
      JsonNode place = panel.path("gridPos");
      assertThat(place.path("x").asInt() + place.path("w").asInt()).isLessThanOrEqualTo(24);
      for (int x = 0; x < place.path("w").asInt(); x++) {
        for (int y = 0; y < place.path("h").asInt(); y++) {
          String cell = (place.path("x").asInt() + x) + " " + (place.path("y").asInt() + y);
          assertThat(taken.add(cell)).as(panel.path("title").asText() + " at " + cell).isTrue();
        }
      }
    }
  }

  @Test
  void everyAlertHasItsRunbookAndEveryRunbookItsAlert() throws IOException {
    Set<String> named = new TreeSet<>();
    for (JsonNode rule : alerts()) {
      String name = rule.path("alert").asText().substring("Partita".length());
      named.add(name);
      assertThat(rule.path("labels").path("severity").asText()).isIn("critical", "warning");
      assertThat(rule.path("for").asText()).as("for of " + name).isNotBlank();
      JsonNode annotations = rule.path("annotations");
      assertThat(annotations.path("summary").asText()).isNotBlank();
      assertThat(annotations.path("description").asText()).isNotBlank();
      assertThat(annotations.path("runbook_url").asText())
          .isEqualTo("https://partita.dev/runbooks/" + name);
      assertThat(checkout("k8s/docs/runbooks/" + name + ".md"))
          .content()
          .startsWith("# " + name + "\n")
          .contains("**What it means.**", "**Look.**", "**Do.**", "The alert clears");
    }
    assertThat(named)
        .containsExactlyInAnyOrder(
            "QuorumLost",
            "NoLeader",
            "RecoveryUnacknowledged",
            "ReplicaLag",
            "PartitionTooLarge",
            "HotPartition",
            "OperationStuck",
            "DiskLow",
            "CompactionBacklog",
            "CertificateExpiring",
            "SiteUnreachable",
            "ReconcileErrors",
            "UpdateStorm");
    try (Stream<Path> pages = Files.list(checkout("k8s/docs/runbooks"))) {
      assertThat(pages.map(page -> page.getFileName().toString().replace(".md", "")))
          .containsExactlyInAnyOrderElementsOf(named);
    }
  }

  /// A renamed metric would leave its panel empty.
  @Test
  void expressionsNameOnlyMetricsThatAreDocumented() throws IOException {
    String documented = Files.readString(checkout("k8s/docs/metrics.md"));
    for (String expression : expressions()) {
      OWN_METRIC
          .matcher(expression)
          .results()
          .map(MatchResult::group)
          // What recording rules make, and what is read of targets.
          .filter(name -> !expression.contains(":" + name))
          .filter(name -> !name.equals(CERTIFICATES))
          .forEach(name ->
              assertThat(SUFFIXES)
                  .as(name + " in " + expression)
                  .anyMatch(suffix ->
                      name.endsWith(suffix)
                          && documented.contains(
                              "`" + name.substring(0, name.length() - suffix.length()) + "`")));
    }
  }

  static List<String> expressions() throws IOException {
    List<String> expressions = new ArrayList<>();
    for (String name : List.of("fleet", "partitions", "operator")) {
      for (JsonNode panel : dashboard(name).path("panels")) {
        panel.path("targets").forEach(target -> expressions.add(target.path("expr").asText()));
      }
    }
    for (JsonNode group : rules().path("groups")) {
      group.path("rules").forEach(rule -> expressions.add(rule.path("expr").asText()));
    }
    return expressions;
  }

  static JsonNode dashboard(String name) throws IOException {
    return JSON.readTree(Files.readString(checkout("k8s/dashboards/" + name + ".json")));
  }

  static List<JsonNode> alerts() throws IOException {
    List<JsonNode> alerts = new ArrayList<>();
    for (JsonNode group : rules().path("groups")) {
      for (JsonNode rule : group.path("rules")) {
        if (rule.has("alert")) {
          alerts.add(rule);
        }
      }
    }
    return alerts;
  }

  private static JsonNode rules() throws IOException {
    return new KubernetesSerialization()
        .unmarshal(Files.readString(checkout("k8s/monitoring/rules.yaml")), JsonNode.class);
  }

  static Path checkout(String path) {
    return Path.of(System.getProperty("partita.checkout")).resolve(path);
  }
}
