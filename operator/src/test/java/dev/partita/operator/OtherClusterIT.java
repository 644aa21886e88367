package dev.partita.operator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.partita.crd.Partition;
import dev.partita.crd.Site;
import dev.partita.operator.fake.FakePods;
import dev.partita.operator.resource.Labels;
import dev.partita.testbed.TokenKubeconfig;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.NamespaceBuilder;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.SecretBuilder;
import io.fabric8.kubernetes.api.model.apps.StatefulSet;
import io.fabric8.kubernetes.api.model.rbac.RoleBinding;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

/// The operator at home on a local control plane, and a Site on a real one, where it has the rights
/// that are shipped for other clusters, by the token of their service account, and no others.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@EnabledIfSystemProperty(named = ControlPlane.KUBECONFIG, matches = ".+")
class OtherClusterIT extends OperatorFixture {

  private static final Path RIGHTS = Path.of("../k8s/other-cluster/rights.yaml");
  private static final String NAMES = "advertisedAddress: '{pod}.{namespace}.partita.test'";

  private @Nullable ControlPlane controlPlane;
  private @Nullable KubernetesClient there;
  private @Nullable FakePods otherPods;

  @BeforeAll
  void connect() throws IOException {
    controlPlane = ControlPlane.local();
    String kubeconfig = Files.readString(Path.of(System.getProperty(ControlPlane.KUBECONFIG)));
    there =
        new KubernetesClientBuilder()
            .withConfig(Config.fromKubeconfig(kubeconfig))
            .withHttpClientFactory(controlPlane().httpClientFactory())
            .build();
  }

  @AfterAll
  void disconnect() {
    there().close();
    controlPlane().close();
  }

  @Override
  ControlPlane controlPlane() {
    return Objects.requireNonNull(controlPlane);
  }

  private KubernetesClient there() {
    return Objects.requireNonNull(there);
  }

  @BeforeEach
  void createNamespaces() {
    begin();
    // Another suite may have left one of this name, which takes a while to go.
    await().atMost(PATIENCE).until(() -> there().namespaces().withName(namespace).get() == null);
    there()
        .resource(
            new NamespaceBuilder().withNewMetadata().withName(namespace).endMetadata().build())
        .create();
    otherPods = new FakePods(there(), namespace, cluster, HTTP_PORT);
    start(CrashPoint.never());
    apply(site(3, NAMES));
    awaitReady(Site.class, "main");
  }

  @AfterEach
  void leaveNamespaces() {
    end();
    Objects.requireNonNull(otherPods).close();
    there().namespaces().withName(namespace).delete();
  }

  @Test
  void theShippedRightsAreEnoughForASiteFromItsFirstDayToItsLast() throws IOException {
    List<HasMetadata> rights = rights();
    rights.stream().filter(each -> !(each instanceof RoleBinding)).forEach(this::create);
    applyKubeconfig();
    applyOther("1Mi", "a", 2);
    awaitCondition(Site.class, "other", "Stalled", "True", "k8s/other-cluster/rights.yaml");
    rights.stream().filter(RoleBinding.class::isInstance).forEach(this::create);
    awaitReady(Site.class, "other");

    // Volumes are marked while replicas on them vote.
    apply(
        partition(
            "p", "range: {}, placement: [{site: main, replicas: 1}, {site: other, replicas: 2}]"));
    awaitReady(Partition.class, "p");

    applyOther("2Mi", "a", 2);
    await()
        .atMost(PATIENCE)
        .untilAsserted(() ->
            assertThat(made(PersistentVolumeClaim.class))
                .hasSize(2)
                .allSatisfy(claim ->
                    assertThat(claim.getSpec().getResources().getRequests())
                        .containsEntry("storage", new Quantity("2Mi"))));

    applyOther("2Mi", "b", 2);
    await()
        .atMost(PATIENCE)
        .untilAsserted(() ->
            assertThat(made(Pod.class))
                .hasSize(2)
                .allSatisfy(pod ->
                    assertThat(pod.getSpec().getContainers().getFirst().getImage())
                        .isEqualTo("partita/fake-node:b")));
    awaitReady(Site.class, "other");

    apply(partition("p", "range: {}, placement: [{site: main, replicas: 3}]"));
    applyOther("2Mi", "b", 1);
    await().atMost(PATIENCE).until(() -> made(PersistentVolumeClaim.class).size() == 1);
    awaitReady(Site.class, "other");

    client().resources(Site.class).inNamespace(namespace).withName("other").delete();
    await()
        .atMost(PATIENCE)
        .until(() ->
            client().resources(Site.class).inNamespace(namespace).withName("other").get() == null);
    assertThat(made(StatefulSet.class)).isEmpty();
    assertThat(made(PersistentVolumeClaim.class)).hasSize(1);
  }

  private List<HasMetadata> rights() throws IOException {
    try (InputStream yaml = Files.newInputStream(RIGHTS)) {
      return there().load(yaml).items();
    }
  }

  private void create(HasMetadata object) {
    there().resource(object).inNamespace(namespace).create();
  }

  private void applyKubeconfig() {
    Map<String, String> token =
        await()
            .atMost(PATIENCE)
            .until(
                () -> {
                  Secret secret =
                      there()
                          .secrets()
                          .inNamespace(namespace)
                          .withName("partita-operator-token")
                          .require();
                  return Objects.requireNonNullElse(secret.getData(), Map.<String, String>of());
                },
                TokenKubeconfig::isComplete);
    client()
        .resource(
            new SecretBuilder()
                .withNewMetadata()
                .withName("k")
                .withNamespace(namespace)
                .endMetadata()
                .addToStringData(
                    "kubeconfig", TokenKubeconfig.of(there().getMasterUrl().toString(), token))
                .build())
        .create();
  }

  private void applyOther(String size, String version, int nodes) {
    apply(
        site(
                nodes,
                NAMES + ", kubeconfigSecret: k, image: 'partita/fake-node:%s'".formatted(version))
            .replace("name: main", "name: other")
            .replace("size: 1Mi", "size: " + size));
  }

  private <T extends HasMetadata> List<T> made(Class<T> kind) {
    return there()
        .resources(kind)
        .inNamespace(namespace)
        .withLabel(Labels.SITE, "other")
        .list()
        .getItems();
  }
}
