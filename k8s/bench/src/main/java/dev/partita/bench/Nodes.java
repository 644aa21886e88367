package dev.partita.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// Three Partita nodes as processes of their own on loopback, with a system partition, without an
/// operator: partitions are made through the administration as the operator would.
final class Nodes implements AutoCloseable {
  static final int COUNT = 3;
  private static final Duration START_TIMEOUT = Duration.ofMinutes(2);
  private static final long TELL_MILLIS = 2_000;
  static final ObjectMapper JSON = new ObjectMapper();

  /// How the nodes find each other.
  interface Wiring {
    /// Directly.
    Wiring LOOPBACK = new Wiring() {};

    /// The address under which the others reach a node that listens on a port of 127.0.0.1.
    default String advertised(int node, int port) {
      return "127.0.0.1:" + port;
    }

    /// Called once, before the nodes start.
    ///
    /// @param ports where each node listens
    default void open(List<Integer> ports) throws IOException {}

    /// The file in which a node looks up the names of the others, if it is to have one.
    default Optional<Path> hostsFile(int node) {
      return Optional.empty();
    }

    /// Further variables of a node's process.
    default Map<String, String> environment(int node) throws IOException {
      return Map.of();
    }

    /// Further options of a node's JVM.
    default List<String> javaOptions(int node) {
      return List.of();
    }
  }

  /// How the nodes differ from the defaults.
  ///
  /// @param environment further variables of every node
  record Setup(Wiring wiring, Map<String, String> environment) {
    static final Setup PLAIN = new Setup(Wiring.LOOPBACK, Map.of());
  }

  private final Path jar;
  private final Path directory;
  private final Setup setup;
  private final List<Member> members = new ArrayList<>();
  private final AtomicInteger operations = new AtomicInteger();

  private Nodes(Path jar, Path directory, Setup setup) {
    this.jar = jar;
    this.directory = directory;
    this.setup = setup;
  }

  private static final class Member {
    final String name;
    final int httpPort;
    final int peerPort;
    final String peerAddress;
    @Nullable Process process;
    String nodeId = "";

    Member(String name, int httpPort, int peerPort, String peerAddress) {
      this.name = name;
      this.httpPort = httpPort;
      this.peerPort = peerPort;
      this.peerAddress = peerAddress;
    }

    /// The process that was started last.
    Process process() {
      return Objects.requireNonNull(process);
    }

    InetSocketAddress http() {
      return new InetSocketAddress(InetAddress.getLoopbackAddress(), httpPort);
    }
  }

  static Nodes start(Path jar, Path directory) throws IOException {
    return start(jar, directory, Setup.PLAIN);
  }

  static Nodes start(Path jar, Path directory, Setup setup) throws IOException {
    Nodes nodes = new Nodes(jar, directory, setup);
    List<Integer> ports = Ports.free(2 * COUNT);
    setup.wiring().open(ports.subList(COUNT, 2 * COUNT));
    for (int i = 0; i < COUNT; i++) {
      int peerPort = ports.get(COUNT + i);
      nodes.members.add(
          new Member(name(i), ports.get(i), peerPort, setup.wiring().advertised(i, peerPort)));
    }
    try {
      for (int i = 0; i < COUNT; i++) {
        nodes.restart(i);
      }
      nodes.bootstrap();
      return nodes;
    } catch (IOException | RuntimeException e) {
      nodes.close();
      throw e;
    }
  }

  private static String name(int node) {
    return "bench-" + node;
  }

  /// Where a node keeps its data, below the directory of all.
  static Path data(Path directory, int node) {
    return directory.resolve(name(node)).resolve("data");
  }

  /// Where a node keeps its data.
  Path data(int node) {
    return data(directory, node);
  }

