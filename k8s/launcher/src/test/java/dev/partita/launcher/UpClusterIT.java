package dev.partita.launcher;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.partita.launcher.doctor.DoctorOutside;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

/// The main job in a real Kubernetes cluster that the user has named: the common steps, then what
/// is different there. The operator runs in the cluster with the rights of its manifest.
@EnabledIfSystemProperty(named = "partita.kubeconfig", matches = ".+")
class UpClusterIT extends MainJobSteps {
  private static final String NODES = "app.kubernetes.io/component=node";

  @Override
  Optional<Path> namedCluster() {
    return Optional.of(TestbedCluster.kubeconfig());
  }

  @AfterAll
  void wipe() throws Exception {
    partita("down", "--wipe");
  }

  @Test
  @Order(9)
  void theDoctorReachesNodesThroughTheApiServer() throws Exception {
    try (Cluster cluster = Cluster.connect(TestbedCluster.kubeconfig())) {
      await()
          .atMost(PATIENCE)
          .untilAsserted(() ->
              assertThat(DoctorOutside.page(cluster.client(), cluster.namespace()))
                  .contains("3 of 3 alive", "nothing is wrong")
                  .containsPattern("disk +main-0 [0-9.]+ of [0-9.]+ GiB free, main-1"));
    }
  }

  /// Clients have to log in, and may do so in plain text.
  private static final String LOCKED_SITE =
      """
      apiVersion: v1
      kind: Namespace
      metadata: {name: locked}
      ---
      apiVersion: partita.dev/v1alpha1
      kind: Site
      metadata: {name: main, namespace: locked}
      spec: {nodes: 1, storage: {size: 1Gi}, tls: {clients: Optional}}
      """;

  @Test
  @Order(9)
  void theRecoveryLogsInWithTheAdministratorsSecret() throws Exception {
    Path manifest = Files.writeString(home.resolve("locked.yaml"), LOCKED_SITE);
    kubectl("apply", "-f", manifest.toString());
    Path kubeconfig = Files.copy(TestbedCluster.kubeconfig(), home.resolve("locked-kubeconfig"));
    PartitaCommand.Run use =
        run(
            List.of("kubectl", "config", "set-context", "--current", "--namespace=locked"),
            Map.of("KUBECONFIG", kubeconfig.toString()));
    assertThat(use.exitCode()).as(use.output()).isZero();

    await()
        .atMost(PATIENCE)
        .untilAsserted(() ->
            assertThat(recover(kubeconfig, "list"))
                .isEqualTo(new PartitaCommand.Run(0, "no quorum was ever given up\n")));
    assertThat(recover(kubeconfig, "acknowledge", "none").output()).contains("unknown recovery");
    assertThat(recover(kubeconfig, "plan", "--lost", "other-0").output())
        .contains("unknown node", "other-0");

    kubectl("delete", "namespace", "locked");
  }

  private static PartitaCommand.Run recover(Path kubeconfig, String... arguments) throws Exception {
    List<String> words = new ArrayList<>(List.of("recover"));
    words.addAll(List.of(arguments));
    return run(command(words.toArray(String[]::new)), Map.of("KUBECONFIG", kubeconfig.toString()));
  }

  @Test
  @Order(10)
  void writesGoOnAfterANodeIsKilled() throws Exception {
    String document = "{\"note\":\"written before the kill\"}";
    assertThat(send("PUT", "/v1/collections/blocks/documents/kept", document).statusCode())
        .isEqualTo(201);
    JsonNode pod = pods().getFirst();
    int restarts = restarts(pod);
    String container =
        pod.path("status").path("containerStatuses").path(0).path("containerID").textValue();

    ProcessHandle.of(Long.parseLong(container.substring("testbed://".length())))
        .orElseThrow()
        .destroyForcibly();

    await()
        .atMost(PATIENCE)
        .ignoreExceptions()
        .until(() ->
            send("PUT", "/v1/collections/blocks/documents/after", "{}").statusCode() / 100 == 2);
    assertThat(get("/v1/collections/blocks/documents/kept").path("note").textValue())
        .isEqualTo("written before the kill");
    String name = pod.path("metadata").path("name").textValue();
    await()
        .atMost(PATIENCE)
        .until(() ->
            pods().stream()
                .anyMatch(each ->
                    each.path("metadata").path("name").textValue().equals(name)
                        && restarts(each) > restarts));
  }

