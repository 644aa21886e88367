package dev.partita.node;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.partita.node.admin.AdminService;
import dev.partita.node.admin.BootstrapRequest;
import dev.partita.node.admin.OperationSpec;
import dev.partita.node.admin.OperationView;
import dev.partita.node.admin.PartitionSpec;
import dev.partita.node.admin.PartitionView;
import dev.partita.node.admin.StateView;
import dev.partita.node.config.HostPort;
import dev.partita.node.config.NodeSettings;
import dev.partita.node.config.Place;
import dev.partita.node.document.Documents;
import dev.partita.node.index.JsonBytes;
import dev.partita.node.key.Datum;
import dev.partita.node.key.PrimaryKey;
import dev.partita.node.partition.Mutation;
import dev.partita.node.partition.PartitionDescriptor;
import dev.partita.node.partition.Request;
import dev.partita.node.partition.Response;
import dev.partita.node.partition.TestNode;
import dev.partita.node.storage.Storage;
import dev.partita.node.time.Clock;
import dev.partita.node.time.Deadline;
import dev.partita.node.time.SystemClock;
import dev.partita.node.transaction.DocumentWrites;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// A cluster of real nodes in one JVM: real directories, logs, stores, and sockets on the loopback
/// interface, with a network that can be cut.
public final class TestCluster implements AutoCloseable {
  /// What writes and reads documents through a node.
  static Documents documents(Node node) {
    return new Documents(
        node.router(),
        new DocumentWrites(node.router(), node.transactions(), node.oracle(), node.clock()));
  }

  /// How long anything may take before a test gives up: generous, because the machine may be busy.
  public static final Duration PATIENCE = Duration.ofSeconds(60);

  private static final ObjectMapper MAPPER = new ObjectMapper();

  private final Path directory;
  private final Clock clock = new SystemClock();

  /// So short that followers answer most reads of the past.
  private static final Duration CLOSED_LAG = Duration.ofMillis(200);

  private static final Duration CLOSING_INTERVAL = Duration.ofMillis(50);

  private final FaultyNetwork network = new FaultyNetwork();
  private final List<Member> members = new ArrayList<>();

  private static final class Member {
    final String name;
    final int port;
    final Place place;
    @Nullable Node node;

    Member(String name, int port, Place place) {
      this.name = name;
      this.port = port;
      this.place = place;
    }
  }

  /// An empty cluster that keeps its data below a directory.
  public TestCluster(Path directory) {
    this.directory = directory;
  }

  /// A cluster of so many nodes that was founded by all of them and is ready.
  public static TestCluster founded(Path directory, int nodes) {
    TestCluster cluster = new TestCluster(directory);
    try {
      for (int i = 0; i < nodes; i++) {
        cluster.add();
      }
      cluster.bootstrap(nodes);
      cluster.awaitReady();
      return cluster;
    } catch (RuntimeException | Error e) {
      cluster.close();
      throw e;
    }
  }

  /// Starts another node, which is not a member of any cluster yet, and returns its number.
  public int add() {
    return add("site", false);
  }

  /// Starts another node, at an edge Site, which is not a member of any cluster yet, and returns
  /// its number.
  public int addAtTheEdge() {
    return add("edge", true);
  }

  private int add(String site, boolean edge) {
    int number = members.size();
    members.add(
        new Member("n-" + number, freePort(), new Place(site, "", "", "zone-" + number, edge)));
    start(number);
    return number;
  }

