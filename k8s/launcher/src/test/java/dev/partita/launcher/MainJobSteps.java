package dev.partita.launcher;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.entry;
import static org.assertj.core.api.Assumptions.assumeThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.io.TempDir;

/// The main job as a user runs it, wherever it runs: `up --detach`, then kubectl and HTTP. The
/// steps build on each other; those of a subclass come after the common ones.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
abstract class MainJobSteps {
  static final ObjectMapper JSON = new ObjectMapper();
  static final Duration PATIENCE = Duration.ofMinutes(10);

  /// Leaderships are handed over one at a time, each after a look at what became of the one before.
  private static final Duration EVEN_LEADERS_PATIENCE = Duration.ofMinutes(10);

  /// Of one subclass at a time.
  @TempDir static Path home;

  private static final HttpClient HTTP = HttpClient.newHttpClient();

  /// The cluster to use, none for the local control plane.
  abstract Optional<Path> namedCluster();

  private Map<String, String> environment() {
    return namedCluster()
        .map(kubeconfig -> Map.of("KUBECONFIG", kubeconfig.toString()))
        .orElse(Map.of());
  }

  @BeforeAll
  void up() throws Exception {
    assertThat(partita("up", "--detach")).as(log()).isZero();
  }

  @Test
  @Order(1)
  void statusTellsWhereToLook() throws Exception {
    PartitaCommand.Run status = run(command("status", "--json"), environment());
    JsonNode json = JSON.readTree(status.output());

    assertThat(status.exitCode()).isZero();
    assertThat(json.path("phase").textValue()).isEqualTo("Ready");
    assertThat(json.path("http").textValue()).startsWith("http://127.0.0.1:");
    assertThat(Path.of(json.path("kubeconfig").textValue())).exists();
  }

  @Test
  @Order(2)
  void theSampleDataIsThere() throws Exception {
    JsonNode pi = get("/v1/collections/unicode/documents/960");
    assertThat(pi.path("name").textValue()).isEqualTo("GREEK SMALL LETTER PI");

    // Leaders tell how many rows they have from time to time.
    await()
        .atMost(PATIENCE)
        .untilAsserted(() -> assertThat(unicodeRows()).isEqualTo(SampleData.characterCount()));
    awaitEvenLeaders();
  }

  private long unicodeRows() throws Exception {
    long rows = 0;
    for (JsonNode partition : get("/v1/partitions").path("data")) {
      rows +=
          partition.path("collection").textValue().equals("unicode")
              ? partition.path("rows").longValue()
              : 0;
    }
    return rows;
  }

  /// No node leads more than its share, and leaders are told by their names.
  final void awaitEvenLeaders() {
    await()
        .atMost(EVEN_LEADERS_PATIENCE)
        .ignoreExceptions()
        .untilAsserted(() -> {
          Map<String, Integer> leaders = new TreeMap<>();
          for (JsonNode partition : get("/v1/partitions").path("data")) {
            leaders.merge(partition.path("leader").asText(), 1, Integer::sum);
          }
          assertThat(leaders).containsOnlyKeys("main-0", "main-1", "main-2");
          assertThat(Collections.max(leaders.values()) - Collections.min(leaders.values()))
              .as(leaders::toString)
              .isLessThan(2);
        });
  }

  @Test
  @Order(2)
  void nodesHaveCertificatesAndClientsDoNotAdminister() throws Exception {
    assertThat(send("GET", "/metrics", "").body())
        .contains("partita_certificate_expiry_timestamp_seconds{holder=\"own\"");
    assertThat(send("GET", "/admin/v1/state", "").statusCode()).isEqualTo(401);
  }

  @Test
  @Order(3)
  void anIndexQueryGivesExactlyTheCharactersOfAScript() throws Exception {
    List<Integer> expected =
        SampleData.characters()
            .filter(each -> each.path("script").textValue().equals("Greek"))
            .map(each -> each.path("id").intValue())
            .toList();

    assertThat(idsOfScript("Greek", 7)).containsExactlyInAnyOrderElementsOf(expected);
  }

  @Test
  @Order(4)
  void kubectlShowsPrinterColumns() throws Exception {
    assumeKubectl();
    PartitaCommand.Run partitions = kubectl("get", "partitions");

    assertThat(partitions.output())
        .contains("COLLECTION", "unicode", "blocks", "people-contact", "people-picture");
    assertThat(kubectl("get", "partita").output())
        .contains("site.partita.dev/", "index.partita.dev/");
    assertThat(kubectl("get", "pods").output()).contains("Running");
  }

