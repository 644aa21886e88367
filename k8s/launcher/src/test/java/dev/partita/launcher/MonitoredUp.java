package dev.partita.launcher;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.partita.testbed.DocumentedPage;
import dev.partita.testbed.PageCommands;
import io.fabric8.kubernetes.api.model.ContainerPort;
import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import io.fabric8.kubernetes.client.readiness.Readiness;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/// `./partita up`, with a second Site `far` as Sites are by default, where clients use TLS and log
/// in; and a real Prometheus beside it, set up by the commands of `k8s/docs/watch.md`.
///
/// What takes minutes for people takes seconds here: the waits (`for`), the windows of rates, and
/// the few limits that no slow machine can reach are replaced in a copy of the rules; their real
/// values are what `promtool test rules` checks. The storage of `far` writes no more than 1 MiB in
/// a second in the background, so that a test can be faster than it.
final class MonitoredUp {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Duration PATIENCE = Duration.ofMinutes(10);
  private static final Path CHECKOUT = Path.of(System.getProperty("partita.checkout"));

  /// Several times what the node of the Site `far` needs.
  private static final int FAR_MEBIBYTES = 256;

  private static final String FAR =
      "apiVersion: partita.dev/v1alpha1\nkind: Site\nmetadata: {name: far}\nspec: {nodes: 1, storage: {size: 1Gi, backgroundRate: 1Mi}}";
  private static final PatchContext APPLY =
      new PatchContext.Builder()
          .withPatchType(PatchType.SERVER_SIDE_APPLY)
          .withFieldManager("monitoring-it")
          .withForce(true)
          .build();

  private final Path home;
  private final HttpClient http = HttpClient.newHttpClient();
  private final Deque<AutoCloseable> opened = new ArrayDeque<>();
  private final KubernetesClient client;
  private final PageCommands page;
  private final SmallDisk farDisk;
  private final FrozenPods pods;
  private final Prometheus prometheus;

  private MonitoredUp(Path home) throws Exception {
    this.home = home;
    PartitaCommand.Run up = PartitaCommand.run(home, PartitaCommand.of("up", "--detach"), Map.of());
    assertThat(up.exitCode()).as(up.output()).isZero();
    this.client =
        open(
            new KubernetesClientBuilder()
                .withConfig(Config.fromKubeconfig(workspace().kubeconfig().toFile()))
                .build());
    keepReplicasOnMain();
    this.farDisk =
        SmallDisk.at(
            workspace().controlPlane().resolve("volumes/default/data-far-0"), FAR_MEBIBYTES);
    apply(FAR);
    this.page =
        PageCommands.of(
            CHECKOUT,
            DocumentedPage.WATCH,
            PartitaCommand.shell(home).with("KUBECONFIG", workspace().kubeconfig().toString()));
    this.pods = open(new FrozenPods(home, workspace().nodeJar()));
    writeTargets();
    open(new Repeatedly(Duration.ofSeconds(1), this::writeTargets));
    // A node of this Site makes the first administrator when it has joined.
    await().atMost(PATIENCE).until(() -> readyPod("far-0").isPresent());
    runTheCommandsThatPrepareAScrape();
    this.prometheus = open(Prometheus.start(home.resolve("prometheus.yaml"), home));
    await().atMost(PATIENCE).until(prometheus::isReady);
  }

  /// Starts all of it; the caller stops it.
  static MonitoredUp start(Path home) throws Exception {
    assumeTools();
    try {
      return new MonitoredUp(home);
    } catch (Exception | AssertionError e) {
      PartitaCommand.run(home, PartitaCommand.of("down"), Map.of());
      throw e;
    }
  }

  /// Where CI demands Prometheus, its absence fails the test; elsewhere it skips it.
  private static void assumeTools() {
    boolean found =
        Stream.of("prometheus", "promtool", "kubectl", "curl", "jq")
            .allMatch(tool ->
                Stream.of(System.getenv("PATH").split(":", -1))
                    .anyMatch(each -> Files.isExecutable(Path.of(each, tool))));
    if (Boolean.getBoolean("partita.prometheus.required")) {
      assertThat(found).as("prometheus, promtool, kubectl, curl, jq on the PATH").isTrue();
    }
    assumeThat(found).as("prometheus, promtool, kubectl, curl, jq on the PATH").isTrue();
  }

  Prometheus prometheus() {
    return prometheus;
  }

  /// The disk of `far-0`.
  SmallDisk farDisk() {
    return farDisk;
  }

