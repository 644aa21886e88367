package dev.partita.chart;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.util.DefaultIndenter;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/// Holds what is copied into the chart, and what is generated from it, equal to its source;
/// `-Dpartita.rewrite=true` writes it anew.
class ChartFilesTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Path BASE = Chart.CHECKOUT.resolve("k8s/base");

  private static final String NAMESPACE =
      """
      apiVersion: v1
      kind: Namespace
      metadata:
        name: partita-system
        labels:
          pod-security.kubernetes.io/enforce: restricted
      """;

  private static final String GENERATED =
      "# Generated from helm/partita with its default values by ChartFilesTest; do not edit.\n";

  @Test
  void definitionsAreThoseOfTheCrds() throws IOException {
    hold(Chart.DIRECTORY.resolve("files/crds"), contents(Chart.CHECKOUT.resolve("crds"), ".yml"));
  }

  @Test
  void rulesAreThoseOfTheMonitoringFolder() throws IOException {
    hold(
        Chart.DIRECTORY.resolve("files/rules"),
        contents(Chart.CHECKOUT.resolve("k8s/monitoring"), "rules.yml", "rules.yaml"));
  }

  @Test
  void dashboardsAreThoseOfTheDashboardsFolder() throws IOException {
    hold(
        Chart.DIRECTORY.resolve("files/dashboards"),
        contents(Chart.CHECKOUT.resolve("k8s/dashboards"), ".json"));
  }

  /// Sites of the values are checked against the schema of the custom resource before they are
  /// sent.
  @Test
  void theSchemaOfASiteIsThatOfTheDefinition() throws IOException {
    JsonNode definition =
        Yaml.documents(Files.readString(Chart.CHECKOUT.resolve("crds/sites.partita.dev-v1.yml")))
            .getFirst();
    JsonNode spec =
        definition.at("/spec/versions/0/schema/openAPIV3Schema/properties/spec").deepCopy();
    Path file = Chart.DIRECTORY.resolve("values.schema.json");
    ObjectNode schema = (ObjectNode) JSON.readTree(file.toFile());
    ObjectNode expected = schema.deepCopy();
    ((ObjectNode) expected.path("definitions")).set("siteSpec", forHelm(spec));
    if (Boolean.getBoolean("partita.rewrite")) {
      DefaultPrettyPrinter printer = new DefaultPrettyPrinter();
      printer.indentArraysWith(DefaultIndenter.SYSTEM_LINEFEED_INSTANCE);
      Files.writeString(file, JSON.writer(printer).writeValueAsString(expected) + "\n");
    }

    assertThat(JSON.readTree(file.toFile()))
        .as(stale(file))
        .isEqualTo(JSON.readTree(expected.toString()));
  }

  /// The kustomize base is the chart with default values, but for the Site, which is a sample.
  @Test
  void thePlainManifestsAreTheChartWithDefaultValues() throws IOException {
    List<String> documents =
        Stream.of(Chart.render(Map.of("sites", "null")).split("(?m)^---$"))
            .map(each -> each.replaceFirst("(?m)\\A\\s*# Source: .*$", "").strip())
            .filter(each -> !Yaml.documents(each).isEmpty())
            .toList();
    Map<String, String> files = new TreeMap<>();
    files.put("namespace.yaml", GENERATED + NAMESPACE);
    files.put("definitions.yaml", join(documents, true));
    files.put("operator.yaml", join(documents, false));
    files.put(
        "kustomization.yaml",
        GENERATED
            + """
            #   kubectl apply --server-side -k k8s/base
            apiVersion: kustomize.config.k8s.io/v1beta1
            kind: Kustomization
            resources: [namespace.yaml, definitions.yaml, operator.yaml]
            """);

    hold(BASE, files);
  }

  @Test
  void theSampleSiteIsTheDefaultSiteOfTheChart() throws IOException {
    JsonNode site =
        Yaml.documents(Files.readString(Chart.CHECKOUT.resolve("k8s/samples/site.yaml")))
            .getFirst();
    JsonNode values =
        Yaml.documents(Files.readString(Chart.DIRECTORY.resolve("values.yaml"))).getFirst();

    assertThat(Yaml.name(site)).isEqualTo(values.at("/sites/0/name").asText());
    // The sample is for a machine of one's own, where nobody logs in; the chart is not.
    ObjectNode spec = site.path("spec").deepCopy();
    spec.remove(List.of("authentication", "tls"));
    assertThat(spec).isEqualTo(values.at("/sites/0/spec"));
  }

  /// Images, chart and build carry one version.
  @Test
  void theVersionIsThatOfTheBuild() throws IOException {
    String pom = Files.readString(Chart.CHECKOUT.resolve("pom.xml"));
    JsonNode chart =
        Yaml.documents(Files.readString(Chart.DIRECTORY.resolve("Chart.yaml"))).getFirst();

    assertThat(pom)
        .contains("<version>" + chart.path("appVersion").asText() + "-SNAPSHOT</version>");
    assertThat(chart.path("version").asText()).isEqualTo(chart.path("appVersion").asText());
  }

  private static String join(List<String> documents, boolean definitions) {
    return GENERATED
        + documents.stream()
            .filter(each ->
                Yaml.documents(each)
                        .getFirst()
                        .path("kind")
                        .asText()
                        .equals("CustomResourceDefinition")
                    == definitions)
            .reduce("", (all, each) -> all + "---\n" + each + "\n");
  }

  /// What Kubernetes adds to JSON schema goes, and unknown keys are refused.
  private static JsonNode forHelm(JsonNode node) {
    if (node instanceof ArrayNode array) {
      ArrayNode copy = JSON.createArrayNode();
      array.forEach(each -> copy.add(forHelm(each)));
      return copy;
    }
    if (!(node instanceof ObjectNode object)) {
      return node.isDouble() && node.doubleValue() == node.longValue()
          ? JSON.getNodeFactory().numberNode(node.longValue())
          : node;
    }
    ObjectNode copy = JSON.createObjectNode();
    object.properties().stream()
        .filter(each -> !each.getKey().startsWith("x-kubernetes"))
        .filter(each -> !Set.of("format", "default").contains(each.getKey()))
        .forEach(each -> copy.set(each.getKey(), forHelm(each.getValue())));
    if (copy.path("properties").isObject() && copy.path("type").asText().equals("object")) {
      copy.put("additionalProperties", false);
    }
    return copy;
  }

  private static Map<String, String> contents(Path folder, String... endings) throws IOException {
    Map<String, String> contents = new LinkedHashMap<>();
    if (!Files.isDirectory(folder)) {
      return contents;
    }
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : files.sorted().toList()) {
        String name = file.getFileName().toString();
        if (Stream.of(endings).anyMatch(name::endsWith)) {
          contents.put(name, Files.readString(file));
        }
      }
    }
    return contents;
  }

  private static void hold(Path folder, Map<String, String> expected) throws IOException {
    if (Boolean.getBoolean("partita.rewrite")) {
      Files.createDirectories(folder);
      for (Map.Entry<String, String> file : expected.entrySet()) {
        Files.writeString(folder.resolve(file.getKey()), file.getValue());
      }
    }
    assertThat(contents(folder, "")).as(stale(folder)).isEqualTo(expected);
  }

  private static String stale(Path path) {
    return path + " is stale: run the tests of helm with -Dpartita.rewrite=true";
  }
}