  @Test
  @Order(5)
  void theCallsOfTheArticleWork() throws Exception {
    String partition =
        "{\"name\":\"my_partition\",\"collection\":\"things\",\"range_start\":100,\"range_end\":200}";
    assertThat(send("POST", "/v1/partitions", partition).statusCode()).isEqualTo(201);
    String index =
        "{\"name\":\"my_index\",\"collection\":\"things\",\"terms\":[\"color\"],\"values\":[\"size\"]}";
    assertThat(send("POST", "/v1/indexes", index).statusCode()).isEqualTo(201);
    assertThat(
            send("PUT", "/v1/collections/things/documents/150", "{\"color\":\"red\",\"size\":12}")
                .statusCode())
        .isEqualTo(201);

    HttpResponse<String> query =
        send(
            "POST",
            "/v1/query",
            "{\"index\":\"my_index\",\"partition\":\"my_partition\",\"terms\":[\"red\"],\"limit\":64}");
    assertThat(JSON.readTree(query.body()).path("data").toString())
        .isEqualTo("[{\"id\":150,\"size\":12}]");

    HttpResponse<String> outside = send("PUT", "/v1/collections/things/documents/250", "{}");
    assertThat(outside.statusCode()).isEqualTo(422);
    assertThat(JSON.readTree(outside.body()).path("sqlState").textValue()).isEqualTo("23514");
    assertThat(outside.body()).contains("things", "250");

    assertThat(send("DELETE", "/v1/partitions/my_partition", "").statusCode()).isEqualTo(204);
    assertThat(send("GET", "/v1/partitions/my_partition", "").statusCode()).isEqualTo(404);
    assertThat(send("DELETE", "/v1/indexes/my_index", "").statusCode()).isEqualTo(204);
  }

  /// The samples declare two column groups of people.
  @Test
  @Order(5)
  void aDocumentLiesInThePartitionsOfItsColumns() throws Exception {
    String ada = "/v1/collections/people/documents/ada";
    assertThat(send("PUT", ada, "{\"name\":\"Ada\",\"photo\":\"p\"}").statusCode()).isEqualTo(201);
    assertThat(send("PUT", ada + "?columns=mail", "{\"mail\":\"a@b\"}").statusCode())
        .isEqualTo(200);

    assertThat(get(ada + "?columns=name,mail").toString())
        .isEqualTo("{\"id\":\"ada\",\"name\":\"Ada\",\"mail\":\"a@b\"}");
    assertThat(get(ada).path("photo").textValue()).isEqualTo("p");
    // Leaders tell how many rows they have from time to time: each group has one.
    await()
        .atMost(PATIENCE)
        .untilAsserted(() -> {
          Map<String, Long> rows = new TreeMap<>();
          for (JsonNode partition : get("/v1/partitions").path("data")) {
            if (partition.path("collection").textValue().equals("people")) {
              rows.put(partition.path("name").textValue(), partition.path("rows").longValue());
            }
          }
          assertThat(rows).containsOnly(entry("people-contact", 1L), entry("people-picture", 1L));
        });
    assertThat(send("DELETE", ada, "").statusCode()).isEqualTo(204);
    assertThat(send("GET", ada, "").statusCode()).isEqualTo(404);
  }

  /// Documents of a few KiB, so that a mebibyte is soon full.
  private static final int GROWING_KEYS = 700;

  private static final int GROWING_WRITERS = 4;

