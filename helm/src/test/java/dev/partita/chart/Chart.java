package dev.partita.chart;

import com.fasterxml.jackson.databind.JsonNode;
import com.marcnuri.helm.Helm;
import com.marcnuri.helm.TemplateCommand;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/// The chart of this checkout, rendered by Helm as a library.
final class Chart {
  static final Path CHECKOUT =
      Path.of(System.getProperty("partita.checkout")).toAbsolutePath().normalize();
  static final Path DIRECTORY = CHECKOUT.resolve("helm/partita");
  static final String NAMESPACE = "partita-system";

  /// The oldest version that the chart accepts.
  static final String KUBERNETES = "1.30.0";

  /// Values of many kinds: together they render every branch of every template.
  static final List<Map<String, Object>> VARIANTS =
      List.of(
          Map.of(),
          Map.of("watchNamespaces[0]", "default", "watchNamespaces[1]", NAMESPACE),
          Map.of("priorityClass.create", true, "operator.replicas", 1),
          Map.of(
              "image.registry", "registry.example/x",
              "image.pullSecrets[0]", "pull",
              "image.node.tag", "v7",
              "nodes.priorityClassName", "high"),
          Map.of(
              "networkPolicy.clients[0].ipBlock.cidr", "10.0.0.0/8",
              "networkPolicy.peers[0].ipBlock.cidr", "10.1.0.0/16",
              "networkPolicy.monitoring[0].namespaceSelector.matchLabels.name", "monitoring"),
          Map.of(
              "admissionPolicies.action", "Audit",
              "admissionPolicies.exemptUsers[0]", "system:serviceaccount:backup:restore",
              "crds.keep", false),
          Map.of(
              "operator.nodeSelector.disk", "ssd",
              "operator.tolerations[0].operator", "Exists",
              "operator.podLabels.team", "a",
              "operator.podAnnotations.note", "b",
              "operator.serviceAccount.annotations.role", "c",
              "operator.env[0].name", "TZ",
              "operator.env[0].value", "UTC"));

  private Chart() {}

  static String render(Map<String, ?> values) {
    return render(values, KUBERNETES);
  }

  static String render(Map<String, ?> values, String kubernetes) {
    TemplateCommand template =
        new Helm(DIRECTORY)
            .template()
            .withName("partita")
            .withNamespace(NAMESPACE)
            .withKubeVersion(kubernetes);
    values.forEach(template::set);
    return template.call();
  }

  static List<JsonNode> objects(Map<String, ?> values) {
    return Yaml.documents(render(values));
  }

  /// Values as options of the command line.
  static String options(Map<String, ?> values) {
    return new TreeMap<>(values)
        .entrySet().stream()
            .map(each -> "--set '" + each.getKey() + "=" + each.getValue() + "'")
            .collect(Collectors.joining(" "));
  }
}
