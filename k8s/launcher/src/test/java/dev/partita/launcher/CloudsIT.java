package dev.partita.launcher;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.partita.local.LocalControlPlane;
import dev.partita.local.runner.NodeSpec;
import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.SecretBuilder;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Three clouds, each a Kubernetes cluster with a node, and one operator, in the first one.
class CloudsIT {
  private static final Duration PATIENCE = Duration.ofMinutes(2);
  private static final Path CHECKOUT = Path.of(System.getProperty("partita.checkout"));
  private static final String IMAGE = "partita/node";

  private static final String SITE =
      """
      ---
      apiVersion: partita.dev/v1alpha1
      kind: Site
      metadata: {name: NAME}
      spec:
        nodes: 1
        storage: {size: 1Gi}
        cloud: NAME
        tls: {clients: Optional}
        authentication: Disabled
        advertisedAddress: "{pod}.{site}-peers.{namespace}.svc.clusterset.local"
      """;
  private static final String LOAD =
      """
      ---
      apiVersion: partita.dev/v1alpha1
      kind: Partition
      metadata: {name: load}
      spec: {collection: load, range: {}, replicas: 3, survive: Cloud, leader: {cloud: gamma}}
      """;
  private static final String MEANWHILE =
      """
      ---
      apiVersion: partita.dev/v1alpha1
      kind: Partition
      metadata: {name: meanwhile}
      spec: {collection: meanwhile, range: {}, replicas: 1, placement: [{site: alpha, replicas: 1}]}
      """;

  @TempDir private Path home;

  private final List<AutoCloseable> started = new ArrayList<>();
  private CloudProcess beta;
  private CloudProcess gamma;
  private Cluster cluster;

  @BeforeEach
  void startThreeClouds() throws IOException {
    Workspace workspace = new Workspace(CHECKOUT, home.resolve("alpha"));
    Files.createDirectories(workspace.directory());
    Path hosts = home.resolve("hosts");
    List<String> node = UpgradeIT.quicklyStarting(JavaCommand.node(workspace.nodeJar()));
    Path images =
        Files.writeString(
            home.resolve("images.json"),
            "{\"%s\":[\"%s\"]}".formatted(IMAGE, String.join("\",\"", node)));
    Path libraries = CHECKOUT.resolve("k8s/launcher/target/lib");
    beta = open(CloudProcess.start("beta", libraries, home, images, hosts));
    gamma = open(CloudProcess.start("gamma", libraries, home, images, hosts));
    LocalControlPlane alpha =
        open(
            LocalControlPlane.start(
                new LocalControlPlane.Settings(
                    workspace.controlPlane(),
                    0,
                    List.of(new NodeSpec("alpha", "alpha", "alpha-region", "alpha-zone")),
                    Map.of(IMAGE, node),
                    hosts)));
    Files.writeString(workspace.kubeconfig(), alpha.kubeconfig());
    cluster = open(Cluster.connect(workspace.kubeconfig()));
    cluster.apply(workspace.customResourceDefinitions());
    apply(site("alpha") + elsewhere("beta", beta) + elsewhere("gamma", gamma) + LOAD);
    open(
        OperatorProcess.start(
            workspace.operatorJar(),
            workspace.operatorLog(),
            Map.of(
                "KUBECONFIG",
                workspace.kubeconfig().toString(),
                "QUARKUS_OPERATOR_SDK_NAMESPACES",
                cluster.namespace(),
                "QUARKUS_HTTP_HOST",
                "127.0.0.1",
                "QUARKUS_HTTP_PORT",
                "0",
                // What a DNS server would answer, and as soon.
                "JAVA_TOOL_OPTIONS",
                "-Dsun.net.inetaddr.negative.ttl=0 -Djdk.net.hosts.file=" + hosts)));
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

  private static String site(String name) {
    return SITE.replace("NAME", name);
  }

  private String elsewhere(String name, CloudProcess cloud) {
    cluster.apply(
        new SecretBuilder()
            .withNewMetadata()
            .withName(name)
            .withNamespace(cluster.namespace())
            .endMetadata()
            .addToStringData("kubeconfig", cloud.kubeconfig())
            .build());
    return site(name) + "  kubeconfigSecret: " + name + "\n";
  }

  private void apply(String yaml) throws IOException {
    cluster.apply(Files.writeString(home.resolve("resources.yaml"), yaml));
  }

  private void awaitStatus(String kind, String plural, String name, String field, Object value) {
    await("%s %s with %s %s".formatted(kind, name, field, value))
        .atMost(PATIENCE)
        .untilAsserted(() ->
            assertThat(cluster.list(kind, plural))
                .filteredOn(each -> each.getMetadata().getName().equals(name))
                .extracting(each -> status(each, field))
                .containsExactly(value));
  }

  private static @Nullable Object status(GenericKubernetesResource resource, String field) {
    return resource.get("status", field);
  }

  private void awaitSite(String name, String phase) {
    awaitStatus("Site", "sites", name, "phase", phase);
  }

  private static List<InetSocketAddress> nodes(Path kubeconfig) {
    try (Cluster cloud = Cluster.connect(kubeconfig)) {
      return cloud.readyNodes();
    }
  }

  @Test
  void aCloudThatIsLostStopsNoWriteAndCatchesUp() throws IOException {
    List.of("alpha", "beta", "gamma").forEach(each -> awaitSite(each, "Ready"));
    awaitStatus("Partition", "partitions", "load", "readyReplicas", 3);
    awaitStatus("Partition", "partitions", "load", "leader", "gamma-0");
    List<InetSocketAddress> nodes = new ArrayList<>(cluster.readyNodes());
    nodes.addAll(nodes(beta.kubeconfigFile()));
    nodes.addAll(nodes(gamma.kubeconfigFile()));
    assertThat(nodes).hasSize(3);

    try (WriteLoad load = WriteLoad.start(() -> nodes, "load")) {
      awaitProgress(load);
      load.longest();
      gamma.lose();

      awaitProgress(load);
      System.err.printf(
          "without a cloud: the longest write took %d ms%n", load.longest().toMillis());
      awaitSite("gamma", "Unreachable");
      apply(MEANWHILE);
      awaitStatus("Partition", "partitions", "meanwhile", "phase", "Ready");
      awaitProgress(load);

      gamma.bringBack();
      awaitSite("gamma", "Ready");
      awaitStatus("Partition", "partitions", "load", "readyReplicas", 3);
      awaitProgress(load);
      load.stop();
      assertThat(load.lost()).as("lost of " + load.acknowledged()).isEmpty();
    }
    assertThat(cluster.list("Site", "sites"))
        .extracting(each -> status(each, "phase"))
        .containsOnly("Ready");
  }

  private static void awaitProgress(WriteLoad load) {
    int before = load.acknowledged();
    await().atMost(PATIENCE).until(() -> load.acknowledged() > before + 50);
  }
}
