package dev.partita.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;

/// Three Partita nodes as processes of their own on loopback, with a system partition, without an
/// operator: partitions are made through the administration as the operator would.
final class Nodes implements AutoCloseable {
  private static final int COUNT = 3;
  private static final Duration START_TIMEOUT = Duration.ofSeconds(60);
  private static final byte[] EMPTY = {};
  static final ObjectMapper JSON = new ObjectMapper();

  private final Path jar;
  private final Path directory;
  private final List<Member> members = new ArrayList<>();

  private Nodes(Path jar, Path directory) {
    this.jar = jar;
    this.directory = directory;
  }

  private static final class Member {
    final String name;
    final int httpPort;
    final int peerPort;
    Process process;
    String nodeId = "";

    Member(String name, int httpPort, int peerPort, Process process) {
      this.name = name;
      this.httpPort = httpPort;
      this.peerPort = peerPort;
      this.process = process;
    }

    InetSocketAddress http() {
      return new InetSocketAddress(InetAddress.getLoopbackAddress(), httpPort);
    }
  }

  static Nodes start(Path jar, Path directory) throws IOException {
    Nodes nodes = new Nodes(jar, directory);
    List<Integer> ports = Ports.free(2 * COUNT);
    List<String> seeds =
        ports.subList(COUNT, 2 * COUNT).stream().map(port -> "127.0.0.1:" + port).toList();
    for (int i = 0; i < COUNT; i++) {
      String name = "bench-" + i;
      Process process =
          nodes.launch(name, ports.get(i), ports.get(COUNT + i), String.join(",", seeds));
      nodes.members.add(new Member(name, ports.get(i), ports.get(COUNT + i), process));
    }
    nodes.bootstrap();
    return nodes;
  }

  /// Creates a partition with a replica on every node and waits until it serves.
  void createPartition(String name, String collection, ObjectNode bounds) {
    ObjectNode spec = JSON.createObjectNode();
    spec.put("collection", collection);
    spec.set("bounds", bounds);
    ArrayNode replicas = spec.putArray("replicas");
    members.forEach(member -> replicas.add(member.nodeId));
    await("partition " + name, () -> send(0, "PUT", "/admin/v1/partitions/" + name, spec) == 200);
    awaitActive(name);
  }

  void createIndex(String name, ObjectNode spec) {
    await("index " + name, () -> send(0, "PUT", "/admin/v1/indexes/" + name, spec) == 200);
    await("index " + name, () -> find("indexes", name).path("state").asText().equals("Ready"));
  }

  void awaitActive(String partition) {
    await(
        "partition " + partition,
        () -> {
          JsonNode found = find("partitions", partition);
          return found.path("state").asText().equals("Active") && found.hasNonNull("leaderNodeId");
        });
  }

  /// The node that leads a partition.
  int leader(String partition) {
    await(
        "a leader of " + partition, () -> find("partitions", partition).hasNonNull("leaderNodeId"));
    String nodeId = find("partitions", partition).path("leaderNodeId").asText();
    for (int i = 0; i < COUNT; i++) {
      if (members.get(i).nodeId.equals(nodeId)) {
        return i;
      }
    }
    throw new IllegalStateException("unknown leader " + nodeId);
  }

  InetSocketAddress address(int node) {
    return members.get(node).http();
  }

  void kill(int node) throws InterruptedException {
    members.get(node).process.destroyForcibly().waitFor();
  }

  /// Stops a node's process in the middle of whatever it does (SIGSTOP); its connections stay open.
  void pause(int node) throws IOException, InterruptedException {
    signal(node, "-STOP");
  }

  void resume(int node) throws IOException, InterruptedException {
    signal(node, "-CONT");
  }

  private void signal(int node, String signal) throws IOException, InterruptedException {
    String pid = Long.toString(members.get(node).process.pid());
    if (new ProcessBuilder("kill", signal, pid).inheritIO().start().waitFor() != 0) {
      throw new IllegalStateException("cannot send " + signal + " to " + pid);
    }
  }

  /// Deletes what a stopped node has stored, as a lost disk would.
  void wipe(int node) throws IOException {
    try (Stream<Path> files =
        Files.walk(directory.resolve(members.get(node).name).resolve("data"))) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }

  /// Gives the replicas of a node that lost its disk to the identity that it came back with, as the
  /// operator would.
  void replace(int node) {
    Member member = members.get(node);
    String lost = member.nodeId;
    await(
        "a new identity of " + member.name,
        () -> !identity(node).isEmpty() && !identity(node).equals(lost));
    member.nodeId = identity(node);
    int other = (node + 1) % COUNT;
    for (JsonNode partition : get(other, "/admin/v1/state").path("partitions")) {
      ObjectNode move = JSON.createObjectNode();
      move.put("kind", "MoveReplica").put("partition", partition.path("name").asText());
      move.put("remove", lost).put("add", member.nodeId);
      operate(other, "replace-" + partition.path("name").asText() + "-" + lost, move);
    }
    operate(
        other,
        "remove-" + lost,
        JSON.createObjectNode().put("kind", "RemoveNode").put("nodeId", lost));
  }

  private String identity(int node) {
    return get(node, "/admin/v1/node").path("nodeId").asText();
  }

  private void operate(int node, String id, ObjectNode operation) {
    await(
        "operation " + id,
        () -> {
          JsonNode state = exchange(node, "PUT", "/admin/v1/operations/" + id, operation);
          if (state.path("state").asText().equals("Failed")) {
            throw new IllegalStateException("operation " + id + " failed: " + state);
          }
          return state.path("state").asText().equals("Done");
        });
  }

