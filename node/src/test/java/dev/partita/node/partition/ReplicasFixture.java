package dev.partita.node.partition;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.partita.node.index.JsonBytes;
import dev.partita.node.key.Datum;
import dev.partita.node.key.PrimaryKey;
import dev.partita.node.raft.Configuration;
import dev.partita.node.raft.GroupId;
import dev.partita.node.raft.NodeId;
import dev.partita.node.replication.HostListener;
import dev.partita.node.replication.HostSettings;
import dev.partita.node.replication.ReplicationHost;
import dev.partita.node.storage.rocksdb.RocksDbStorage;
import dev.partita.node.time.Deadline;
import dev.partita.node.transport.InMemoryNetwork;
import dev.partita.node.transport.InMemoryTransport;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SequencedMap;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.io.TempDir;

/// Three replicas of a Partition and of what it becomes, with real storage, log and consensus over
/// a network in memory.
abstract class ReplicasFixture {

  static final Duration PATIENCE = Duration.ofSeconds(90);
  static final Configuration THREE =
      Configuration.of(Set.of(new NodeId(1), new NodeId(2), new NodeId(3)), Set.of());
  static final PartitionDescriptor WHOLE =
      new PartitionDescriptor(
          new PartitionId(5),
          "whole",
          1,
          TestDocument.COLLECTION,
          new Bounds.Range(Datum.of(0), Datum.of(100)),
          Epoch.FIRST,
          THREE);
  static final PartitionId LOW = new PartitionId(6);
  static final PartitionId HIGH = new PartitionId(7);
  static final long AT = 50;

  /// Logs are cut as soon as they can be.
  static final HostSettings SETTINGS =
      new HostSettings(
          HostSettings.DEFAULT.raft(),
          HostSettings.DEFAULT.log(),
          HostSettings.DEFAULT.lanes(),
          HostSettings.DEFAULT.applyThreads(),
          HostSettings.DEFAULT.snapshots(),
          HostSettings.DEFAULT.commandBytesMax(),
          HostSettings.DEFAULT.queuedProposalsMax(),
          HostSettings.DEFAULT.queuedBytesMax(),
          1);

  @TempDir Path directory;
  final CountingOracle oracle = new CountingOracle();
  final InMemoryNetwork network = new InMemoryNetwork();
  final Map<NodeId, Member> members = new ConcurrentHashMap<>();
  final InMemoryTransport client = network.transport(new NodeId(99));
  final Map<OperationListener.Division, List<Long>> pauses = new ConcurrentHashMap<>();
  SplitRules rules = SplitRules.SAFE;

  final class Member {
    final NodeId node;
    final InMemoryTransport transport;
    final RocksDbStorage storage;
    final ReplicationHost host;
    final LocalPartitions partitions;

    Member(NodeId node, @Nullable Configuration bootstrap) {
      this(node);
      partitions.openIfAbsent(WHOLE, bootstrap);
    }

    /// Begins with no replica open.
    Member(NodeId node) {
      this.node = node;
      transport = network.transport(node);
      storage = TestNode.storage(directory.resolve("store-" + node));
      try {
        host =
            new ReplicationHost(
                SETTINGS,
                directory.resolve("log-" + node),
                node,
                transport,
                System::nanoTime,
                new QuietListener());
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
      partitions =
          new LocalPartitions(
              GroupHost.of(host),
              storage,
              oracle,
              TestNode.CLOCK,
              PartitionSettings.DEFAULT.withBackfillRows(10),
              new PauseListener(),
              Extent.Watch.NOTHING,
              rules);
      partitions.serve(transport);
      members.put(node, this);
    }

    void stop() {
      members.remove(node);
      partitions.close();
      host.close();
      transport.close();
      storage.close();
    }

    /// Ends with nothing made durable that was not before.
    void crash() {
      members.remove(node);
      storage.abandon();
      partitions.close();
      host.close();
      transport.close();
    }
  }

  private final class PauseListener implements OperationListener {
    @Override
    public void answered(PartitionId partition, Operation operation, long nanos, boolean refused) {}

    @Override
    public void paused(Division division, long nanos) {
      pauses.computeIfAbsent(division, _ -> new CopyOnWriteArrayList<>()).add(nanos);
    }
  }

  private static final class QuietListener implements HostListener {
    @Override
    public void unknownGroup(GroupId group, NodeId from) {}

    @Override
    public void replicaFailed(GroupId group, Throwable cause) {}

    @Override
    public void failed(Throwable cause) {}
  }

  void start() {
    THREE.voters().forEach(node -> new Member(node, THREE));
    leader(WHOLE.id());
  }

  @AfterEach
  void stop() {
    List.copyOf(members.values()).forEach(Member::stop);
    client.close();
    network.close();
  }