  /// What a node has logged in all its runs.
  String log(int node) throws IOException {
    return Files.readString(directory.resolve(name(node)).resolve("log"));
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

  /// As [#createPartition(String, String, ObjectNode)].
  ///
  /// @param range as JSON
  void createPartition(String name, String collection, String range) throws IOException {
    ObjectNode bounds = JSON.createObjectNode();
    bounds.set("range", JSON.readTree(range));
    createPartition(name, collection, bounds);
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

  /// Waits until every replica of a partition holds what was committed when its leader last told.
  void awaitCaughtUp(String partition) {
    await(
        "the replicas of " + partition,
        () -> {
          JsonNode replicas = find("partitions", partition).path("replicas");
          boolean caughtUp = replicas.size() == COUNT;
          for (JsonNode replica : replicas) {
            caughtUp &= replica.path("caughtUp").asBoolean();
          }
          return caughtUp;
        });
  }

  /// The node that leads a partition.
  int leader(String partition) {
    await(
        "a leader of " + partition, () -> find("partitions", partition).hasNonNull("leaderNodeId"));
    return indexOf(find("partitions", partition).path("leaderNodeId").asText());
  }

  private int indexOf(String nodeId) {
    for (int i = 0; i < COUNT; i++) {
      if (members.get(i).nodeId.equals(nodeId)) {
        return i;
      }
    }
    throw new IllegalStateException("unknown leader " + nodeId);
  }

  /// The node that leads the system partition.
  int systemLeader() {
    await("a leader of the system partition", () -> systemLeaderId() != null);
    return indexOf(Objects.requireNonNull(systemLeaderId()));
  }

  private @Nullable String systemLeaderId() {
    for (int i = 0; i < COUNT; i++) {
      if (isAlive(i)) {
        return get(i, "/admin/v1/state").path("leaderNodeId").textValue();
      }
    }
    return null;
  }

  InetSocketAddress address(int node) {
    return members.get(node).http();
  }

  void kill(int node) throws InterruptedException {
    members.get(node).process().destroyForcibly().waitFor();
  }

  /// Asks a node to stop (SIGTERM).
  void terminate(int node) {
    members.get(node).process().destroy();
  }

  boolean isAlive(int node) {
    return members.get(node).process().isAlive();
  }

  /// Waits until a node has ended, and returns its exit code.
  int awaitExit(int node) {
    await("the end of " + members.get(node).name, () -> !isAlive(node));
    return members.get(node).process().exitValue();
  }

  /// Has a node lead a partition.
  void lead(String partition, int node) {
    String id = "lead-" + operations.incrementAndGet();
    ObjectNode transfer = JSON.createObjectNode();
    transfer.put("kind", "TransferLeader").put("partition", partition);
    transfer.put("to", members.get(node).nodeId);
    operate(node, id, transfer);
    await(members.get(node).name + " as leader", () -> leader(partition) == node);
  }

  /// The id that a node has in the database.
  String nodeId(int node) {
    return members.get(node).nodeId;
  }

  /// Stops a node's process in the middle of whatever it does (SIGSTOP); its connections stay open.
  void pause(int node) throws IOException, InterruptedException {
    signal(node, "-STOP");
  }

  void resume(int node) throws IOException, InterruptedException {
    signal(node, "-CONT");
  }

  /// Has a node write into its log what each of its threads does.
  void tellThreads(int node) throws IOException, InterruptedException {
    signal(node, "-QUIT");
    Thread.sleep(TELL_MILLIS);
  }

  private void signal(int node, String signal) throws IOException, InterruptedException {
    String pid = Long.toString(members.get(node).process().pid());
    if (new ProcessBuilder("kill", signal, pid).inheritIO().start().waitFor() != 0) {
      throw new IllegalStateException("cannot send " + signal + " to " + pid);
    }
  }

  /// Deletes what a stopped node has stored, as a lost disk would.
  void wipe(int node) throws IOException {
    try (Stream<Path> files = Files.walk(data(node))) {
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

  /// Asks for an operation, and waits until it is done.
  ///
  /// @throws IllegalStateException if it fails
  void operate(int node, String id, ObjectNode operation) {
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
    String seeds = String.join(",", members.stream().map(each -> each.peerAddress).toList());
    member.process = launch(node, member, seeds);
  }

  /// A node that ends instead is named with why.
  void awaitReady(int node) throws IOException {
    Member member = members.get(node);
    String what = "node " + member.name;
    await(what, () -> !isAlive(node) || status(member, "/health/ready") == 200);
    if (!isAlive(node)) {
      throw new IllegalStateException("%s has ended: %s".formatted(what, lastError(log(node))));
    }
  }

  /// The last line of a log that tells of an error.
  private static String lastError(String log) {
    return log.lines()
        .filter(line -> line.contains(" ERROR ") || line.startsWith("Caused by: "))
        .reduce((_, next) -> next)
        .orElse("it tells no error");
  }

  /// Resident memory of each node, in bytes.
  List<Long> residentBytes() throws IOException {
    List<Long> resident = new ArrayList<>();
    for (Member member : members) {
      resident.add(ProcessFigures.residentBytes(member.process().pid()));
    }
    return resident;
  }

  /// Processor time that each node has used.
  List<Duration> processorTime() {
    return members.stream()
        .map(member -> member.process().info().totalCpuDuration().orElse(Duration.ZERO))
        .toList();
  }

  /// Processor time that the compilers of all nodes have used.
  Duration compilerTime() throws IOException {
    Duration sum = Duration.ZERO;
    for (Member member : members) {
      sum = sum.plus(ProcessFigures.compilerTime(member.process().pid()));
    }
    return sum;
  }

  /// What all nodes together tell, see [Metrics#sum].
  double metric(String series) throws IOException {
    double sum = 0;
    for (Member member : members) {
      sum += Metrics.sum(member.http(), series);
    }
    return sum;
  }

  @Override
  public void close() {
    for (Member member : members) {
      if (member.process != null) {
        member.process.destroyForcibly();
      }
    }
  }

  private Process launch(int node, Member member, String seeds) throws IOException {
    Path home = Files.createDirectories(directory.resolve(member.name));
    ProcessBuilder builder =
        new ProcessBuilder(NodeCommand.of(jar, setup.wiring().javaOptions(node)))
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.appendTo(home.resolve("log").toFile()));
    builder
        .environment()
        .putAll(
            Map.of(
                "PARTITA_DATA",
                data(node).toString(),
                "PARTITA_NAME",
                member.name,
                "PARTITA_SITE",
                "bench",
                "PARTITA_PEER_HOST",
                "127.0.0.1",
                "PARTITA_PEER_PORT",
                Integer.toString(member.peerPort),
                "PARTITA_PEER_ADVERTISED",
                member.peerAddress,
                "PARTITA_HTTP_ADVERTISED",
                "127.0.0.1:" + member.httpPort,
                "PARTITA_SEEDS",
                seeds,
                "QUARKUS_HTTP_HOST",
                "127.0.0.1",
                "QUARKUS_HTTP_PORT",
                Integer.toString(member.httpPort)));
    setup
        .wiring()
        .hostsFile(node)
        .ifPresent(file -> builder.environment().put("PARTITA_HOSTS_FILE", file.toString()));
    builder.environment().put("PARTITA_AUTHENTICATION", "disabled");
    builder.environment().putAll(setup.environment());
    builder.environment().putAll(setup.wiring().environment(node));
    builder.environment().put("MALLOC_ARENA_MAX", "1");
    return Children.start(builder);
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
          .put("peerAddress", member.peerAddress);
    }
    for (int i = 0; i < COUNT; i++) {
      int node = i;
      await("bootstrap", () -> send(node, "POST", "/admin/v1/bootstrap", request) == 200);
    }
    members.forEach(
        member -> await("node " + member.name, () -> status(member, "/health/ready") == 200));
  }

  /// A partition as the nodes tell it.
  JsonNode partition(String name) {
    return find("partitions", name);
  }

  private JsonNode find(String list, String name) {
    for (int i = 0; i < COUNT; i++) {
      if (isAlive(i)) {
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
    return AdminCalls.exchange(address(node), "GET", path, null, AdminCalls.PATIENCE);
  }

  private JsonNode exchange(int node, String method, String path, JsonNode body) {
    return AdminCalls.exchange(address(node), method, path, body, AdminCalls.PATIENCE);
  }

  private int send(int node, String method, String path, JsonNode body) {
    return AdminCalls.send(address(node), method, path, body, AdminCalls.PATIENCE);
  }

  private static int status(Member member, String path) {
    return AdminCalls.send(member.http(), "GET", path, null, AdminCalls.PATIENCE);
  }

  static void await(String what, BooleanSupplier condition) {
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
