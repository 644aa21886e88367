package dev.partita.chart;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import dev.partita.testbed.KubernetesSchemas;
import java.io.IOException;
import java.nio.file.Files;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// The manifests of the chart are what every supported version of Kubernetes takes.
class ChartSchemasTest {

  static Stream<Map<String, Object>> variants() {
    return Chart.VARIANTS.stream();
  }

  @ParameterizedTest
  @MethodSource("variants")
  void everySupportedVersionKnowsEveryField(Map<String, Object> values) {
    List<JsonNode> objects = Chart.objects(values);

    assertThat(objects).hasSizeGreaterThan(15);
    for (KubernetesSchemas schemas : KubernetesSchemas.all()) {
      for (JsonNode object : objects) {
        assertThat(schemas.violations(object))
            .as("Kubernetes %s, %s %s", schemas.version(), object.path("kind"), Yaml.name(object))
            .isEmpty();
      }
    }
  }

  @Test
  void theChartSaysWhatTheOldestVersionIs() throws IOException {
    String oldest = KubernetesSchemas.all().getFirst().version();

    assertThat(
            Yaml.documents(Files.readString(Chart.DIRECTORY.resolve("Chart.yaml")))
                .getFirst()
                .path("kubeVersion")
                .asText())
        .isEqualTo(">=" + oldest + ".0-0");
    assertThatThrownBy(() -> Chart.render(Map.of(), "1.29.9"))
        .hasMessageContaining("incompatible with Kubernetes v1.29.9");
    // Providers append what they like to a version.
    assertThat(Chart.render(Map.of(), "v1.30.2-eks-1234567")).isNotEmpty();
  }

  @Test
  void thePageSaysWhichVersionsTheyAre() throws IOException {
    List<KubernetesSchemas> all = KubernetesSchemas.all();

    assertThat(Files.readString(Chart.CHECKOUT.resolve("k8s/docs/install.md")))
        .contains(
            "Kubernetes %s to %s".formatted(all.getFirst().version(), all.getLast().version()));
  }
}
