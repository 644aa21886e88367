package dev.partita.chart;

import com.fasterxml.jackson.databind.JsonNode;
import com.marcnuri.helm.Helm;
import com.marcnuri.helm.TemplateCommand;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/// The chart of this checkout, rendered by Helm as a library.
final class Chart {
  static final Path CHECKOUT =
      Path.of(System.getProperty("partita.checkout")).toAbsolutePath().normalize();
  static final Path DIRECTORY = CHECKOUT.resolve("helm/partita");
  static final String NAMESPACE = "partita-system";

  /// The oldest version that the chart accepts.
  static final String KUBERNETES = "1.30.0";

  private Chart() {}

  static String render(Map<String, ?> values) {
    TemplateCommand template =
        new Helm(DIRECTORY)
            .template()
            .withName("partita")
            .withNamespace(NAMESPACE)
            .withKubeVersion(KUBERNETES);
    values.forEach(template::set);
    return template.call();
  }

  static List<JsonNode> objects(Map<String, ?> values) {
    return Yaml.documents(render(values));
  }

  static String read(Path file) throws java.io.IOException {
    return Files.readString(file);
  }
}