  private static int freePort() {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// Starts a node that was stopped, on the same directory and port.
  public void start(int number) {
    Member member = members.get(number);
    HostPort address = new HostPort("127.0.0.1", member.port);
    List<HostPort> seeds =
        members.stream()
            .filter(other -> other != member)
            .map(other -> new HostPort("127.0.0.1", other.port))
            .toList();
    NodeSettings settings =
        new NodeSettings(
            dataDirectory(number),
            member.name,
            member.place,
            new NodeSettings.Peer(address, address, seeds, null),
            new HostPort("127.0.0.1", 1),
            false,
            new NodeSettings.Storage(8 << 20, Duration.ofHours(1)));
    NodeEnvironment real = NodeEnvironment.real();
    try {
      member.node =
          Node.start(
              settings,
              new NodeEnvironment(
                  clock,
                  real.replication(),
                  real.transport(),
                  real.partitions().withClosing(CLOSED_LAG, CLOSING_INTERVAL),
                  network::attach));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private Path dataDirectory(int number) {
    return directory.resolve(members.get(number).name);
  }

  /// The store of a node that is stopped; the caller closes it.
  public Storage openStore(int number) {
    return TestNode.storage(dataDirectory(number).resolve("store"));
  }

  /// Has the first `count` nodes found the cluster.
  public void bootstrap(int count) {
    BootstrapRequest request = bootstrapRequest(count);
    for (int i = 0; i < count; i++) {
      node(i).admin().bootstrap(request);
    }
  }

  public BootstrapRequest bootstrapRequest(int count) {
    return new BootstrapRequest(
        "cluster-1",
        members.stream()
            .limit(count)
            .map(member -> {
              Node node = requireNonNull(member.node);
              return new BootstrapRequest.Member(
                  node.id().toString(), member.name, node.peerAddress().toString());
            })
            .toList());
  }

  /// Waits until every running node is ready and knows all the others.
  public void awaitReady() {
    await()
        .atMost(PATIENCE)
        .untilAsserted(() ->
            assertThat(running())
                .allSatisfy(node -> {
                  assertThat(node.ready()).as(node.settings().name()).isTrue();
                  assertThat(running()).allMatch(other -> node.catalog().hasMember(other.id()));
                }));
  }

  /// The node of this number, which runs.
  public Node node(int number) {
    return requireNonNull(members.get(number).node, "the node does not run");
  }

  public String id(int number) {
    return node(number).id().toString();
  }

  /// All nodes that run.
  public List<Node> running() {
    return members.stream().map(member -> member.node).filter(Objects::nonNull).toList();
  }

  /// The number of the node with this id.
  public int number(String id) {
    for (int i = 0; i < members.size(); i++) {
      Node node = members.get(i).node;
      if (node != null && node.id().toString().equals(id)) {
        return i;
      }
    }
    throw new IllegalArgumentException("no such node runs: " + id);
  }

  public FaultyNetwork network() {
    return network;
  }

  /// Stops a node as an orderly shutdown does.
  public void stop(int number) {
    node(number).close();
    members.get(number).node = null;
  }

  /// Stops a node as if its machine had failed: nobody hears of it.
  public void kill(int number) {
    Node node = node(number);
    network.isolate(node.id());
    node.abort();
    members.get(number).node = null;
    network.heal();
  }

  /// Deletes all data of a node that does not run.
  public void wipe(int number) {
    try (Stream<Path> files = Files.walk(dataDirectory(number))) {
      files.sorted(Comparator.reverseOrder()).forEach(TestCluster::delete);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void delete(Path path) {
    try {
      Files.delete(path);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  public Deadline deadline() {
    return Deadline.after(PATIENCE, clock);
  }

  public Deadline deadline(Duration duration) {
    return Deadline.after(duration, clock);
  }

  /// The administration through any running node.
  public AdminService admin() {
    return running().getFirst().admin();
  }

  public StateView state() {
    return admin().state(deadline());
  }

  /// A Partition as [#state] shows it.
  public PartitionView partition(String name) {
    return state().partitions().stream()
        .filter(partition -> partition.name().equals(name))
        .findFirst()
        .orElseThrow();
  }

  /// Creates a Partition with the nodes as replicas and waits until every running node knows that
  /// it serves.
  public void createPartition(String name, String collection, String bounds, int... nodes) {
    List<String> replicas = new ArrayList<>();
    for (int node : nodes) {
      replicas.add(id(node));
    }
    admin().putPartition(name, new PartitionSpec(collection, json(bounds), replicas), deadline());
    awaitActive(name);
  }

  /// Waits until every running node knows that the Partition serves, and a leader of it is known.
  public void awaitActive(String name) {
    await()
        .atMost(PATIENCE)
        .untilAsserted(() -> {
          for (Node node : running()) {
            assertThat(
                    node.admin().state(deadline()).partitions().stream()
                        .filter(partition -> partition.name().equals(name))
                        .filter(partition -> partition.leaderNodeId() != null)
                        .map(PartitionView::state))
                .containsExactly(PartitionView.State.ACTIVE);
          }
        });
  }

  /// The number of the running node that leads a Partition.
  public int leader(String partition) {
    return await()
        .atMost(PATIENCE)
        .until(
            () ->
                running().stream()
                    .filter(node ->
                        node.replicas().stream()
                            .anyMatch(replica ->
                                replica.leads() && replica.partition().equals(partition)))
                    .map(node -> number(node.id().toString()))
                    .findFirst()
                    .orElse(-1),
            leader -> leader >= 0);
  }

  /// The number of the running node that leads the system partition.
  public int systemLeader() {
    return await()
        .atMost(PATIENCE)
        .ignoreExceptions()
        .until(() -> number(requireNonNull(state().leaderNodeId())), leader -> leader >= 0);
  }

  /// Has an operation run to its end and returns it.
  public OperationView run(String id, OperationSpec spec) {
    admin().putOperation(id, spec, deadline());
    return awaitOperation(id);
  }

  /// Waits until an operation is finished.
  public OperationView awaitOperation(String id) {
    return await()
        .atMost(PATIENCE)
        .until(
            () ->
                state().operations().stream()
                    .filter(operation -> operation.id().equals(id))
                    .findFirst()
                    .orElseThrow(),
            operation -> operation.state() != OperationView.State.RUNNING);
  }

  /// Merges the parts of a Partition; one that is given up, because the machine is slow or a node
  /// was killed, is asked for again.
  public void merge(String split) {
    for (int attempt = 0; attempt < 20; attempt++) {
      String id = "merge-" + split + "-" + clock.monotonicNanos();
      if (run(id, OperationSpec.mergePartitions(split)).state() == OperationView.State.DONE) {
        return;
      }
      awaitReady();
    }
    throw new AssertionError("the parts are never merged: " + split);
  }

  /// Writes a document through a node.
  public Response put(int through, String collection, long key, String document) {
    return put(through, collection, key, document, deadline());
  }

  /// Writes a document through a node, before a deadline.
  public Response put(
      int through, String collection, long key, String document, Deadline deadline) {
    PrimaryKey primaryKey = key(key);
    PartitionDescriptor owner = node(through).router().owner(collection, primaryKey);
    Mutation mutation = Mutation.put(primaryKey, JsonBytes.of(document));
    return node(through)
        .router()
        .call(
            owner,
            new Request.Write(owner.id(), owner.epoch(), List.of(mutation), false),
            deadline);
  }

  /// Reads a document through a node, linearizably.
  public Response get(int through, String collection, long key) {
    return get(through, collection, key, deadline());
  }

  /// Reads a document through a node, linearizably, before a deadline.
  public Response get(int through, String collection, long key, Deadline deadline) {
    PartitionDescriptor owner = node(through).router().owner(collection, key(key));
    return node(through)
        .router()
        .call(owner, new Request.Read(owner.id(), owner.epoch(), key(key), null), deadline);
  }

  /// The text of a document, null if there is none.
  public @Nullable String text(int through, String collection, long key) {
    Response response = get(through, collection, key);
    assertThat(response).isInstanceOf(Response.Row.class);
    JsonBytes document = ((Response.Row) response).document();
    return document == null ? null : document.toString();
  }

  public static PrimaryKey key(long key) {
    return new PrimaryKey(List.of(Datum.of(key)));
  }

  public static JsonNode json(String text) {
    try {
      return MAPPER.readTree(text);
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException(text, e);
    }
  }

  @Override
  public void close() {
    network.heal();
    running().forEach(Node::close);
    members.forEach(member -> member.node = null);
  }
}
