package dev.partita.launcher;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.fabric8.kubernetes.api.model.ContainerPort;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.io.TempDir;

/// A real Prometheus that scrapes a running `./partita up` as `k8s/monitoring/prometheus.yaml`
/// says: every alert fires when its fault is made and clears after, and by the end every expression
/// of every panel has given data. The steps build on each other.
///
/// What takes minutes for people takes seconds here: the waits (`for`), the windows of rates, and
/// the few limits that no test can reach honestly are replaced in a copy of the rules; their real
/// values are what `promtool test rules` checks.
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class MonitoringIT {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Duration PATIENCE = Duration.ofMinutes(2);
  private static final PatchContext APPLY =
      new PatchContext.Builder()
          .withPatchType(PatchType.SERVER_SIDE_APPLY)
          .withFieldManager("monitoring-it")
          .withForce(true)
          .build();

  /// Enough to be more than everything else on the slowest machine.
  private static final int READERS = 4;

  /// A metric that the version under test does not tell yet cannot alert.
  private static final String CERTIFICATES = "partita_certificate_expiry_timestamp_seconds";

  @TempDir static Path home;

  private static final HttpClient HTTP = HttpClient.newHttpClient();
  private static @Nullable Prometheus prometheus;
  private static @Nullable FrozenPods pods;
  private static @Nullable KubernetesClient client;
  private static @Nullable Repeatedly load;
  private static @Nullable Repeatedly discovery;

  @BeforeAll
  static void up() throws Exception {
    assumeTools();
    assertThat(partita("up", "--detach")).as(log()).isZero();
    client =
        new KubernetesClientBuilder()
            .withConfig(Config.fromKubeconfig(workspace().kubeconfig().toFile()))
            .build();
    pods = new FrozenPods(workspace().nodeJar());
    writeRules(false);
    writePods();
    discovery = new Repeatedly(Duration.ofSeconds(2), MonitoringIT::writePods);
    Files.writeString(home.resolve("prometheus.yaml"), configuration());
    prometheus = Prometheus.start(home.resolve("prometheus.yaml"), home);
    load = new Repeatedly(Duration.ofMillis(250), MonitoringIT::useEverything);
    await().atMost(PATIENCE).until(prometheus()::isReady);
  }

  @AfterAll
  static void down() throws Exception {
    for (AutoCloseable each : Arrays.asList(load, discovery, pods, prometheus, client)) {
      if (each != null) {
        each.close();
      }
    }
    if (Files.exists(workspace().stateFile())) {
      partita("down");
    }
  }

  /// Where CI demands Prometheus, its absence fails the test; elsewhere it skips it.
  private static void assumeTools() {
    boolean found =
        Stream.of("prometheus", "promtool")
            .allMatch(tool ->
                Stream.of(System.getenv("PATH").split(":", -1))
                    .anyMatch(each -> Files.isExecutable(Path.of(each, tool))));
    if (Boolean.getBoolean("partita.prometheus.required")) {
      assertThat(found).as("prometheus and promtool on the PATH").isTrue();
    }
    assumeThat(found).as("prometheus and promtool on the PATH").isTrue();
  }

  @Test
  @Order(1)
  void promtoolAcceptsRulesAndConfiguration() throws Exception {
    Path monitoring = MonitoringFilesTest.checkout("k8s/monitoring");
    assertThat(run("promtool", "check", "rules", monitoring.resolve("rules.yaml").toString()))
        .contains("SUCCESS");
    assertThat(run("promtool", "check", "config", home.resolve("prometheus.yaml").toString()))
        .contains("SUCCESS");
    assertThat(run("promtool", "test", "rules", monitoring.resolve("tests/alerts.yaml").toString()))
        .contains("SUCCESS")
        .doesNotContain("FAILED");
  }

  @Test
  @Order(2)
  void nodesAndOperatorAreFoundAsTheConfigurationSays() {
    await()
        .atMost(PATIENCE)
        .untilAsserted(() -> {
          Set<String> found = new TreeSet<>();
          for (JsonNode target : prometheus().targets()) {
            JsonNode labels = target.path("labels");
            found.add(
                "%s %s %s %s %s"
                    .formatted(
                        labels.path("job").asText(),
                        labels.path("namespace").asText(),
                        labels.path("pod").asText(),
                        labels.path("site").asText(),
                        target.path("health").asText()));
          }
          assertThat(found)
              .containsExactlyInAnyOrder(
                  "partita-node default main-0 main up",
                  "partita-node default main-1 main up",
                  "partita-node default main-2 main up",
                  "partita-operator partita-system partita-operator  up");
        });
  }

  @Test
  @Order(3)
  void nothingAlertsWhileAllIsWell() {
    await()
        .atMost(PATIENCE)
        .until(() -> !prometheus().query("partita_operator_site_nodes_alive == 3").isEmpty());
    await()
        .atMost(PATIENCE)
        .during(Duration.ofSeconds(10))
        .untilAsserted(() -> assertThat(prometheus().firing()).isEmpty());
  }

  @Test
  @Order(10)
  void aSiteThatIsGoneAlertsAndWhatWaitsForIt() throws Exception {
    apply(site("far"));
    apply(partition("away", "replicas: 1, placement: [{site: far, replicas: 1}]"));
    await().atMost(PATIENCE).until(() -> status(send("GET", "/v1/partitions/away", "")) == 200);
    await()
        .atMost(PATIENCE)
        .until(() ->
            !prometheus()
                .query("partita_partition_leader{partition=\"away\", site=\"far\"} == 1")
                .isEmpty());

    pods().freeze("far-0");

    awaitFiring("SiteUnreachable", "far");
    awaitFiring("NoLeader", "default");
    apply(partition("away", "replicas: 1, placement: [{site: main, replicas: 1}]"));
    awaitFiring("OperationStuck", "MoveReplica");

    pods().thaw();

    awaitClear("SiteUnreachable");
    awaitClear("NoLeader");
    awaitClear("OperationStuck");
  }

  @Test
  @Order(11)
  void replicasThatAreAwayAlert() {
    pods().freeze("main-2");
    awaitFiring("ReplicaLag", "blocks-0");
    assertThat(names(prometheus().firing())).doesNotContain("PartitaQuorumLost");

    pods().freeze("main-1");
    awaitFiring("QuorumLost", "blocks-0");
    awaitFiring("NoLeader", "blocks-0");

    pods().thaw();
    awaitClear("QuorumLost");
    awaitClear("NoLeader");
    awaitClear("ReplicaLag");
  }

  @Test
  @Order(12)
  void aPartitionThatOutgrowsItsLimitAlerts() throws Exception {
    apply(partition("large", "split: {maxSize: 1Mi}"));
    await().atMost(PATIENCE).until(() -> status(send("GET", "/v1/partitions/large", "")) == 200);
    String document = "{\"text\": \"" + "x".repeat(500_000) + "\"}";
    for (int i = 0; i < 4; i++) {
      String path = "/v1/collections/large/documents/" + i;
      await().atMost(PATIENCE).until(() -> status(send("PUT", path, document)) / 100 == 2);
    }
    awaitFiring("PartitionTooLarge", "large");

    for (int i = 0; i < 4; i++) {
      String path = "/v1/collections/large/documents/" + i;
      await().atMost(PATIENCE).until(() -> status(send("DELETE", path, "")) / 100 == 2);
    }
    awaitClear("PartitionTooLarge");
  }

  @Test
  @Order(13)
  void aPartitionThatTakesMostOfTheLoadAlerts() {
    List<Repeatedly> readers =
        Stream.generate(() -> new Repeatedly(Duration.ZERO, MonitoringIT::readOneDocument))
            .limit(READERS)
            .toList();
    try {
      awaitFiring("HotPartition", "unicode-plane-0");
    } finally {
      readers.forEach(Repeatedly::close);
    }
    awaitClear("HotPartition");
  }

  @Test
  @Order(14)
  void reconcilesThatFailAlert() {
    // Somebody has an object of the name that the Site needs, and it cannot be changed.
    HasMetadata taken =
        apply(
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: clash}\nimmutable: true\ndata: {of: others}");
    HasMetadata site = apply(site("clash"));
    awaitFiring("ReconcileErrors", "Site");

    client().resource(site).inNamespace("default").delete();
    client().resource(taken).inNamespace("default").delete();
    awaitClear("ReconcileErrors");
  }

  @Test
  @Order(15)
  void anOperatorThatWritesWithoutEndAlerts() throws Exception {
    boolean[] paused = {false};
    try (Repeatedly _ =
        new Repeatedly(
            Duration.ofMillis(200),
            () -> {
              paused[0] = !paused[0];
              apply(partition("large", "paused: " + paused[0]));
            })) {
      awaitFiring("UpdateStorm", "partitions/status");
    }
    apply(partition("large", "paused: false"));
    awaitClear("UpdateStorm");
  }

  /// No test fills a disk, or writes faster than it is compacted: the limits are turned around.
  @Test
  @Order(16)
  void limitsOfTheDiskAlert() throws IOException {
    writeRules(true);
    prometheus().reload();
    awaitFiring("DiskLow", "main-0");
    awaitFiring("CompactionBacklog", "main-1");
    if (prometheus().names().contains(CERTIFICATES)) {
      awaitFiring("CertificateExpiring", "main-0");
    }

    writeRules(false);
    prometheus().reload();
    awaitClear("DiskLow");
    awaitClear("CompactionBacklog");
    awaitClear("CertificateExpiring");
  }

  @Test
  @Order(20)
  void everyExpressionHasGivenData() throws IOException {
    List<String> empty = new ArrayList<>();
    for (String expression : MonitoringFilesTest.expressions()) {
      String now =
          quick(expression)
              .replace("$namespace", ".*")
              .replace("$pod", ".*")
              .replace("$collection", ".*")
              .replace("$__rate_interval", "20s");
      assertThat(now).doesNotContain("$");
      boolean alert =
          MonitoringFilesTest.alerts().stream()
              .anyMatch(each -> each.path("expr").asText().equals(expression));
      // An alert's expression gives data when it fires, which the tests before have seen.
      if (!alert && prometheus().queryRange(now).isEmpty()) {
        empty.add(expression);
      }
    }
    assertThat(empty).as("expressions without data").isEmpty();
  }

  @Test
  @Order(21)
  void whatWasScrapedIsExactlyWhatIsDocumented() throws IOException {
    Set<String> documented =
        Pattern.compile("^\\| `(partita_[a-z_]+)` \\| (\\w+)", Pattern.MULTILINE)
            .matcher(Files.readString(MonitoringFilesTest.checkout("k8s/docs/metrics.md")))
            .results()
            .flatMap(MonitoringIT::series)
            .collect(Collectors.toCollection(TreeSet::new));
    Set<String> scraped =
        prometheus().names().stream()
            .filter(name -> name.startsWith("partita_"))
            .collect(Collectors.toCollection(TreeSet::new));
    assertThat(scraped).isEqualTo(documented);
  }

  private static Stream<String> series(MatchResult row) {
    String name = row.group(1);
    return row.group(2).equals("histogram")
        ? Stream.of("_bucket", "_count", "_sum", "_max").map(name::concat)
        : Stream.of(name);
  }

  // ------------------------------------------------------------------------------------- waiting

  private static void awaitFiring(String alert, String label) {
    await("firing " + alert)
        .atMost(PATIENCE)
        .untilAsserted(() ->
            assertThat(prometheus().firing())
                .as(() -> "alerts " + names(prometheus().firing()))
                .anyMatch(each ->
                    each.path("labels").path("alertname").asText().equals("Partita" + alert)
                        && each.path("labels")
                            .valueStream()
                            .anyMatch(value -> value.asText().equals(label))));
  }

  private static void awaitClear(String alert) {
    await("clear " + alert)
        .atMost(PATIENCE)
        .untilAsserted(
            () -> assertThat(names(prometheus().firing())).doesNotContain("Partita" + alert));
  }

  private static List<String> names(List<JsonNode> alerts) {
    return alerts.stream().map(each -> each.path("labels").path("alertname").asText()).toList();
  }

  // ------------------------------------------------------------------------------- configuration

  /// The documented configuration, on this machine: Debian's Prometheus has no discovery in
  /// Kubernetes, so the pods come in a file, with the same labels as that discovery gives; and the
  /// operator is a process.
  private static String configuration() throws IOException {
    String documented =
        Files.readString(MonitoringFilesTest.checkout("k8s/monitoring/prometheus.yaml"));
    int operator = documented.indexOf("  - job_name: partita-operator");
    assertThat(operator).isPositive();
    String nodes =
        documented
            .substring(0, operator)
            .replace("_interval: 15s", "_interval: 1s")
            .replaceFirst(
                "kubernetes_sd_configs:[^$]*?relabel_configs:",
                "file_sd_configs: [{files: ["
                    + home.resolve("pods.json")
                    + "]}]\n    relabel_configs:");
    assertThat(nodes).contains("file_sd_configs").doesNotContain("kubernetes_sd_configs");
    return nodes
        + "  - job_name: partita-operator\n"
        + "    honor_labels: true\n"
        + "    static_configs:\n"
        + "      - targets: ['%s']\n".formatted(operatorAddress())
        + "        labels: {namespace: partita-system, pod: partita-operator}\n";
  }

  /// The node pods as discovery would find them: one target for each port of a container.
  private static void writePods() {
    List<Map<String, Object>> targets = new ArrayList<>();
    for (Pod pod :
        client()
            .pods()
            .inNamespace("default")
            .withLabel("app.kubernetes.io/name", "partita")
            .withLabel("app.kubernetes.io/component", "node")
            .list()
            .getItems()) {
      if (pod.getStatus() == null || pod.getStatus().getPodIP() == null) {
        continue;
      }
      for (ContainerPort port : pod.getSpec().getContainers().getFirst().getPorts()) {
        targets.add(
            Map.of(
                "targets",
                List.of(pod.getStatus().getPodIP() + ":" + port.getContainerPort()),
                "labels",
                Map.of(
                    "__meta_kubernetes_namespace",
                    pod.getMetadata().getNamespace(),
                    "__meta_kubernetes_pod_name",
                    pod.getMetadata().getName(),
                    "__meta_kubernetes_pod_container_port_name",
                    port.getName(),
                    "__meta_kubernetes_pod_label_partita_dev_site",
                    pod.getMetadata().getLabels().get("partita.dev/site"))));
      }
    }
    try {
      Path next = home.resolve("pods.json.next");
      JSON.writeValue(next.toFile(), targets);
      Files.move(next, home.resolve("pods.json"), StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String operatorAddress() throws IOException {
    return Pattern.compile("Listening on: http://(\\S+)")
        .matcher(Files.readString(workspace().operatorLog()))
        .results()
        .reduce((_, last) -> last)
        .orElseThrow()
        .group(1);
  }

  private static void writeRules(boolean limitsTurnedAround) throws IOException {
    String rules = Files.readString(MonitoringFilesTest.checkout("k8s/monitoring/rules.yaml"));
    String quick =
        quick(rules)
            .replaceAll("for: \\d+m", "for: 3s")
            // Limits of time and load that a test on a slow machine can reach.
            .replace("> 900", "> 3")
            .replace("> 4 * 3600", "> 3")
            .replace("rate5m > 500", "rate5m > 5")
            .replace("[20s])) > 5", "[20s])) > 2")
            .replace("rate5m > 5\n        for", "rate5m > 1\n        for");
    Files.writeString(
        home.resolve("rules.yaml"),
        limitsTurnedAround
            ? quick
                .replace("< 0.15", "< 1.1")
                .replace("compaction_pending_bytes > 16 * 2 ^ 30", "compaction_pending_bytes >= 0")
                .replace("< 7 * 86400", "< 100 * 365 * 86400")
            : quick);
  }

  /// Short windows, so that what is over is forgotten soon.
  private static String quick(String expression) {
    return expression.replace("[5m]", "[20s]").replace("[10m]", "[20s]");
  }

  // ------------------------------------------------------------------------------------------ load

  private static void readOneDocument() throws Exception {
    send("GET", "/v1/collections/unicode/documents/960", "");
  }

  /// Reads, writes, pages, queries and errors on many partitions, evenly.
  private static void useEverything() throws Exception {
    for (int i = 0; i < 8; i++) {
      send("PUT", "/v1/collections/blocks/documents/load-" + i, "{\"n\": " + i + "}");
      send("GET", "/v1/collections/blocks/documents/load-" + i, "");
    }
    send("GET", "/v1/collections/blocks/documents?limit=10", "");
    send("GET", "/v1/collections/blocks/documents/none", "");
    send(
        "POST",
        "/v1/query",
        "{\"index\": \"unicode-by-script\", \"terms\": [\"Greek\"], \"limit\": 5}");
  }

  /// Runs something over and over on a thread of its own; what fails is what the tests provoke.
  private static final class Repeatedly implements AutoCloseable {
    private final Thread thread;
    private volatile boolean closed;

    interface Action {
      void run() throws Exception;
    }

    Repeatedly(Duration pause, Action action) {
      thread =
          Thread.ofVirtual()
              .start(() -> {
                while (!closed) {
                  try {
                    action.run();
                  } catch (Exception _) {
                    // A node that is frozen does not answer.
                  }
                  try {
                    Thread.sleep(pause);
                  } catch (InterruptedException e) {
                    return;
                  }
                }
              });
    }

    @Override
    public void close() {
      closed = true;
      thread.interrupt();
    }
  }

  // ------------------------------------------------------------------------------------- the world

  private static String site(String name) {
    return "apiVersion: partita.dev/v1alpha1\nkind: Site\nmetadata: {name: %s}\nspec: {nodes: 1, storage: {size: 1Gi}}"
        .formatted(name);
  }

  private static String partition(String name, String more) {
    return "apiVersion: partita.dev/v1alpha1\nkind: Partition\nmetadata: {name: %s}\nspec: {collection: %s, range: {}, %s}"
        .formatted(name, name, more);
  }

  private static HasMetadata apply(String manifest) {
    return client().resource(manifest).inNamespace("default").patch(APPLY);
  }

  private static int status(HttpResponse<String> response) {
    return response.statusCode();
  }

  private static HttpResponse<String> send(String method, String path, String body)
      throws Exception {
    String http = RunState.read(workspace().stateFile()).http();
    HttpRequest request =
        HttpRequest.newBuilder(URI.create(http + path))
            .header("Content-Type", "application/json")
            .timeout(Duration.ofSeconds(10))
            .method(
                method, body.isEmpty() ? BodyPublishers.noBody() : BodyPublishers.ofString(body))
            .build();
    return HTTP.send(request, BodyHandlers.ofString());
  }

  private static Prometheus prometheus() {
    return Objects.requireNonNull(prometheus);
  }

  private static FrozenPods pods() {
    return Objects.requireNonNull(pods);
  }

  private static KubernetesClient client() {
    return Objects.requireNonNull(client);
  }

  private static Workspace workspace() {
    return new Workspace(Path.of(System.getProperty("partita.checkout")), home);
  }

  private static String run(String... command) throws Exception {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(output).isZero();
    return output;
  }

  private static int partita(String... arguments) throws Exception {
    Path target = Path.of("target").toAbsolutePath();
    List<String> command =
        new ArrayList<>(
            List.of(
                JavaCommand.java(),
                "--enable-native-access=ALL-UNNAMED",
                "--sun-misc-unsafe-memory-access=allow",
                "-XX:+UseSerialGC",
                "-Xmx384m",
                "-Dpartita.checkout=" + System.getProperty("partita.checkout"),
                "-cp",
                target.resolve("classes") + ":" + target.resolve("lib") + "/*",
                "dev.partita.launcher.Main"));
    command.addAll(List.of(arguments));
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().remove("KUBECONFIG");
    builder.environment().put("PARTITA_HOME", home.toString());
    Process process = builder.start();
    System.out.print(new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8));
    return process.waitFor();
  }

  private static String log() throws IOException {
    Path log = workspace().launcherLog();
    return Files.exists(log) ? Files.readString(log) : "no log";
  }
}
