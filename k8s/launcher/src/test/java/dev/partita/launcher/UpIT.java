package dev.partita.launcher;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.partita.testbed.DocumentedPage;
import dev.partita.testbed.PageCommands;
import io.fabric8.kubernetes.api.model.ContainerPort;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import java.net.InetSocketAddress;
import java.net.URLEncoder;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;

/// The main job on the local control plane: the common steps, then a killed leader, `down`, and
/// `up` again on the same data.
class UpIT extends MainJobSteps {

  @Override
  Optional<Path> namedCluster() {
    return Optional.empty();
  }

  private static PageCommands readme;

  @BeforeAll
  static void readPage() {
    readme =
        PageCommands.of(
            Path.of(System.getProperty("partita.checkout")),
            DocumentedPage.README,
            PartitaCommand.shell(home));
  }

  @AfterAll
  void down() throws Exception {
    partita("down");
    assertThat(nodeProcesses()).as("processes left behind").isEmpty();
  }

  @Test
  @Order(6)
  void theCommandsOfTheReadmeWork() throws Exception {
    assumeKubectl();
    String output =
        readme.runSections(
            Map.of(
                ".partita/kubeconfig",
                workspace().kubeconfig().toString(),
                "http://localhost:8080",
                RunState.read(workspace().stateFile()).http(),
                // It would never end: what it prints at first is enough.
                "kubectl get partitions -w",
                "{ head -n 3; kill $!; } < <(kubectl get partitions -w)"),
            "Use");

    assertThat(output)
        .contains("site.partita.dev/main", "unicode-plane-0", "main-2")
        .contains("GREEK SMALL LETTER PI", "GREEK CAPITAL LETTER HETA")
        .contains("{\"id\":150,\"size\":12}");
  }

  @Test
  @Order(7)
  void writesGoOnAfterANodeIsKilled() throws Exception {
    List<ProcessHandle> nodes = nodeProcesses();
    assertThat(nodes).hasSize(3);
    String document = "{\"note\":\"written before the kill\"}";
    assertThat(send("PUT", "/v1/collections/blocks/documents/kept", document).statusCode())
        .isEqualTo(201);

    nodes.getFirst().destroyForcibly();

    await()
        .atMost(PATIENCE)
        .ignoreExceptions()
        .until(() ->
            send("PUT", "/v1/collections/blocks/documents/after", "{}").statusCode() / 100 == 2);
    assertThat(get("/v1/collections/blocks/documents/kept").path("note").textValue())
        .isEqualTo("written before the kill");
    await().atMost(PATIENCE).until(() -> nodeProcesses().size() == 3);
  }

  @Test
  @Order(8)
  void aSecondUpFindsTheDataAgain() throws Exception {
    assertThat(partita("down")).isZero();
    assertThat(nodeProcesses()).isEmpty();

    // It would stay until somebody ends it.
    readme.run("./partita up", "./partita up --detach");

    assertThat(log()).contains("found the sample data");
    assertThat(get("/v1/collections/blocks/documents/kept").path("note").textValue())
        .isEqualTo("written before the kill");
    assertThat(idsOfScript("Greek", 100)).isNotEmpty();
    awaitEvenLeaders();
    assumeKubectl();
    readme.assertComplete();
  }

  @Test
  @Order(9)
  void aReadThatMayBeOldIsAnsweredByWhoeverIsAsked() throws Exception {
    List<String> keys =
        get("/v1/collections/blocks/documents?limit=50&maxStaleness=3600")
            .path("data")
            .findValuesAsText("id");
    assertThat(keys).isNotEmpty();
    // Leaders give the newest state and no timestamp; who leads what is chance, so all are asked.
    String path =
        "/v1/collections/blocks/documents/"
            + URLEncoder.encode(keys.getFirst(), UTF_8).replace("+", "%20")
            + "?maxStaleness=3600";
    try (Cluster cluster = Cluster.connect(workspace().kubeconfig())) {
      await()
          .atMost(PATIENCE)
          .ignoreExceptions()
          .until(() -> {
            int dated = 0;
            for (InetSocketAddress node : cluster.readyNodes()) {
              String http = "http://" + node.getHostString() + ":" + node.getPort();
              var answer = send(http, "GET", path, "");
              assertThat(answer.statusCode()).isEqualTo(200);
              dated += answer.headers().firstValue("Partita-Read-At").isPresent() ? 1 : 0;
            }
            return dated == 2;
          });
    }
  }

  private static final String DAYS =
      """
      apiVersion: partita.dev/v1alpha1
      kind: Partition
      metadata: {name: days}
      spec: {collection: visits, range: {origin: 0, width: 100}, replicas: 3}
      """;

