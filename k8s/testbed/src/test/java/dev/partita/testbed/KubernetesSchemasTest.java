package dev.partita.testbed;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class KubernetesSchemasTest {
  private static final String POD_TEMPLATE =
      """
      {"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": {"name": "s"}, "spec": {
        "serviceName": "s", "replicas": 3, "selector": {"matchLabels": {"a": "b"}},
        "template": {"metadata": {"labels": {"a": "b"}}, "spec": {%s "containers": [
          {"name": "c", "image": "i", "ports": [{"containerPort": 80}], "resources": {"limits": {"cpu": 1}},
           "livenessProbe": {"httpGet": {"path": "/", "port": "http"}}}]}}}}
      """;

  @Test
  void whatEveryVersionKnowsIsRight() {
    assertThat(violations(POD_TEMPLATE.formatted("")).values())
        .allSatisfy(each -> assertThat(each).isEmpty());
  }

  /// `hostnameOverride` came with 1.34.
  @Test
  void aFieldOfALaterVersionIsUnknownBefore() {
    Map<String, List<String>> violations =
        violations(POD_TEMPLATE.formatted("\"hostnameOverride\": \"h\","));

    assertThat(violations.get("1.33"))
        .containsExactly("spec.template.spec.hostnameOverride is unknown");
    assertThat(violations.get("1.34")).isEmpty();
    assertThat(violations.get("1.37")).isEmpty();
  }

  @Test
  void mistakesAreNamedByTheirPaths() {
    assertThat(violations(POD_TEMPLATE.formatted("\"contaners\": [],")).get("1.30"))
        .containsExactly("spec.template.spec.contaners is unknown");
    assertThat(violations(POD_TEMPLATE.formatted("").replace("80", "\"80\"")).get("1.30"))
        .containsExactly(
            "spec.template.spec.containers[0].ports[0].containerPort: \"80\" is not of the type [integer]");
    assertThat(
            violations(POD_TEMPLATE.formatted("").replace("\"serviceName\"", "\"service\""))
                .get("1.30"))
        .containsExactly("spec.serviceName is missing", "spec.service is unknown");
    assertThat(
            violations("{\"apiVersion\": \"apps/v1beta2\", \"kind\": \"StatefulSet\"}").get("1.30"))
        .containsExactly("io.k8s.api.apps.v1beta2.StatefulSet is not served by Kubernetes 1.30");
  }

  private static Map<String, List<String>> violations(String object) {
    Map<String, List<String>> violations = new TreeMap<>();
    try {
      for (KubernetesSchemas each : KubernetesSchemas.all()) {
        violations.put(each.version(), each.violations(new ObjectMapper().readTree(object)));
      }
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException(object, e);
    }
    return violations;
  }
}