  @Test
  @Order(5)
  void aPartitionThatGrowsTooLargeSplitsItselfUnderLoad() throws Exception {
    Path kubeconfig = namedCluster().orElse(workspace().kubeconfig());
    try (KubernetesClient client =
            new KubernetesClientBuilder()
                .withConfig(Config.fromKubeconfig(kubeconfig.toFile()))
                .build();
        GrowingLoad load = new GrowingLoad(this::send, GROWING_KEYS, GROWING_WRITERS)) {
      String namespace = Objects.requireNonNullElse(client.getNamespace(), "default");
      var partitions =
          client
              .genericKubernetesResources("partita.dev/v1alpha1", "Partition")
              .inNamespace(namespace);
      client.resource(GrowingLoad.PARTITION).inNamespace(namespace).create();
      load.start();

      await("parts that are ready")
          .atMost(PATIENCE)
          .ignoreExceptions()
          .untilAsserted(() -> {
            GenericKubernetesResource whole = partitions.withName("growing").get();
            assertThat((String) whole.get("status", "phase")).isEqualTo("Split");
            List<String> children = whole.get("status", "children");
            assertThat(children)
                .hasSize(2)
                .allSatisfy(child ->
                    assertThat((String) partitions.withName(child).get().get("status", "phase"))
                        .isIn("Ready", "Splitting", "Split"));
          });
      assertThat(load.stop()).as("documents that have a wrong content").isEmpty();

      partitions.withName("growing").delete();
      await("the end of all parts")
          .atMost(PATIENCE)
          .until(() ->
              partitions.list().getItems().stream()
                  .noneMatch(each -> each.getMetadata().getName().startsWith("growing")));
      assertThat(send("GET", "/v1/partitions/growing", "").statusCode()).isEqualTo(404);
    }
  }

  final List<Integer> idsOfScript(String script, int limit) throws Exception {
    List<Integer> ids = new ArrayList<>();
    String after = null;
    do {
      String body =
          "{\"index\":\"unicode-by-script\",\"terms\":[\""
              + script
              + "\"],\"limit\":"
              + limit
              + (after == null ? "}" : ",\"after\":\"" + after + "\"}");
      HttpResponse<String> response = send("POST", "/v1/query", body);
      assertThat(response.statusCode())
          .as("a page after " + after + ": " + response.body())
          .isEqualTo(200);
      JsonNode page = JSON.readTree(response.body());
      page.path("data").forEach(entry -> ids.add(entry.path("id").intValue()));
      after = page.path("after").textValue();
    } while (after != null);
    return ids;
  }

  final JsonNode get(String path) throws Exception {
    HttpResponse<String> response = send("GET", path, "");
    assertThat(response.statusCode()).as(path + ": " + response.body()).isEqualTo(200);
    return JSON.readTree(response.body());
  }

  final HttpResponse<String> send(String method, String path, String body) throws Exception {
    String http = Objects.requireNonNull(RunState.read(workspace().stateFile()).http());
    return send(http, method, path, body);
  }

  /// Asks one node.
  static HttpResponse<String> send(String http, String method, String path, String body)
      throws Exception {
    HttpRequest request =
        HttpRequest.newBuilder(URI.create(http + path))
            .header("Content-Type", "application/json")
            .timeout(Duration.ofMinutes(2))
            .method(
                method, body.isEmpty() ? BodyPublishers.noBody() : BodyPublishers.ofString(body))
            .build();
    return HTTP.send(request, BodyHandlers.ofString());
  }

  final Workspace workspace() {
    return new Workspace(Path.of(System.getProperty("partita.checkout")), home);
  }

  final int partita(String... arguments) throws Exception {
    PartitaCommand.Run run = run(command(arguments), environment());
    System.out.print(run.output());
    return run.exitCode();
  }

  static List<String> command(String... arguments) {
    return PartitaCommand.of(arguments);
  }

  final PartitaCommand.Run kubectl(String... arguments) throws Exception {
    List<String> command = new ArrayList<>(List.of("kubectl"));
    command.addAll(List.of(arguments));
    Path kubeconfig = namedCluster().orElse(workspace().kubeconfig());
    PartitaCommand.Run run = run(command, Map.of("KUBECONFIG", kubeconfig.toString()));
    assertThat(run.exitCode()).as(run.output()).isZero();
    return run;
  }

  /// Where CI demands kubectl, its absence fails the test; elsewhere it skips it.
  static void assumeKubectl() {
    boolean found =
        Stream.of(System.getenv("PATH").split(":"))
            .anyMatch(each -> Files.isExecutable(Path.of(each, "kubectl")));
    if (Boolean.getBoolean("partita.kubectl.required")) {
      assertThat(found).as("kubectl on the PATH").isTrue();
    }
    assumeThat(found).as("kubectl on the PATH").isTrue();
  }

  static PartitaCommand.Run run(List<String> command, Map<String, String> environment)
      throws IOException, InterruptedException {
    return PartitaCommand.run(home, command, environment);
  }

  final String log() throws IOException {
    Path log = workspace().launcherLog();
    return Files.exists(log) ? Files.readString(log) : "no log";
  }
}
