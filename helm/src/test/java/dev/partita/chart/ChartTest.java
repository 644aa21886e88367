package dev.partita.chart;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.marcnuri.helm.Helm;
import com.marcnuri.helm.LintResult;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ChartTest {

  @Test
  void lintFindsNothing() {
    LintResult result = new Helm(Chart.DIRECTORY).lint().strict().call();

    assertThat(result.isFailed()).as(() -> result.getMessages().toString()).isFalse();
  }

  @ParameterizedTest
  @CsvSource({
    "operatr.replicas, operatr",
    "operator.replica, replica",
    "image.node.name, name",
    "networkPolicy.from, from",
    "admissionPolicies.mode, mode",
    "monitoring.rules.namespace, namespace",
    "sites[0].nodes, nodes",
    "sites[0].spec.storge, storge",
    "sites[0].spec.storage.class, class"
  })
  void aKeyThatDoesNotExistIsRefused(String key, String named) {
    assertThatThrownBy(() -> Chart.render(withSite(Map.of(key, "x"))))
        .hasMessageContaining("additional properties '" + named + "' not allowed");
  }

  @ParameterizedTest
  @CsvSource({
    "operator.replicas, 0",
    "image.pullPolicy, Sometimes",
    "admissionPolicies.action, Refuse",
    "sites[0].name, Main_1",
    "sites[0].spec.nodes, 0",
    "sites[0].spec.storage.size, 10GB",
    "watchNamespaces[0], Team A"
  })
  void aValueThatMakesNoSenseIsRefused(String key, String value) {
    assertThat(Chart.render(withSite(Map.of()))).isNotEmpty();
    assertThatThrownBy(() -> Chart.render(withSite(Map.of(key, value))))
        .hasMessageContaining("values don't meet the specifications of the schema(s)");
  }

  /// A list is set as a whole: one of a test has the required keys as well.
  private static Map<String, Object> withSite(Map<String, ?> values) {
    Map<String, Object> all =
        new HashMap<>(
            Map.of(
                "sites[0].name", "main",
                "sites[0].spec.nodes", 3,
                "sites[0].spec.storage.size", "1Gi"));
    all.putAll(values);
    return all;
  }

  @Test
  void clusterWideRightsComeOnlyWithoutNamespaces() {
    assertThat(Yaml.ofKind(Chart.objects(Map.of()), "ClusterRole")).hasSize(1);
    List<JsonNode> namespaced =
        Chart.objects(
            Map.of(
                "watchNamespaces[0]", "team-a", "watchNamespaces[1]", "team-b", "sites", "null"));

    assertThat(Yaml.ofKind(namespaced, "ClusterRole")).isEmpty();
    assertThat(Yaml.ofKind(namespaced, "ClusterRoleBinding")).isEmpty();
    assertThat(Yaml.ofKind(namespaced, "Role"))
        .extracting(
            each -> each.path("metadata").path("namespace").asText() + "/" + Yaml.name(each))
        .containsExactlyInAnyOrder(
            "partita-system/partita-operator-lease",
            "team-a/partita-operator",
            "team-b/partita-operator");
    assertThat(environment(namespaced)).contains("QUARKUS_OPERATOR_SDK_NAMESPACES=team-a,team-b");
  }

  @Test
  void aSiteThatNobodyWouldServeIsRefused() {
    assertThatThrownBy(() -> Chart.render(Map.of("watchNamespaces[0]", "team-a")))
        .hasMessageContaining(
            "Site main would lie in namespace partita-system, which the operator does not serve");
    assertThat(Chart.render(withSite(Map.of("watchNamespaces[0]", Chart.NAMESPACE)))).isNotEmpty();
  }

  @Test
  void theOperatorMeetsTheRestrictedProfile() {
    JsonNode pod = Yaml.podSpec(Yaml.only(Chart.objects(Map.of()), "Deployment"));

    assertThat(pod.path("securityContext").path("runAsNonRoot").booleanValue()).isTrue();
    assertThat(pod.path("securityContext").path("seccompProfile").path("type").asText())
        .isEqualTo("RuntimeDefault");
    JsonNode container = pod.path("containers").path(0).path("securityContext");
    assertThat(container.path("allowPrivilegeEscalation").asBoolean(true)).isFalse();
    assertThat(container.path("readOnlyRootFilesystem").booleanValue()).isTrue();
    assertThat(container.path("capabilities").path("drop").path(0).asText()).isEqualTo("ALL");
  }

  @Test
  void theImageIsChosenByRegistryTagAndDigest() {
    assertThat(image(Map.of())).isEqualTo("partita/operator:0.1.0");
    assertThat(
            image(Map.of("image.registry", "registry.example/team/", "image.operator.tag", "v2")))
        .isEqualTo("registry.example/team/partita/operator:v2");
    String digest = "sha256:" + "0".repeat(64);
    assertThat(image(Map.of("image.operator.tag", "v2", "image.operator.digest", digest)))
        .isEqualTo("partita/operator@" + digest);
  }

  @Test
  void aNewOperatorTellsExistingSitesNoNewImageUnlessAsked() {
    assertThat(environment(Chart.objects(Map.of())))
        .contains("PARTITA_OPERATOR_DEFAULT_NODE_IMAGE=partita/node:0.1.0")
        .noneMatch(each -> each.startsWith("PARTITA_OPERATOR_NODE_IMAGE="));
    assertThat(environment(Chart.objects(Map.of("image.node.tag", "v2"))))
        .contains("PARTITA_OPERATOR_NODE_IMAGE=partita/node:v2");
  }

  @Test
  void aSingleOperatorHasNoDisruptionBudget() {
    assertThat(Yaml.ofKind(Chart.objects(Map.of()), "PodDisruptionBudget")).hasSize(1);
    assertThat(Yaml.ofKind(Chart.objects(Map.of("operator.replicas", 1)), "PodDisruptionBudget"))
        .isEmpty();
  }

  @Test
  void definitionsAreKeptOnUninstall() {
    assertThat(Yaml.ofKind(Chart.objects(Map.of()), "CustomResourceDefinition"))
        .hasSize(3)
        .allSatisfy(each ->
            assertThat(each.path("metadata").path("annotations").path("helm.sh/resource-policy"))
                .hasToString("\"keep\""));
    assertThat(Yaml.ofKind(Chart.objects(Map.of("crds.create", false)), "CustomResourceDefinition"))
        .isEmpty();
  }

  @Test
  void whatNeedsAnotherOperatorIsLeftOutWhereItIsNotThere() {
    assertThat(Chart.objects(Map.of()))
        .extracting(each -> each.path("kind").asText())
        .doesNotContain("PodMonitor", "PrometheusRule", "Site");
  }

  @Test
  void switchesSwitchOff() {
    List<JsonNode> objects =
        Chart.objects(
            Map.of(
                "networkPolicy.enabled", false,
                "admissionPolicies.enabled", false,
                "operator.podDisruptionBudget", false,
                "monitoring.dashboards.enabled", false,
                "crds.create", false));

    assertThat(objects)
        .extracting(each -> each.path("kind").asText())
        .containsExactlyInAnyOrder(
            "ServiceAccount",
            "ClusterRole",
            "ClusterRoleBinding",
            "Role",
            "RoleBinding",
            "Deployment");
  }

  @Test
  void nodesArePolicedInEveryNamespaceThatIsNamed() {
    List<JsonNode> policies =
        Yaml.ofKind(
            Chart.objects(
                withSite(Map.of("watchNamespaces[0]", "team-a", "sites[0].namespace", "team-a"))),
            "NetworkPolicy");

    assertThat(policies)
        .extracting(
            each -> each.path("metadata").path("namespace").asText() + "/" + Yaml.name(each))
        .containsExactlyInAnyOrder("partita-system/partita-operator", "team-a/partita-nodes");
  }

  private static String image(Map<String, ?> values) {
    return Yaml.podSpec(Yaml.only(Chart.objects(values), "Deployment"))
        .path("containers")
        .path(0)
        .path("image")
        .asText();
  }

  private static List<String> environment(List<JsonNode> objects) {
    return Yaml.podSpec(Yaml.only(objects, "Deployment"))
        .path("containers")
        .path(0)
        .path("env")
        .valueStream()
        .map(each -> each.path("name").asText() + "=" + each.path("value").asText())
        .toList();
  }
}
