package dev.partita.launcher;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.SecretBuilder;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;

/// Three clouds, each a real Kubernetes cluster with nodes, and one operator, in the first one,
/// which has in the others the rights that are shipped and no more.
@EnabledIfSystemProperty(named = "partita.kubeconfig", matches = ".+")
class CloudsIT {
  private static final Duration PATIENCE = Duration.ofMinutes(10);
  private static final Path CHECKOUT = Path.of(System.getProperty("partita.checkout"));
  private static final int PROGRESS = 50;

  private static final String SITE =
      """
      ---
      apiVersion: partita.dev/v1alpha1
      kind: Site
      metadata: {name: NAME}
      spec:
        nodes: NODES
        storage: {size: 1Gi}
        cloud: NAME
        tls: {clients: Optional}
        authentication: Disabled
        advertisedAddress: "{pod}.{site}-peers.{namespace}.svc.clusterset.local"
      """;

  /// What two clouds can do: one of them may be lost.
  private static final String TWO =
      """
      ---
      apiVersion: partita.dev/v1alpha1
      kind: Partition
      metadata: {name: two}
      spec:
        collection: two
        range: {}
        replicas: 3
        placement: [{site: alpha, replicas: 2}, {site: beta, replicas: 1}]
        leader: {cloud: beta}
      """;

  private static final String THREE =
      """
      ---
      apiVersion: partita.dev/v1alpha1
      kind: Partition
      metadata: {name: three}
      spec: {collection: three, range: {}, replicas: 3, survive: Cloud, leader: {cloud: gamma}}
      """;
  private static final String MEANWHILE =
      """
      ---
      apiVersion: partita.dev/v1alpha1
      kind: Partition
      metadata: {name: without-NAME}
      spec: {collection: without-NAME, range: {}, replicas: 1, placement: [{site: alpha, replicas: 1}]}
      """;

  /// Kept when the test fails, with the logs of all nodes.
  @TempDir(cleanup = CleanupMode.ON_SUCCESS)
  private Path home;

  private final List<AutoCloseable> started = new ArrayList<>();
  private Cloud alpha;
  private Cloud beta;
  private Cloud gamma;
  private Cluster cluster;

