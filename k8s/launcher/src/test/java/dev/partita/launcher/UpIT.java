package dev.partita.launcher;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.partita.testbed.DocumentedPage;
import dev.partita.testbed.PageCommands;
import java.net.URLEncoder;
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
    // Leaders give the newest state and no timestamp, but no node leads all partitions.
    await()
        .atMost(PATIENCE)
        .ignoreExceptions()
        .until(() -> {
          for (String key : keys) {
            String encoded = URLEncoder.encode(key, UTF_8).replace("+", "%20");
            var answer =
                send(
                    "GET",
                    "/v1/collections/blocks/documents/" + encoded + "?maxStaleness=3600",
                    "");
            if (answer.statusCode() == 200
                && answer.headers().firstValue("Partita-Read-At").isPresent()) {
              return true;
            }
          }
          return false;
        });
  }

  private List<ProcessHandle> nodeProcesses() {
    return OwnProcesses.of(home, workspace().nodeJar());
  }
}