  Member leader(PartitionId id) {
    return await()
        .atMost(PATIENCE)
        .until(
            () ->
                members.values().stream()
                    .filter(member -> isServing(member, id))
                    .findFirst()
                    .orElse(null),
            Objects::nonNull);
  }

  static boolean isServing(Member member, PartitionId id) {
    PartitionReplica replica = member.partitions.replica(id);
    return replica != null && replica.report().serving() && replica.state().descriptor() != null;
  }

  static SequencedMap<PartitionId, String> children() {
    var children = new LinkedHashMap<PartitionId, String>();
    children.put(LOW, "low");
    children.put(HIGH, "high");
    return children;
  }

  void split() {
    await()
        .atMost(PATIENCE)
        .until(() -> {
          PartitionReplica replica =
              requireNonNull(leader(WHOLE.id()).partitions.replica(WHOLE.id()));
          PartitionDescriptor now = requireNonNull(replica.state().descriptor());
          replica.wantSplit(now.epoch(), Datum.of(AT), children());
          return replica.isSplit();
        });
  }

  /// Asks one node after the other until one answers, and goes on to the children of a split.
  Response call(Request request) {
    Deadline patience = Deadline.after(PATIENCE, TestNode.CLOCK);
    Request current = request;
    Response response = new Response.NoReplica();
    while (!patience.isExpired(TestNode.CLOCK)) {
      for (Member member : members.values()) {
        response =
            new RemotePartitions(client, member.node, TestNode.CLOCK)
                .handle(current, Deadline.after(Duration.ofSeconds(5), TestNode.CLOCK))
                .join();
        if (response instanceof Response.WrongEpoch(PartitionDescriptor now)) {
          current = current.withEpoch(now.epoch());
        } else if (response instanceof Response.Split(List<PartitionDescriptor> children)) {
          PartitionDescriptor child =
              children.stream()
                  .filter(each -> each.bounds().contains(key(request)))
                  .findFirst()
                  .orElseThrow();
          current = current.of(child.id(), child.epoch());
        } else if (!(response instanceof Response.Refusal refusal) || !refusal.retryable()) {
          return response;
        }
      }
      Thread.onSpinWait();
    }
    return response;
  }

  static PrimaryKey key(Request request) {
    return request instanceof Request.Read read
        ? read.key()
        : ((Request.Write) request).mutations().getFirst().key();
  }

  void put(long key, long value) {
    var mutation = Mutation.put(PrimaryKey.of(key), JsonBytes.of("{\"size\":" + value + "}"));
    Response response = call(new Request.Write(WHOLE.id(), Epoch.FIRST, List.of(mutation), false));
    assertThat(response).isInstanceOf(Response.Writes.class);
  }

  void load(long value) {
    for (long key = 0; key < 100; key += 5) {
      put(key, value);
    }
  }

  long read(long key) {
    Response response = call(new Request.Read(WHOLE.id(), Epoch.FIRST, PrimaryKey.of(key), null));
    assertThat(response).as("key " + key).isInstanceOf(Response.Row.class);
    JsonBytes document = ((Response.Row) response).document();
    if (document == null) {
      return -1;
    }
    String json = document.toString();
    return Long.parseLong(json.substring(json.indexOf(':') + 1, json.length() - 1));
  }

  void assertAll(long value) {
    for (long key = 0; key < 100; key += 5) {
      assertThat(read(key)).as("key " + key).isEqualTo(value);
    }
  }

  void awaitEqualReplicas(PartitionId id) {
    Member leader = leader(id);
    await()
        .atMost(PATIENCE)
        .untilAsserted(() -> {
          PartitionState expected = requireNonNull(leader.partitions.replica(id)).state();
          assertThat(expected.estimated()).isFalse();
          for (Member member : members.values()) {
            PartitionReplica replica = member.partitions.replica(id);
            assertThat(replica).as("replica of %s on %s", id, member.node).isNotNull();
            assertThat(requireNonNull(replica).state()).isEqualTo(expected);
          }
        });
  }

  /// Writes until the log of a group is cut behind what anybody has who has been away, so that it
  /// needs a snapshot.
  void awaitCut(PartitionId id, long value) {
    long before = requireNonNull(leader(id).partitions.replica(id)).group().status().lastIndex();
    await()
        .atMost(PATIENCE)
        .until(() -> {
          PartitionReplica replica = requireNonNull(leader(id).partitions.replica(id));
          if (replica.isSplit()) {
            // Nothing is written there any more but this.
            for (int count = 0; count < 100; count++) {
              replica.tellFollowers();
            }
          } else {
            load(value);
          }
          members.values().forEach(member -> member.storage.flush());
          return replica.group().status().firstIndex() > before;
        });
  }

  @Nullable NodeId followerOf(PartitionId id) {
    NodeId leader = leader(id).node;
    return THREE.voters().stream().filter(node -> !node.equals(leader)).findFirst().orElse(null);
  }
}
