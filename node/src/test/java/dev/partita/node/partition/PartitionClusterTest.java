package dev.partita.node.partition;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.partita.node.index.IndexDefinition;
import dev.partita.node.index.JsonBytes;
import dev.partita.node.key.PrimaryKey;
import dev.partita.node.raft.Configuration;
import dev.partita.node.raft.ConfigurationChange;
import dev.partita.node.raft.GroupId;
import dev.partita.node.raft.NodeId;
import dev.partita.node.replication.HostListener;
import dev.partita.node.replication.HostSettings;
import dev.partita.node.replication.ReplicationHost;
import dev.partita.node.storage.Direction;
import dev.partita.node.storage.rocksdb.RocksDbStorage;
import dev.partita.node.time.Deadline;
import dev.partita.node.time.Timestamp;
import dev.partita.node.transport.InMemoryNetwork;
import dev.partita.node.transport.InMemoryTransport;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Three replicas with real storage, log and consensus over a network in memory.
final class PartitionClusterTest {

  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final Configuration THREE =
      Configuration.of(Set.of(new NodeId(1), new NodeId(2), new NodeId(3)), Set.of());
  private static final PartitionDescriptor THINGS =
      new PartitionDescriptor(
          new PartitionId(5),
          "things-1",
          1,
          TestDocument.COLLECTION,
          Bounds.Range.ALL,
          Epoch.FIRST,
          THREE);

  @TempDir private Path directory;
  private final CountingOracle oracle = new CountingOracle();
  private final InMemoryNetwork network = new InMemoryNetwork();
  private final Map<NodeId, Member> members = new ConcurrentHashMap<>();
  private final InMemoryTransport client = network.transport(new NodeId(99));

  private final class Member {
    final NodeId node;
    final InMemoryTransport transport;
    final RocksDbStorage storage;
    final ReplicationHost host;
    final LocalPartitions partitions;
    final PartitionReplica replica;

    Member(long id, @Nullable Configuration bootstrap) throws IOException {
      node = new NodeId(id);
      transport = network.transport(node);
      storage = TestNode.storage(directory.resolve("store-" + id));
      host =
          new ReplicationHost(
              HostSettings.DEFAULT,
              directory.resolve("log-" + id),
              node,
              transport,
              System::nanoTime,
              new QuietListener());
      partitions =
          new LocalPartitions(
              GroupHost.of(host),
              storage,
              oracle,
              TestNode.CLOCK,
              PartitionSettings.DEFAULT.withBackfillRows(10),
              OperationListener.NONE,
              Extent.Watch.NOTHING);
      partitions.serve(transport);
      replica = partitions.open(THINGS, bootstrap);
      members.put(node, this);
    }