  FrozenPods pods() {
    return pods;
  }

  KubernetesClient client() {
    return client;
  }

  /// The commands of `k8s/docs/watch.md`.
  PageCommands page() {
    return page;
  }

  Workspace workspace() {
    return new Workspace(CHECKOUT, home);
  }

  /// Applies an object in the namespace of the samples.
  HasMetadata apply(String manifest) {
    return client.resource(manifest).inNamespace("default").patch(APPLY);
  }

  /// The page that `./partita doctor` prints now, which whoever reads the log of the test sees too.
  PartitaCommand.Run doctor() throws IOException, InterruptedException {
    PartitaCommand.Run doctor = PartitaCommand.run(home, PartitaCommand.of("doctor"), Map.of());
    System.out.println(doctor.output());
    return doctor;
  }

  /// Asks whichever node of the Site `main` is behind the address that `up` gives.
  HttpResponse<String> send(String method, String path, String body)
      throws IOException, InterruptedException {
    String address = RunState.read(workspace().stateFile()).http();
    return http.send(
        HttpRequest.newBuilder(URI.create(address + path))
            .header("Content-Type", "application/json")
            .timeout(Duration.ofSeconds(10))
            .method(
                method, body.isEmpty() ? BodyPublishers.noBody() : BodyPublishers.ofString(body))
            .build(),
        BodyHandlers.ofString());
  }

  /// The process of the operator that `up` keeps running.
  ProcessHandle operator() {
    return OwnProcesses.of(home, workspace().operatorJar()).stream()
        .findFirst()
        .orElseThrow(() -> new AssertionError("no operator runs"));
  }

  /// So that no replica is moved when another Site comes: the tests have to know what is where.
  private void keepReplicasOnMain() {
    for (GenericKubernetesResource partition :
        client
            .genericKubernetesResources("partita.dev/v1alpha1", "Partition")
            .inNamespace("default")
            .list()
            .getItems()) {
      client
          .resource(partition)
          .patch(
              PatchContext.of(PatchType.JSON_MERGE),
              "{\"spec\": {\"placement\": [{\"site\": \"main\", \"replicas\": 3}]}}");
    }
  }

  // ------------------------------------------------------------------------------------- scraping

  private void runTheCommandsThatPrepareAScrape() throws Exception {
    String password =
        page.shell()
            .run(
                "kubectl get secret/partita-administrator -o jsonpath='{.data.password}' | base64 -d");
    String partita =
        "partita() { curl -sf --cacert %s/partita-ca.crt -u 'admin:%s' -H 'Content-Type: application/json' --connect-to localhost:18443:%s:8443 \"$@\"; }; "
            .formatted(home, password, readyPod("far-0").orElseThrow().getStatus().getPodIP());
    String authority =
        "kubectl get configmap/partita-ca -o jsonpath='{.data.ca\\.crt}' >partita-ca.crt";
    page.run(authority, here(authority));
    String user =
        "partita -X PUT https://localhost:18443/v1/users/prometheus -d '{\"password\": \"PASSWORD\", \"grants\": []}'";
    page.run(user, partita + filled(user));
    String token =
        "partita -u prometheus:PASSWORD https://localhost:18443/v1/tokens -d '{\"description\": \"scrapes\", \"expires_in\": \"P366D\"}' | jq -r .token >partita-token";
    page.run(token, partita + here(filled(token)));
    String copy =
        "cp k8s/monitoring/prometheus.yaml k8s/monitoring/rules.yaml partita-ca.crt partita-token DIRECTORY";
    page.run(copy, "cp k8s/monitoring/prometheus.yaml k8s/monitoring/rules.yaml " + home + "/");
    adaptConfiguration();
    writeRules();
    page.run(
        "promtool check config DIRECTORY/prometheus.yaml",
        "promtool check config " + home + "/prometheus.yaml");
  }

  private String here(String command) {
    return command.replaceFirst(">(partita-[a-z.]*)$", ">" + home + "/$1");
  }

  private static String filled(String command) {
    return command.replace("PASSWORD", "scrapes-only-1");
  }