  @Test
  @Order(11)
  void theClusterGoesOnWithoutTheLauncher() throws Exception {
    List<String> uids = uids();
    ProcessHandle launcher = RunState.read(workspace().stateFile()).process().orElseThrow();
    launcher.destroy();
    launcher.onExit().get();

    RunState status = RunState.read(workspace().stateFile());
    assertThat(status.phase()).isEqualTo("Disconnected");
    assertThat(status.cluster()).startsWith("https://127.0.0.1:");
    assertThat(uids()).isEqualTo(uids);

    assertThat(partita("up", "--detach")).as(log()).isZero();
    assertThat(log()).contains("found the sample data");
    assertThat(uids()).as("pods that were not replaced").isEqualTo(uids);
  }

  @Test
  @Order(12)
  void downStopsTheSiteAndKeepsItsVolumes() throws Exception {
    kubectl("create", "configmap", "theirs", "--from-literal=a=b");

    assertThat(partita("down")).isZero();

    assertThat(pods()).isEmpty();
    assertThat(items("deployments", "--all-namespaces")).isEmpty();
    assertThat(items("pvc")).hasSize(3);
    assertThat(items("partitions")).isNotEmpty();
    assertThat(items("configmaps", "theirs")).hasSize(1);
    assertThat(partita("up", "--detach")).as(log()).isZero();
    assertThat(log()).contains("found the sample data");
    assertThat(get("/v1/collections/blocks/documents/kept").path("note").textValue())
        .isEqualTo("written before the kill");
  }

  @Test
  @Order(13)
  void wipeRefusesToTakeWhatUpDidNotMake() throws Exception {
    send(
        "POST",
        "/v1/partitions",
        "{\"name\":\"theirs\",\"collection\":\"theirs\",\"range_start\":1,\"range_end\":2}");

    PartitaCommand.Run wipe = run(command("down", "--wipe"), Map.of());

    assertThat(wipe.exitCode()).isEqualTo(1);
    assertThat(wipe.output()).contains("Partition theirs", "Nothing was deleted");
    assertThat(items("sites")).hasSize(1);
    assertThat(pods()).hasSize(3);
    kubectl("delete", "partition", "theirs");
  }

  @Test
  @Order(14)
  void wipeLeavesNothingOfItsOwn() throws Exception {
    assertThat(partita("down", "--wipe")).isZero();

    assertThat(items("pvc")).isEmpty();
    assertThat(items("crd")).isEmpty();
    assertThat(items("clusterroles", "--selector=app.kubernetes.io/part-of=partita")).isEmpty();
    assertThat(names(items("configmaps"))).contains("theirs").doesNotContain("partita-cluster");
    assertThat(names(items("secrets"))).isEmpty();
    await().atMost(PATIENCE).until(() -> !names(items("namespaces")).contains("partita-system"));
    assertThat(RunState.read(workspace().stateFile())).isEqualTo(RunState.stopped());
    kubectl("delete", "configmap", "theirs");
  }

  private List<JsonNode> pods() throws Exception {
    return items("pods", "--selector=" + NODES);
  }

  private List<String> uids() throws Exception {
    return pods().stream().map(each -> each.path("metadata").path("uid").textValue()).toList();
  }

  private static int restarts(JsonNode pod) {
    return pod.path("status").path("containerStatuses").path(0).path("restartCount").intValue();
  }

  private static List<String> names(List<JsonNode> items) {
    return items.stream().map(each -> each.path("metadata").path("name").textValue()).toList();
  }

  private List<JsonNode> items(String... arguments) throws Exception {
    List<String> command = new ArrayList<>(List.of("get", "--output=json"));
    command.addAll(List.of(arguments));
    JsonNode answer = JSON.readTree(kubectl(command.toArray(String[]::new)).output());
    List<JsonNode> items = new ArrayList<>();
    if (answer.path("kind").textValue().equals("List")) {
      answer.path("items").forEach(items::add);
    } else {
      items.add(answer);
    }
    return items;
  }
}
