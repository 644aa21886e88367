package dev.partita.launcher;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.partita.testbed.PageCommands;
import dev.partita.tls.CertificateAuthority;
import dev.partita.tls.Identity;
import dev.partita.tls.Role;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.client.readiness.Readiness;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.io.TempDir;

/// A real Prometheus that scrapes a running `./partita up` as `k8s/docs/watch.md` says: every alert
/// fires when its fault is made and clears after, `./partita doctor` tells of it meanwhile, and by
/// the end every expression of every panel has given data. The steps build on each other.
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class MonitoringIT {
  private static final Duration PATIENCE = Duration.ofMinutes(10);

  /// Enough to be more than everything else on the slowest machine.
  private static final int READERS = 4;

  private static final int WRITERS = 3;

  /// How long certificates are valid as the operator makes them, and how much of that is left when
  /// the alert has to have fired and the operator has to have renewed them.
  private static final Duration LIFE = Duration.ofDays(90);

  private static final Duration LEFT = Duration.ofDays(6);

  @TempDir static Path home;

  private static @Nullable MonitoredUp up;
  private static @Nullable Repeatedly load;

  @BeforeAll
  static void up() throws Exception {
    up = MonitoredUp.start(home);
    load = new Repeatedly(Duration.ofMillis(250), MonitoringIT::useEverything);
  }

  /// Whatever has become of a step, the next one finds all nodes at work.
  @AfterEach
  void thaw() {
    world().pods().thaw();
  }

  @AfterAll
  static void down() throws Exception {
    if (load != null) {
      load.close();
    }
    if (up != null) {
      up.stop();
    }
  }

  @Test
  @Order(1)
  void theCommandsOfThePageWork() throws Exception {
    PageCommands page = world().page();
    assertThat(page.run("promtool check rules k8s/monitoring/rules.yaml")).contains("SUCCESS");
    assertThat(page.run("promtool test rules k8s/monitoring/tests/alerts.yaml"))
        .contains("SUCCESS")
        .doesNotContain("FAILED");
    page.run("kubectl create configmap partita-dashboards --from-file=k8s/dashboards");
    page.run("kubectl label configmap partita-dashboards grafana_dashboard=1");
    ConfigMap dashboards =
        world().client().configMaps().inNamespace("default").withName("partita-dashboards").get();
    assertThat(dashboards.getData()).containsKeys("fleet.json", "partitions.json", "operator.json");
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
                  "partita-node default far-0 far up",
                  "partita-operator partita-system partita-operator  up");
        });
  }

  @Test
  @Order(3)
  void nothingAlertsWhileAllIsWell() throws Exception {
    await()
        .atMost(PATIENCE)
        .until(() -> !prometheus().query("partita_operator_site_nodes_alive == 3").isEmpty());
    await()
        .atMost(PATIENCE)
        .during(Duration.ofSeconds(6))
        .untilAsserted(() -> assertThat(prometheus().firing()).isEmpty());
    await()
        .atMost(PATIENCE)
        .untilAsserted(() ->
            assertThat(world().page().run("./partita doctor"))
                .contains("nothing is wrong", "4 of 4 alive")
                // Its node answers only who shows the operator's certificate.
                .containsPattern("disk .*far-0 [0-9.]+ of [0-9.]+ GiB free"));
    world().page().assertComplete();
  }

  @Test
  @Order(10)
  void aSiteThatIsGoneAlertsAndWhatWaitsForIt() throws Exception {
    world().apply(partition("away", "replicas: 1, placement: [{site: far, replicas: 1}]"));
    await()
        .atMost(PATIENCE)
        .ignoreExceptions()
        .until(() -> status(send("GET", "/v1/partitions/away", "")) == 200);
    await()
        .atMost(PATIENCE)
        .until(() ->
            !prometheus()
                .query("partita_partition_leader{partition=\"away\", site=\"far\"} == 1")
                .isEmpty());

    world().pods().freeze("far-0");
    awaitFiring("SiteUnreachable", "far");
    awaitFiring("NoLeader", "default");
    world().apply(partition("away", "replicas: 1, placement: [{site: main, replicas: 1}]"));
    awaitFiring("OperationStuck", "MoveReplica");
    assertThat(world().doctor())
        .satisfies(page -> assertThat(page.exitCode()).isEqualTo(1))
        .satisfies(page ->
            assertThat(page.output())
                .contains(
                    "partition/away: NO QUORUM: 0 of 1 replicas are alive",
                    "bring back far-0",
                    "node far-0: the cluster does not hear from it",
                    "MoveReplica of partition away is under way"));

    world().pods().thaw();

    awaitClear("SiteUnreachable");
    awaitClear("NoLeader");
    awaitClear("OperationStuck");
  }

  @Test
  @Order(11)
  void replicasThatAreAwayAlert() throws Exception {
    world().pods().freeze("main-2");
    awaitFiring("ReplicaLag", "blocks-0");
    assertThat(names(prometheus().firing())).doesNotContain("PartitaQuorumLost");

    world().pods().freeze("main-1");
    awaitFiring("QuorumLost", "blocks-0");
    awaitFiring("NoLeader", "blocks-0");
    await()
        .atMost(PATIENCE)
        .untilAsserted(() ->
            assertThat(world().doctor().output())
                .contains("nodes         2 of 4 alive")
                .containsPattern(
                    "[0-9]+ partitions, (away, )?blocks-0, blocks-1, .*: NO QUORUM: (too few|1 of 3) replicas"));

    world().pods().thaw();
    awaitClear("QuorumLost");
    awaitClear("NoLeader");
    awaitClear("ReplicaLag");
  }

  @Test
  @Order(12)
  void aPartitionThatOutgrowsItsLimitAlerts() throws Exception {
    world().apply(partition("large", "split: {maxSize: 1Mi}"));
    await()
        .atMost(PATIENCE)
        .ignoreExceptions()
        .until(() -> status(send("GET", "/v1/partitions/large", "")) == 200);
    String document = "{\"text\": \"" + "x".repeat(500_000) + "\"}";
    for (int i = 0; i < 4; i++) {
      String path = "/v1/collections/large/documents/" + i;
      await()
          .atMost(PATIENCE)
          .ignoreExceptions()
          .until(() -> status(send("PUT", path, document)) / 100 == 2);
    }
    awaitFiring("PartitionTooLarge", "large");

    for (int i = 0; i < 4; i++) {
      String path = "/v1/collections/large/documents/" + i;
      await()
          .atMost(PATIENCE)
          .ignoreExceptions()
          .until(() -> status(send("DELETE", path, "")) / 100 == 2);
    }
    awaitClear("PartitionTooLarge");
  }

  /// Rates need some time to become high, and again to become low: three faults at once.
  @Test
  @Order(13)
  void aHotPartitionAlertsAndReconcilesThatFailOrNeverEnd() throws Exception {
    List<Repeatedly> busy = new ArrayList<>();
    for (int reader = 0; reader < READERS; reader++) {
      busy.add(new Repeatedly(Duration.ZERO, MonitoringIT::readOneDocument));
    }
    boolean[] paused = {false};
    busy.add(
        new Repeatedly(
            Duration.ofMillis(200),
            () -> {
              paused[0] = !paused[0];
              world().apply(partition("large", "paused: " + paused[0]));
            }));
    // Somebody has an object of the name that the Site needs, and it cannot be changed.
    HasMetadata taken =
        world()
            .apply(
                "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: clash}\nimmutable: true\ndata: {of: others}");
    HasMetadata site =
        world()
            .apply(
                "apiVersion: partita.dev/v1alpha1\nkind: Site\nmetadata: {name: clash}\nspec: {nodes: 1, storage: {size: 1Gi}}");
    try {
      awaitFiring("HotPartition", "unicode-plane-0");
      awaitFiring("UpdateStorm", "partitions/status");
      awaitFiring("ReconcileErrors", "Site");
    } finally {
      busy.forEach(Repeatedly::close);
      world().client().resource(site).inNamespace("default").delete();
      world().client().resource(taken).inNamespace("default").delete();
    }
    world().apply(partition("large", "paused: false"));
    awaitClear("HotPartition");
    awaitClear("UpdateStorm");
    awaitClear("ReconcileErrors");
  }

  @Test
  @Order(15)
  void aDiskThatFillsUpAlerts() throws Exception {
    SmallDisk disk = world().farDisk();
    assumeThat(disk.isMounted()).as("only root can have a small disk").isTrue();
    disk.fill(0.09);
    awaitFiring("DiskLow", "far-0");
    assertThat(world().doctor().output()).contains("pod/far-0: its disk is full to 9");

    disk.free();
    awaitClear("DiskLow");
  }

  /// Nothing that can be compressed, faster than the storage of `far` may write.
  @Test
  @Order(16)
  void moreThanTheStorageWritesAlerts() throws Exception {
    world().apply(partition("held", "replicas: 1, placement: [{site: far, replicas: 1}]"));
    await()
        .atMost(PATIENCE)
        .ignoreExceptions()
        .until(() -> status(send("GET", "/v1/partitions/held", "")) == 200);
    byte[] noise = new byte[300_000];
    new Random(1).nextBytes(noise);
    String document = "{\"noise\": \"" + Base64.getEncoder().encodeToString(noise) + "\"}";
    AtomicInteger number = new AtomicInteger();
    List<Repeatedly> writers = new ArrayList<>();
    for (int writer = 0; writer < WRITERS; writer++) {
      writers.add(
          new Repeatedly(
              Duration.ZERO,
              () ->
                  send(
                      "PUT",
                      "/v1/collections/held/documents/" + number.incrementAndGet(),
                      document)));
    }
    try {
      awaitFiring("CompactionBacklog", "far-0");
    } finally {
      writers.forEach(Repeatedly::close);
    }
    awaitClear("CompactionBacklog");
  }

  /// The operator hangs, so the nodes' certificate comes near its end; another operator renews it,
  /// and the nodes take it up as they run.
  @Test
  @Order(17)
  void aCertificateThatIsNotRenewedAlerts() throws Exception {
    Set<String> before = podUids();
    ProcessHandle operator = world().operator();
    Signal.send("STOP", operator.pid());
    replaceWithOneThatWasIssuedLongAgo("main-tls");

    awaitFiring("CertificateExpiring", "main-0");
    awaitFiring("CertificateExpiring", "main-2");
    assertThat(world().doctor().output())
        .contains("secret/main-tls/tls.crt: a certificate expires in 5 d", "pod/main-0: a certif");

    operator.destroyForcibly(); // Whoever runs it starts another.
    awaitClear("CertificateExpiring");
    assertThat(podUids()).isEqualTo(before);
  }

  @Test
  @Order(20)
  void everyExpressionHasGivenData() throws IOException {
    List<String> empty = new ArrayList<>();
    for (String expression : MonitoringFilesTest.expressions()) {
      String now =
          MonitoredUp.quick(expression)
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

  private static HttpResponse<String> send(String method, String path, String body)
      throws Exception {
    return world().send(method, path, body);
  }

  private static int status(HttpResponse<String> response) {
    return response.statusCode();
  }

  // ---------------------------------------------------------------------------------- certificates

  /// Puts a certificate of the same authority for the same names into a Secret, as if nobody had
  /// renewed it when it was due.
  private static void replaceWithOneThatWasIssuedLongAgo(String name) throws Exception {
    Secret authority = secret("partita-ca");
    Secret present = secret(name);
    CertificateAuthority.Issued issued =
        CertificateAuthority.of(text(authority, "tls.crt"), text(authority, "tls.key"))
            .issue(
                new Identity("default", Role.NODE),
                hosts(text(present, "tls.crt")),
                Instant.now().minus(LIFE.minus(LEFT)),
                LIFE);
    world()
        .client()
        .resource(
            present
                .edit()
                .addToData(
                    Map.of("tls.crt", encoded(issued.chain()), "tls.key", encoded(issued.key())))
                .build())
        .update();
  }

  private static List<String> hosts(String chain) throws Exception {
    X509Certificate certificate =
        (X509Certificate)
            CertificateFactory.getInstance("X.509")
                .generateCertificate(
                    new ByteArrayInputStream(chain.getBytes(StandardCharsets.US_ASCII)));
    int uri = 6;
    return certificate.getSubjectAlternativeNames().stream()
        .filter(each -> !each.getFirst().equals(uri))
        .map(each -> String.valueOf(each.getLast()))
        .toList();
  }

  private static Secret secret(String name) {
    return world().client().secrets().inNamespace("default").withName(name).get();
  }

  private static String text(Secret secret, String key) {
    return new String(
        Base64.getDecoder().decode(secret.getData().get(key)), StandardCharsets.US_ASCII);
  }

  private static String encoded(String text) {
    return Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.US_ASCII));
  }

  // ------------------------------------------------------------------------------------- the world

  private static String partition(String name, String more) {
    return "apiVersion: partita.dev/v1alpha1\nkind: Partition\nmetadata: {name: %s}\nspec: {collection: %s, range: {}, %s}"
        .formatted(name, name, more);
  }

  private static Set<String> podUids() {
    List<Pod> pods = world().client().pods().inNamespace("default").list().getItems();
    assertThat(pods).allMatch(Readiness::isPodReady);
    return pods.stream().map(pod -> pod.getMetadata().getUid()).collect(Collectors.toSet());
  }

  private static Prometheus prometheus() {
    return world().prometheus();
  }

  private static MonitoredUp world() {
    return Objects.requireNonNull(up);
  }
}