  /// The documented configuration, on this machine: Debian's Prometheus has no discovery in
  /// Kubernetes, so pods come in a file, with the labels that discovery gives them; and the
  /// operator is a process.
  private void adaptConfiguration() throws IOException {
    Path file = home.resolve("prometheus.yaml");
    String documented = Files.readString(file);
    assertThat(documented).containsPattern("scheme: https\n.*(?s).*credentials_file");
    String here =
        documented
            .replace("_interval: 15s", "_interval: 2s")
            .replaceAll(
                "kubernetes_sd_configs:\n(?: {6}.*\n)+",
                "file_sd_configs: [{files: [TARGETS], refresh_interval: 1s}]\n")
            .replaceFirst("TARGETS", home.resolve("nodes.json").toString())
            .replaceFirst("TARGETS", home.resolve("operator.json").toString());
    assertThat(here).contains("operator.json").doesNotContain("kubernetes_sd_configs", "TARGETS");
    Files.writeString(file, here);
  }

  /// One target for each port of a container, as discovery finds them.
  private void writeTargets() throws IOException {
    List<Map<String, Object>> nodes = new ArrayList<>();
    for (Pod pod : nodePods()) {
      if (pod.getStatus() == null || pod.getStatus().getPodIP() == null) {
        continue;
      }
      for (ContainerPort port : pod.getSpec().getContainers().getFirst().getPorts()) {
        nodes.add(
            target(
                pod.getStatus().getPodIP() + ":" + port.getContainerPort(),
                pod.getMetadata().getNamespace(),
                pod.getMetadata().getName(),
                port.getName(),
                Objects.requireNonNullElse(
                    pod.getMetadata().getLabels().get("partita.dev/site"), "")));
      }
    }
    write("nodes.json", nodes);
    write(
        "operator.json",
        List.of(target(operatorAddress(), "partita-system", "partita-operator", "http", "")));
  }

  private static Map<String, Object> target(
      String address, String namespace, String pod, String port, String site) {
    return Map.of(
        "targets",
        List.of(address),
        "labels",
        Map.of(
            "__meta_kubernetes_namespace", namespace,
            "__meta_kubernetes_pod_name", pod,
            "__meta_kubernetes_pod_container_port_name", port,
            "__meta_kubernetes_pod_label_partita_dev_site", site));
  }

  private void write(String name, List<Map<String, Object>> targets) throws IOException {
    Path next = home.resolve(name + ".next");
    JSON.writeValue(next.toFile(), targets);
    Files.move(next, home.resolve(name), StandardCopyOption.REPLACE_EXISTING);
  }

  private List<Pod> nodePods() {
    return client
        .pods()
        .inNamespace("default")
        .withLabel("app.kubernetes.io/name", "partita")
        .withLabel("app.kubernetes.io/component", "node")
        .list()
        .getItems();
  }

  private Optional<Pod> readyPod(String name) {
    return nodePods().stream()
        .filter(pod -> pod.getMetadata().getName().equals(name) && Readiness.isPodReady(pod))
        .findFirst();
  }

  /// A new one each time the operator starts.
  private String operatorAddress() throws IOException {
    return Pattern.compile("Listening on: http://(\\S+)")
        .matcher(Files.readString(workspace().operatorLog()))
        .results()
        .reduce((_, last) -> last)
        .orElseThrow()
        .group(1);
  }

  // --------------------------------------------------------------------------------------- rules

  private void writeRules() throws IOException {
    String rules = Files.readString(MonitoringFilesTest.checkout("k8s/monitoring/rules.yaml"));
    String quick =
        quick(rules)
            .replaceAll("for: \\d+m", "for: 4s")
            // Limits of time and load that a test on a slow machine can reach.
            .replace("> 900", "> 3")
            .replace("> 4 * 3600", "> 3")
            .replace("rate5m > 500", "rate5m > 5")
            .replace("[20s])) > 5", "[20s])) > 2")
            .replace("> 5 or vector(5)", "> 1.5 or vector(1.5)");
    Files.writeString(home.resolve("rules.yaml"), quick);
  }

  /// Short windows, so that what is over is forgotten soon.
  static String quick(String expression) {
    return expression.replace("[5m]", "[20s]").replace("[10m]", "[20s]");
  }

  private <T extends AutoCloseable> T open(T resource) {
    opened.push(resource);
    return resource;
  }

  /// Ends everything, `up` last.
  void stop() throws Exception {
    while (!opened.isEmpty()) {
      opened.pop().close();
    }
    http.close();
    PartitaCommand.run(home, PartitaCommand.of("down"), Map.of());
    farDisk.close();
  }

  /// The log of `up`.
  String log() {
    try {
      Path log = workspace().launcherLog();
      return Files.exists(log) ? Files.readString(log) : "no log";
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
