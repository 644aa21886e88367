package dev.partita.operator.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.awaitility.Awaitility.await;

import dev.partita.crd.Site;
import dev.partita.local.LocalControlPlane;
import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.SecretBuilder;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.utils.Serialization;
import io.fabric8.kubernetes.client.vertx.VertxHttpClientFactory;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicReference;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// One local control plane is both the operator's own cluster and the other one.
class OtherClustersTest {

  private static final Duration PATIENCE = Duration.ofMinutes(10);
  private static final String NAMESPACE = "default";
  private static final Site SITE =
      Serialization.unmarshal(
          "metadata: {name: other, namespace: default, uid: u}\nspec: {nodes: 1, storage: {size: 1Gi}, kubeconfigSecret: k}",
          Site.class);

  @TempDir private Path directory;
  private final Vertx vertx = Vertx.vertx();
  private final AtomicReference<Instant> now = new AtomicReference<>(Instant.now());
  private final List<KubernetesClient> connected = new CopyOnWriteArrayList<>();
  private LocalControlPlane plane;
  private KubernetesClient home;
  private OtherClusters clusters;

  @BeforeEach
  void start() throws IOException {
    plane =
        LocalControlPlane.start(new LocalControlPlane.Settings(directory, 0, List.of(), Map.of()));
    home = client(Config.fromKubeconfig(plane.kubeconfig()));
    clusters =
        new OtherClusters(
            home,
            config -> {
              KubernetesClient client = client(config);
              connected.add(client);
              return client;
            },
            now::get,
            Duration.ofMillis(50));
  }

  @AfterEach
  void stop() {
    clusters.close();
    home.close();
    plane.close();
    vertx.close().toCompletionStage().toCompletableFuture().join();
  }

  private KubernetesClient client(Config config) {
    return new KubernetesClientBuilder()
        .withConfig(config)
        .withHttpClientFactory(new VertxHttpClientFactory(vertx))
        .build();
  }

  private Secret secret(String kubeconfig) {
    return new SecretBuilder()
        .withNewMetadata()
        .withName("k")
        .withNamespace(NAMESPACE)
        .endMetadata()
        .addToStringData("kubeconfig", kubeconfig)
        .build();
  }

  private void apply(String kubeconfig) {
    home.resource(secret(kubeconfig)).forceConflicts().serverSideApply();
  }

  /// What is said at the next look.
  private Access access() {
    now.updateAndGet(time -> time.plusSeconds(1));
    return clusters.access(SITE);
  }

  private void awaitReached() {
    await().atMost(PATIENCE).until(() -> access() instanceof Access.Reached);
  }

  private void assertDenied(String message) {
    assertThat(access())
        .isInstanceOfSatisfying(
            Access.Denied.class,
            denied -> assertThat(denied.verdict().message()).contains(message));
  }

  @Test
  void aSecretThatIsGoneForAWhileIsUsedAgain() {
    apply(plane.kubeconfig());
    awaitReached();

    home.resource(secret("")).delete();
    assertDenied("Secret k does not exist");

    apply(plane.kubeconfig());
    awaitReached();
  }

  @Test
  void credentialsThatNobodyCanReadAreSaidAndReplaced() {
    apply(
        plane
            .kubeconfig()
            .replaceFirst("token: .*", "client-certificate-data: eA==\n    client-key-data: eA=="));

    assertDenied("Secret k has certificates or a key that cannot be read");
    assertDenied("Secret k has certificates or a key that cannot be read");

    apply(plane.kubeconfig());
    awaitReached();
  }

  @Test
  void whatNoSiteAsksForIsClosedUntilOneDoes() {
    apply(plane.kubeconfig());
    awaitReached();

    now.updateAndGet(time -> time.plus(OtherCluster.ABANDONED_AFTER).plusSeconds(1));
    await().atMost(PATIENCE).until(() -> connected.getFirst().getHttpClient().isClosed());

    assertThat(clusters.podsNow(NAMESPACE)).hasValue(List.of());
    awaitReached();
    assertThat(connected).hasSize(2);

    clusters.close();
    await().atMost(PATIENCE).until(() -> connected.getLast().getHttpClient().isClosed());
  }

  @Test
  void aChangedSecretLeavesNoClientBehind() {
    apply(plane.kubeconfig());
    awaitReached();
    apply(plane.kubeconfig() + "\n# changed\n");
    awaitReached();

    assertThat(connected).hasSize(2);
    await().atMost(PATIENCE).until(() -> connected.getFirst().getHttpClient().isClosed());
    assertThat(connected.getLast().getHttpClient().isClosed()).isFalse();
  }

  @Test
  void aFailureIsPutDownToTheClusterThatWasCalled() {
    apply(plane.kubeconfig());
    awaitReached();
    KubernetesClient other = connected.getFirst();
    try (KubernetesClient dead =
        client(
            new ConfigBuilder(Config.fromKubeconfig(plane.kubeconfig()))
                .withMasterUrl("https://127.0.0.1:1")
                .withRequestRetryBackoffLimit(0)
                .build())) {
      assertThat(clusters.failed(SITE, failure(() -> createIn("nowhere", other))))
          .hasValueSatisfying(
              denied -> assertThat(denied.verdict().message()).contains("needs namespace"));
      assertThat(clusters.failed(SITE, failure(() -> createIn(NAMESPACE, dead)))).isEmpty();
      assertThat(clusters.failed(SITE, new KubernetesClientException("of home", 404, null)))
          .isEmpty();

      plane.close();

      assertThat(clusters.failed(SITE, failure(() -> createIn(NAMESPACE, dead))))
          .hasValueSatisfying(
              denied -> assertThat(denied.verdict().phase()).isEqualTo("Unreachable"));
    }
  }

  private static KubernetesClientException failure(ThrowingCallable call) {
    return catchThrowableOfType(KubernetesClientException.class, call);
  }

  private static void createIn(String namespace, KubernetesClient client) {
    client
        .resource(
            new ConfigMapBuilder()
                .withNewMetadata()
                .withName("c")
                .withNamespace(namespace)
                .endMetadata()
                .build())
        .create();
  }
}
