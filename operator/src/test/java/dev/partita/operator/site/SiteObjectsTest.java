package dev.partita.operator.site;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.partita.crd.Site;
import dev.partita.testbed.KubernetesSchemas;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SiteObjectsTest {

  /// Also those whose Kubernetes is older than the client library.
  @ParameterizedTest
  @ValueSource(
      strings = {
        "nodes: 3, storage: {size: 1Gi}",
        "nodes: 1, storage: {size: 1Gi, className: fast}, edge: true, tls: {mode: Disabled}, authentication: Disabled",
        "nodes: 3, storage: {size: 1Gi}, tls: {clients: Optional, secretName: a, operatorSecretName: b}",
        "nodes: 5, storage: {size: 1Ti}, cloud: aws, region: us-east-1, zones: [a, b], resources: {requests: {cpu: 500m}, limits: {memory: 1Gi}}",
        "nodes: 3, storage: {size: 1Gi}, kubeconfigSecret: k, advertisedAddress: '{pod}.eu.example.internal'"
      })
  void everySupportedKubernetesKnowsEveryField(String spec) throws JsonProcessingException {
    SiteObjects objects =
        new SiteObjects(
            site(spec),
            new SiteSettings(
                Optional.empty(), "partita/node:1", 8080, 7000, 8443, Optional.of("database")));
    List<HasMetadata> all =
        List.of(
            objects.configMap(),
            objects.peersService(),
            objects.clientService(),
            objects.disruptionBudget(1),
            objects.statefulSet(3, "partita/node:1", site(spec)));

    for (KubernetesSchemas schemas : KubernetesSchemas.all()) {
      for (HasMetadata object : all) {
        JsonNode json = new ObjectMapper().readTree(Serialization.asJson(object));
        assertThat(schemas.violations(json))
            .as("Kubernetes %s, %s", schemas.version(), object.getKind())
            .isEmpty();
      }
    }
  }

  private static Site site(String spec) {
    return Serialization.unmarshal(
        "apiVersion: partita.dev/v1alpha1\nkind: Site\nmetadata: {name: main, namespace: db, uid: u}\nspec: {%s}"
            .formatted(spec),
        Site.class);
  }
}