    void stop() {
      members.remove(node);
      partitions.close();
      host.close();
      transport.close();
      storage.close();
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

  @BeforeEach
  void start() throws IOException {
    for (long id = 1; id <= 3; id++) {
      new Member(id, THREE);
    }
    leader();
  }

  @AfterEach
  void stop() {
    List.copyOf(members.values()).forEach(Member::stop);
    client.close();
    network.close();
  }

  private Member leader() {
    return await()
        .atMost(PATIENCE)
        .until(
            () ->
                members.values().stream()
                    .filter(member -> member.replica.report().serving())
                    .filter(member -> member.replica.state().descriptor() != null)
                    .findFirst()
                    .orElse(null),
            Objects::nonNull);
  }

  /// Asks one node after the other until one answers, as a router does.
  private Response call(Request request) {
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
        }
        if (!(response instanceof Response.Refusal refusal) || !refusal.retryable()) {
          return response;
        }
      }
      Thread.onSpinWait();
    }
    return response;
  }

  private static Request.Write put(long key, long value) {
    var mutation = Mutation.put(PrimaryKey.of(key), JsonBytes.of("{\"size\":" + value + "}"));
    return new Request.Write(THINGS.id(), Epoch.FIRST, List.of(mutation), false);
  }

  private long read(long key) {
    Response response = call(new Request.Read(THINGS.id(), Epoch.FIRST, PrimaryKey.of(key), null));
    JsonBytes document = ((Response.Row) response).document();
    if (document == null) {
      return -1;
    }
    String json = document.toString();
    return Long.parseLong(json.substring(json.indexOf(':') + 1, json.length() - 1));
  }

  private List<String> rows(Member member, Timestamp at) {
    var scan =
        new Request.Scan(THINGS.id(), Epoch.FIRST, null, null, Direction.FORWARD, null, 1_000, at);
    return new PageReader(member.storage, THINGS, List.of(), at)
        .rows(scan).rows().stream().map(Response.Stored::toString).toList();
  }

  private void awaitEqualReplicas() {
    Member leader = leader();
    await()
        .atMost(PATIENCE)
        .untilAsserted(() -> {
          PartitionState expected = leader.replica.state();
          for (Member member : members.values()) {
            assertThat(member.replica.state()).isEqualTo(expected);
            assertThat(rows(member, Timestamp.MAX)).isEqualTo(rows(leader, Timestamp.MAX));
          }
        });
  }

  /// Each writer counts up in a row of its own and reads it back after every answer.
  @Test
  void acknowledgedWritesSurviveTheLossOfALeader() throws Exception {
    var stop = new AtomicBoolean();
    var acknowledged = new AtomicLong();
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<?>> writers = new ArrayList<>();
      for (long writer = 0; writer < 4; writer++) {
        long key = writer;
        writers.add(threads.submit(() -> count(key, stop, acknowledged)));
      }
      try {
        for (int loss = 0; loss < 2; loss++) {
          awaitProgress(acknowledged);
          Member lost = leader();
          // Clients still reach it, and it may believe for a while that it leads.
          members.keySet().stream()
              .filter(node -> !node.equals(lost.node))
              .forEach(node -> network.cut(lost.node, node));
          awaitProgress(acknowledged);
          network.heal();
        }
        awaitProgress(acknowledged);
        leader().stop();
        awaitProgress(acknowledged);
      } finally {
        stop.set(true);
        for (Future<?> writer : writers) {
          writer.get();
        }
      }
    }
    awaitEqualReplicas();
  }

  private static void awaitProgress(AtomicLong acknowledged) {
    long before = acknowledged.get();
    await().atMost(PATIENCE).until(() -> acknowledged.get() > before + 20);
  }

  private void count(long key, AtomicBoolean stop, AtomicLong acknowledged) {
    long known = -1;
    for (long value = 0; !stop.get(); value++) {
      Response response = call(put(key, value));
      if (response instanceof Response.Writes) {
        known = value;
        acknowledged.incrementAndGet();
        assertThat(read(key)).isEqualTo(value);
      } else {
        assertThat(response).isInstanceOf(Response.OutcomeUnknown.class);
        long found = read(key);
        assertThat(found).isIn(known, value);
        known = found;
      }
    }
  }

  @Test
  void aNewMemberGetsEverythingAndTheEpochRises() throws Exception {
    IndexDefinition index = TestDocument.INDEXES.get(3);
    for (long key = 0; key < 50; key++) {
      call(put(key, key));
    }
    members.values().forEach(member -> member.replica.wantIndexes(1, List.of(index)));
    await()
        .atMost(PATIENCE)
        .until(() -> leader().replica.report().indexes().stream().anyMatch(IndexReport::ready));
    Timestamp before = oracle.take();
    call(put(7, 1_000));
    Member joined = new Member(4, null);
    leader()
        .replica
        .group()
        .changeConfiguration(ConfigurationChange.addLearner(THREE, joined.node))
        .get();
    awaitEqualReplicas();
    assertThat(rows(joined, before)).isEqualTo(rows(leader(), before)).hasSize(50);
    PartitionDescriptor descriptor = requireNonNull(joined.replica.state().descriptor());
    assertThat(descriptor.epoch()).isGreaterThan(Epoch.FIRST);
    assertThat(descriptor.members().learners()).containsExactly(joined.node);
    assertThat(requireNonNull(joined.replica.state().index(index.id())).entries()).isEqualTo(50);
  }
}