  @Test
  @Order(10)
  void theFirstKeyOfAnIntervalMakesItsPartition() throws Exception {
    try (KubernetesClient client =
        new KubernetesClientBuilder()
            .withConfig(Config.fromKubeconfig(workspace().kubeconfig().toFile()))
            .build()) {
      client.resource(DAYS).inNamespace("default").create();
      await("a write to a new interval")
          .atMost(PATIENCE)
          .ignoreExceptions()
          .until(() ->
              send("PUT", "/v1/collections/visits/documents/250", "{}").statusCode() / 100 == 2);
      assertThat(send("GET", "/v1/collections/visits/documents/50", "").statusCode())
          .isEqualTo(404);
      await("the resource of the interval")
          .atMost(PATIENCE)
          .ignoreExceptions()
          .untilAsserted(() -> {
            String parent =
                client
                    .genericKubernetesResources("partita.dev/v1alpha1", "Partition")
                    .inNamespace("default")
                    .withName("days-p2")
                    .require()
                    .get("status", "parent");
            assertThat(parent).isEqualTo("days");
          });
    }
  }

  private static final String EDGE_SITE =
      """
      apiVersion: partita.dev/v1alpha1
      kind: Site
      metadata: {name: edge}
      spec:
        nodes: 1
        edge: true
        storage: {size: 1Gi}
        authentication: Disabled
        tls: {clients: Optional}
      """;

  private static final String AT_THE_EDGE =
      """
      apiVersion: partita.dev/v1alpha1
      kind: Partition
      metadata: {name: sensors}
      spec: {collection: sensors, range: {}, replicas: 3, placement: [{site: edge}]}
      """;

  /// All nodes but the one at the edge are stopped: for that one, its line is cut.
  @Test
  @Order(11)
  void anEdgeSiteReadsOnWithItsLineCutAndCatchesUp() throws Exception {
    try (KubernetesClient client =
            new KubernetesClientBuilder()
                .withConfig(Config.fromKubeconfig(workspace().kubeconfig().toFile()))
                .build();
        FrozenPods pods = new FrozenPods(home, workspace().nodeJar())) {
      client.resource(EDGE_SITE).inNamespace("default").create();
      client.resource(AT_THE_EDGE).inNamespace("default").create();
      await("a copy at the edge")
          .atMost(PATIENCE)
          .ignoreExceptions()
          .untilAsserted(() -> {
            Integer copies =
                client
                    .genericKubernetesResources("partita.dev/v1alpha1", "Partition")
                    .inNamespace("default")
                    .withName("sensors")
                    .require()
                    .get("status", "edgeReplicas");
            assertThat(copies).isEqualTo(1);
          });
      Pod pod = client.pods().inNamespace("default").withName("edge-0").require();
      String edge = "http://" + pod.getStatus().getPodIP() + ":" + httpPort(pod);
      String sensor = "/v1/collections/sensors/documents/1";
      // A write at the edge is forwarded.
      assertThat(send(edge, "PUT", sensor, "{\"n\":1}").statusCode()).isEqualTo(201);
      awaitCopy(edge + sensor, 1);

      List.of("main-0", "main-1", "main-2").forEach(pods::freeze);
      HttpResponse<String> newest =
          await("a refusal")
              .atMost(PATIENCE)
              .until(
                  () -> send(edge, "GET", sensor + "?maxStaleness=1", ""),
                  answer -> answer.statusCode() == 503);
      HttpResponse<String> old = send(edge, "GET", sensor + "?maxStaleness=3600", "");
      pods.thaw();

      assertThat(JSON.readTree(newest.body()).path("stalenessSeconds").asInt()).isPositive();
      assertThat(old.statusCode()).isEqualTo(200);
      assertThat(old.headers().firstValue("Partita-Read-At")).isPresent();
      await("a write at the core")
          .atMost(PATIENCE)
          .ignoreExceptions()
          .until(() -> send("PUT", sensor, "{\"n\":2}").statusCode() == 200);
      awaitCopy(edge + sensor, 2);
    }
  }

  private static int httpPort(Pod pod) {
    return pod.getSpec().getContainers().getFirst().getPorts().stream()
        .filter(port -> port.getName().equals("http"))
        .mapToInt(ContainerPort::getContainerPort)
        .findFirst()
        .orElseThrow();
  }

  /// Waits until a node's own copy has a document in that version.
  private void awaitCopy(String url, int number) {
    await("what was written, at the edge")
        .atMost(PATIENCE)
        .ignoreExceptions()
        .until(() -> {
          HttpResponse<String> answer = send(url, "GET", "?maxStaleness=3600", "");
          return answer.statusCode() == 200
              && answer.headers().firstValue("Partita-Read-At").isPresent()
              && JSON.readTree(answer.body()).path("n").intValue() == number;
        });
  }

  private List<ProcessHandle> nodeProcesses() {
    return OwnProcesses.of(home, workspace().nodeJar());
  }
}