  void restart(int node) throws IOException {
    Member member = members.get(node);
    String seeds =
        String.join(",", members.stream().map(each -> "127.0.0.1:" + each.peerPort).toList());
    member.process = launch(member.name, member.httpPort, member.peerPort, seeds);
  }

  void awaitReady(int node) {
    Member member = members.get(node);
    await("node " + member.name, () -> status(member, "/health/ready") == 200);
  }

  /// Resident memory of each node, in bytes.
  List<Long> residentBytes() throws IOException {
    List<Long> resident = new ArrayList<>();
    for (Member member : members) {
      for (String line : Files.readAllLines(Path.of("/proc/" + member.process.pid() + "/status"))) {
        if (line.startsWith("VmRSS:")) {
          resident.add(Long.parseLong(line.replaceAll("[^0-9]", "")) * 1024);
        }
      }
    }
    return resident;
  }

  /// Processor time that each node has used.
  List<Duration> processorTime() {
    return members.stream()
        .map(member -> member.process.info().totalCpuDuration().orElse(Duration.ZERO))
        .toList();
  }

  @Override
  public void close() {
    members.forEach(member -> member.process.destroyForcibly());
  }

  private Process launch(String name, int httpPort, int peerPort, String seeds) throws IOException {
    Path data = Files.createDirectories(directory.resolve(name));
    ProcessBuilder builder =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:+UseSerialGC",
                "-Xmx256m",
                "-Xss512k",
                "-XX:MaxDirectMemorySize=64m",
                "--enable-native-access=ALL-UNNAMED",
                "--sun-misc-unsafe-memory-access=allow",
                "-jar",
                jar.toString())
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.appendTo(data.resolve("log").toFile()));
    builder
        .environment()
        .putAll(
            Map.of(
                "PARTITA_DATA",
                data.resolve("data").toString(),
                "PARTITA_NAME",
                name,
                "PARTITA_SITE",
                "bench",
                "PARTITA_PEER_HOST",
                "127.0.0.1",
                "PARTITA_PEER_PORT",
                Integer.toString(peerPort),
                "PARTITA_PEER_ADVERTISED",
                "127.0.0.1:" + peerPort,
                "PARTITA_HTTP_ADVERTISED",
                "127.0.0.1:" + httpPort,
                "PARTITA_SEEDS",
                seeds,
                "QUARKUS_HTTP_HOST",
                "127.0.0.1",
                "QUARKUS_HTTP_PORT",
                Integer.toString(httpPort)));
    builder.environment().put("MALLOC_ARENA_MAX", "1");
    return builder.start();
  }

  private void bootstrap() {
    ObjectNode request = JSON.createObjectNode();
    request.put("clusterId", "bench");
    ArrayNode founders = request.putArray("members");
    for (int i = 0; i < COUNT; i++) {
      Member member = members.get(i);
      await("node " + member.name, () -> status(member, "/admin/v1/node") == 200);
      member.nodeId = get(i, "/admin/v1/node").path("nodeId").asText();
      founders
          .addObject()
          .put("nodeId", member.nodeId)
          .put("name", member.name)
          .put("peerAddress", "127.0.0.1:" + member.peerPort);
    }
    for (int i = 0; i < COUNT; i++) {
      int node = i;
      await("bootstrap", () -> send(node, "POST", "/admin/v1/bootstrap", request) == 200);
    }
    members.forEach(
        member -> await("node " + member.name, () -> status(member, "/health/ready") == 200));
  }

  private JsonNode find(String list, String name) {
    for (int i = 0; i < COUNT; i++) {
      if (members.get(i).process.isAlive()) {
        for (JsonNode each : get(i, "/admin/v1/state").path(list)) {
          if (each.path("name").asText().equals(name)) {
            return each;
          }
        }
      }
    }
    return JSON.missingNode();
  }

  private JsonNode get(int node, String path) {
    try (HttpConnection connection = new HttpConnection(address(node))) {
      return JSON.readTree(connection.send("GET", path, EMPTY).body());
    } catch (IOException e) {
      return JSON.missingNode();
    }
  }

  private JsonNode exchange(int node, String method, String path, JsonNode body) {
    try (HttpConnection connection = new HttpConnection(address(node))) {
      return JSON.readTree(
          connection.send(method, path, body.toString().getBytes(StandardCharsets.UTF_8)).body());
    } catch (IOException e) {
      return JSON.missingNode();
    }
  }

  private int send(int node, String method, String path, JsonNode body) {
    try (HttpConnection connection = new HttpConnection(address(node))) {
      return connection
          .send(method, path, body.toString().getBytes(StandardCharsets.UTF_8))
          .status();
    } catch (IOException e) {
      return 0;
    }
  }

  private static int status(Member member, String path) {
    try (HttpConnection connection = new HttpConnection(member.http())) {
      return connection.send("GET", path, EMPTY).status();
    } catch (IOException e) {
      return 0;
    }
  }

  private static void await(String what, BooleanSupplier condition) {
    long deadline = System.nanoTime() + START_TIMEOUT.toNanos();
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() > deadline) {
        throw new IllegalStateException("waited in vain for " + what);
      }
      try {
        Thread.sleep(50);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IllegalStateException("interrupted while waiting for " + what, e);
      }
    }
  }
}
