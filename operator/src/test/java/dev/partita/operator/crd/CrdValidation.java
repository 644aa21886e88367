package dev.partita.operator.crd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import dev.partita.crd.Index;
import dev.partita.crd.Partition;
import dev.partita.crd.Site;
import dev.partita.operator.ControlPlane;
import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.NonNamespaceOperation;
import io.fabric8.kubernetes.client.dsl.Resource;
import io.fabric8.kubernetes.client.dsl.base.ResourceDefinitionContext;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/// The table of `cases.yaml`, put to an API server.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class CrdValidation {

  private static final Map<String, Class<? extends HasMetadata>> KINDS =
      Map.of("Site", Site.class, "Partition", Partition.class, "Index", Index.class);

  private final ObjectMapper mapper = new ObjectMapper();

  private @Nullable ControlPlane connected;
  private String namespace = "";

  @BeforeAll
  void createNamespace() {
    connected = ControlPlane.connect();
    namespace = controlPlane().newNamespace();
  }

  @AfterAll
  void close() {
    controlPlane().client().namespaces().withName(namespace).delete();
    controlPlane().close();
  }

  static Stream<Arguments> cases() throws IOException {
    try (InputStream yaml = CrdValidation.class.getResourceAsStream("cases.yaml")) {
      JsonNode table = new ObjectMapper(new YAMLFactory()).readTree(yaml);
      List<Arguments> cases = new ArrayList<>();
      for (int number = 0; number < table.size(); number++) {
        cases.add(
            Arguments.argumentSet(
                table.get(number).get("name").asText(), number, table.get(number)));
      }
      return cases.stream();
    }
  }

  @ParameterizedTest
  @MethodSource("cases")
  void theServerDecidesAsTheTableSays(int number, JsonNode row) {
    NonNamespaceOperation<GenericKubernetesResource, ?, Resource<GenericKubernetesResource>>
        resources =
            controlPlane().client().genericKubernetesResources(type(row)).inNamespace(namespace);
    GenericKubernetesResource object = object(number, row, row.get("spec"));
    if (row.has("then")) {
      resources.resource(object).create();
      GenericKubernetesResource changed = object(number, row, row.get("then"));
      expect(row, () -> resources.resource(changed).update());
    } else {
      expect(row, () -> resources.resource(object).create());
    }
    row.path("kept")
        .properties()
        .forEach(kept ->
            assertThat(at(resources.withName(object.getMetadata().getName()).get(), kept.getKey()))
                .as(kept.getKey())
                .isEqualTo(kept.getValue()));
  }

  private ControlPlane controlPlane() {
    return Objects.requireNonNull(connected);
  }

  private void expect(JsonNode row, Runnable attempt) {
    if (row.has("refused")) {
      assertThatExceptionOfType(KubernetesClientException.class)
          .isThrownBy(attempt::run)
          .satisfies(refusal -> assertThat(refusal.getCode()).isEqualTo(422))
          .withMessageContaining(row.get("refused").asText());
    } else {
      attempt.run();
    }
  }

  private JsonNode at(GenericKubernetesResource object, String path) {
    JsonNode spec = mapper.valueToTree(object.getAdditionalProperties().get("spec"));
    return spec.at("/" + path.replace('.', '/'));
  }

  private GenericKubernetesResource object(int number, JsonNode row, JsonNode spec) {
    GenericKubernetesResource object = new GenericKubernetesResource();
    object.setApiVersion("partita.dev/v1alpha1");
    object.setKind(row.get("kind").asText());
    object.setMetadata(
        new ObjectMetaBuilder()
            .withName(row.path("prefix").asText("case") + "-" + number)
            .withNamespace(namespace)
            .build());
    object.setAdditionalProperty(
        "spec", mapper.convertValue(spec, new TypeReference<Map<String, Object>>() {}));
    return object;
  }

  private static ResourceDefinitionContext type(JsonNode row) {
    return ResourceDefinitionContext.fromResourceType(
        Objects.requireNonNull(KINDS.get(row.get("kind").asText())));
  }
}
