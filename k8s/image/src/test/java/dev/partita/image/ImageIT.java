package dev.partita.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The node's image, built without base image and network, and started as a container runtime would
/// start it: on its own root file system, read-only, as an ordinary user.
class ImageIT {
  private static final Duration PATIENCE = Duration.ofMinutes(2);
  private static final ObjectMapper JSON = new ObjectMapper();

  @TempDir static Path directory;

  private static Path tar = Path.of("");
  private static Path oci = Path.of("");

  @BeforeAll
  static void build() throws Exception {
    Path checkout = Path.of(System.getProperty("partita.checkout"));
    Main.build(
        checkout,
        new Options(
            List.of(Application.NODE), Optional.empty(), Optional.empty(), directory, "test"));
    tar = directory.resolve("partita-node-test.tar");
    oci = Files.createDirectories(directory.resolve("oci"));
    Shell.run(oci, List.of("tar", "xf", tar.toString()));
  }

  @Test
  void theConfigurationSaysWhatItIsAndWhoRunsIt() throws IOException {
    JsonNode config = blob(manifest().path("config"));

    assertThat(config.path("os").asText()).isEqualTo("linux");
    JsonNode run = config.path("config");
    assertThat(run.path("User").asText()).isEqualTo("10001:10001");
    assertThat(run.path("WorkingDir").asText()).isEqualTo("/opt/partita/app");
    assertThat(run.path("Labels").path("org.opencontainers.image.version").asText())
        .isEqualTo("test");
    assertThat(texts(run.path("Entrypoint"))).contains("-XX:AOTCache=partita.aot");
  }

  @Test
  void thereIsNoShellAndOneLibraryOfRocksDb() throws IOException {
    Path root = unpack("looked-at");

    try (Stream<Path> files = Files.walk(root)) {
      List<String> names = files.map(each -> each.getFileName().toString()).toList();
      assertThat(names).doesNotContain("sh", "bash", "busybox");
      assertThat(names.stream().filter(each -> each.startsWith("librocksdbjni"))).hasSize(1);
    }
  }

  /// With `AOTMode=on` the JVM ends when it cannot use the cache, so that a ready node has used it.
  @Test
  void itRunsOnAReadOnlyRootAsAnOrdinaryUserWithItsCache() throws Exception {
    assumeThat(System.getProperty("user.name")).as("only root may mount").isEqualTo("root");
    Path root = unpack("run");
    for (String mountPoint : List.of("proc", "dev", "tmp", "data")) {
      Files.createDirectories(root.resolve(mountPoint));
    }
    int port = freePort();
    List<String> entrypoint =
        texts(blob(manifest().path("config")).path("config").path("Entrypoint"));
    String script =
        """
        set -e
        mount --bind @root@ @root@
        mount -o remount,bind,ro @root@
        mount -t tmpfs -o mode=1777 tmpfs @root@/tmp
        mount -t tmpfs -o mode=1777 tmpfs @root@/data
        mount -t proc proc @root@/proc
        mount --bind /dev @root@/dev
        exec env -i PARTITA_DEV=true PARTITA_DATA=/data/node PARTITA_PEER_HOST=127.0.0.1 PARTITA_PEER_PORT=0 \
          QUARKUS_HTTP_HOST=127.0.0.1 QUARKUS_HTTP_PORT=@port@ JDK_JAVA_OPTIONS=-XX:AOTMode=on \
          unshare --root=@root@ --wd=/opt/partita/app --setgid=10001 --setuid=10001 -- "$@"
        """
            .replace("@root@", root.toString())
            .replace("@port@", String.valueOf(port));
    List<String> command = new ArrayList<>(List.of("unshare", "--mount", "sh", "-c", script, "sh"));
    command.addAll(entrypoint);
    Path log = directory.resolve("node.log");
    Process node =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile()).start();
    try {
      await()
          .atMost(PATIENCE)
          .failFast("it ended: " + log, () -> !node.isAlive())
          .untilAsserted(() ->
              assertThat(status(port, "/health/ready")).as(Files.readString(log)).isEqualTo(200));
      assertThat(status(port, "/v1/partitions")).isEqualTo(200);
      String user = Files.readString(Path.of("/proc", String.valueOf(node.pid()), "status"));
      assertThat(user).containsPattern("Uid:\\s+10001\\s+10001");
    } finally {
      node.destroy();
      node.waitFor(60, TimeUnit.SECONDS);
      node.destroyForcibly();
    }
  }

  private static Path unpack(String name) throws IOException {
    Path root = Files.createDirectories(directory.resolve(name));
    for (JsonNode layer : manifest().path("layers")) {
      Shell.run(root, List.of("tar", "xzf", file(layer).toString(), "--no-same-owner"));
    }
    return root;
  }

  private static JsonNode manifest() throws IOException {
    JsonNode index = JSON.readTree(oci.resolve("index.json").toFile());
    return blob(index.path("manifests").path(0));
  }

  private static JsonNode blob(JsonNode descriptor) throws IOException {
    return JSON.readTree(file(descriptor).toFile());
  }

  private static Path file(JsonNode descriptor) {
    return oci.resolve("blobs").resolve(descriptor.path("digest").asText().replace(':', '/'));
  }

  private static List<String> texts(JsonNode array) {
    List<String> texts = new ArrayList<>();
    array.forEach(each -> texts.add(each.asText()));
    return texts;
  }

  private static int status(int port, String path) throws Exception {
    HttpRequest request =
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
            .timeout(Duration.ofSeconds(10))
            .build();
    try {
      return HttpClient.newHttpClient().send(request, BodyHandlers.discarding()).statusCode();
    } catch (IOException e) {
      return 0;
    }
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0)) {
      return socket.getLocalPort();
    }
  }
}