  @BeforeEach
  void startThreeClouds() throws IOException {
    ClusterSetNames names = open(new ClusterSetNames(home));
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<CompletableFuture<Cloud>> clouds =
          Stream.of("alpha", "beta", "gamma")
              .map(name ->
                  CompletableFuture.supplyAsync(
                      () -> start(name, name.equals("alpha") ? 2 : 1, names), threads))
              .toList();
      alpha = clouds.get(0).join();
      beta = clouds.get(1).join();
      gamma = clouds.get(2).join();
    }
    cluster = open(Cluster.connect(alpha.kubeconfig()));
    Workspace workspace = new Workspace(CHECKOUT, home);
    cluster.apply(workspace.customResourceDefinitions());
    for (HasMetadata each : cluster.load(workspace.operatorManifests())) {
      if (each instanceof Deployment operator) {
        // A second one would wait for the first one's end, and take as long to start.
        operator.getSpec().setReplicas(1);
      }
      cluster.apply(each);
    }
  }

  private Cloud start(String name, int servers, ClusterSetNames names) {
    try {
      Cloud cloud = Cloud.start(name, servers, home, names);
      synchronized (started) {
        return open(cloud);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @AfterEach
  void stop() throws Exception {
    for (AutoCloseable each : started.reversed()) {
      each.close();
    }
  }

  private <T extends AutoCloseable> T open(T resource) {
    started.add(resource);
    return resource;
  }

  private static String site(String name, int nodes) {
    return SITE.replace("NAME", name).replace("NODES", String.valueOf(nodes));
  }

  private String elsewhere(Cloud cloud) {
    cluster.apply(
        new SecretBuilder()
            .withNewMetadata()
            .withName(cloud.name())
            .withNamespace(cluster.namespace())
            .endMetadata()
            .addToStringData("kubeconfig", cloud.operatorKubeconfig())
            .build());
    return site(cloud.name(), 1) + "  kubeconfigSecret: " + cloud.name() + "\n";
  }

  private void apply(String yaml) throws IOException {
    Path file = Files.writeString(home.resolve("resources.yaml"), yaml);
    // The API server needs a moment until it serves new definitions.
    await()
        .atMost(PATIENCE)
        .ignoreExceptionsInstanceOf(KubernetesClientException.class)
        .until(() -> !cluster.apply(file).isEmpty());
  }

  private GenericKubernetesResource resource(String kind, String plural, String name) {
    return cluster.list(kind, plural).stream()
        .filter(each -> each.getMetadata().getName().equals(name))
        .findFirst()
        .orElseThrow();
  }

  private void awaitStatus(String kind, String plural, String name, String field, Object value) {
    await("%s %s with %s %s".formatted(kind, name, field, value))
        .atMost(PATIENCE)
        .ignoreExceptionsInstanceOf(KubernetesClientException.class)
        .untilAsserted(() -> {
          GenericKubernetesResource resource = resource(kind, plural, name);
          assertThat(status(resource, field))
              .as(() -> String.valueOf(status(resource, "conditions")))
              .isEqualTo(value);
        });
  }

  private static @Nullable Object status(GenericKubernetesResource resource, String field) {
    return resource.get("status", field);
  }

  private void awaitSite(Cloud cloud, String phase) {
    awaitStatus("Site", "sites", cloud.name(), "phase", phase);
  }

  private void awaitPartition(String name, String field, Object value) {
    awaitStatus("Partition", "partitions", name, field, value);
  }

  /// Waits until three nodes vote on what the whole database has, these among them.
  private void awaitSystemVoters(NodeAdministration nodes, String... names) {
    String address = alpha.readyNodes().getFirst().getHostString();
    await()
        .atMost(PATIENCE)
        .ignoreExceptionsInstanceOf(IOException.class)
        .untilAsserted(() -> assertThat(nodes.systemVoters(address)).hasSize(3).contains(names));
  }

  private static void awaitProgress(WriteLoad load) {
    int before = load.acknowledged();
    await().atMost(PATIENCE).until(() -> load.acknowledged() > before + PROGRESS);
  }

  @Test
  void aCloudThatIsLostStopsNoWriteAndCatchesUp() throws Exception {
    apply(site("alpha", 2) + elsewhere(beta) + TWO + THREE);
    awaitSite(alpha, "Ready");
    awaitSite(beta, "Ready");
    List<InetSocketAddress> nodes = new ArrayList<>(alpha.readyNodes());
    nodes.addAll(beta.readyNodes());
    assertThat(nodes).hasSize(3);
    await()
        .atMost(PATIENCE)
        .untilAsserted(() ->
            assertThat(
                    Cluster.status(
                        resource("Partition", "partitions", "three"), "Stalled", "message"))
                .contains("tell of 2 (alpha, beta): add a Site in another cloud"));
    try (NodeAdministration administration = NodeAdministration.of(cluster.client())) {
      awaitSystemVoters(administration, "alpha-0", "alpha-1", "beta-0");
      loseAndBringBack(beta, "two", nodes);

      apply(elsewhere(gamma));
      awaitSite(gamma, "Ready");
      nodes.addAll(gamma.readyNodes());
      assertThat(nodes).hasSize(4);
      awaitSystemVoters(administration, "beta-0", "gamma-0");
      loseAndBringBack(gamma, "three", nodes);
      loseForGood(alpha, "three", nodes);
    }
  }

  /// Loses the cloud that leads a partition, while clients write to it.
  private void loseAndBringBack(Cloud cloud, String partition, List<InetSocketAddress> nodes)
      throws IOException {
    awaitPartition(partition, "readyReplicas", 3);
    awaitPartition(partition, "leader", cloud.name() + "-0");
    List<InetSocketAddress> all = List.copyOf(nodes);
    try (WriteLoad load = WriteLoad.start(() -> all, partition)) {
      awaitProgress(load);
      load.longest();
      cloud.lose();

      awaitProgress(load);
      awaitSite(cloud, "Unreachable");
      apply(MEANWHILE.replace("NAME", cloud.name()));
      awaitPartition("without-" + cloud.name(), "phase", "Ready");
      awaitPartition(partition, "readyReplicas", 2);
      awaitProgress(load);
      System.err.printf(
          "without cloud %s: the longest write took %d ms%n",
          cloud.name(), load.longest().toMillis());

      cloud.bringBack();
      awaitSite(cloud, "Ready");
      awaitPartition(partition, "readyReplicas", 3);
      awaitPartition(partition, "leader", cloud.name() + "-0");
      awaitProgress(load);
      load.stop();
      assertThat(load.lost()).as("lost of " + load.acknowledged()).isEmpty();
    }
  }

  /// Loses the cloud with the operator.
  private static void loseForGood(Cloud home, String partition, List<InetSocketAddress> nodes) {
    try (WriteLoad load = WriteLoad.start(() -> nodes, partition)) {
      awaitProgress(load);
      load.longest();
      home.lose();

      awaitProgress(load);
      load.stop();
      System.err.printf(
          "without cloud %s: the longest write took %d ms%n",
          home.name(), load.longest().toMillis());
      assertThat(load.lost()).as("lost of " + load.acknowledged()).isEmpty();
    }
  }
}
