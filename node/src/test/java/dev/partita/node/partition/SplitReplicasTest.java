package dev.partita.node.partition;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
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
import dev.partita.node.storage.Direction;
import dev.partita.node.storage.rocksdb.RocksDbStorage;
import dev.partita.node.time.Deadline;
import dev.partita.node.time.Timestamp;
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
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Splits of three replicas with real storage, log and consensus over a network in memory; and what
/// these tests make of splits that are done wrong.
final class SplitReplicasTest {

  private static final Duration PATIENCE = Duration.ofSeconds(90);
  private static final Configuration THREE =
      Configuration.of(Set.of(new NodeId(1), new NodeId(2), new NodeId(3)), Set.of());
  private static final PartitionDescriptor WHOLE =
      new PartitionDescriptor(
          new PartitionId(5),
          "whole",
          1,
          TestDocument.COLLECTION,
          new Bounds.Range(Datum.of(0), Datum.of(100)),
          Epoch.FIRST,
          THREE);
  private static final PartitionId LOW = new PartitionId(6);
  private static final PartitionId HIGH = new PartitionId(7);
  private static final long AT = 50;

  /// Logs are cut as soon as they can be.
  private static final HostSettings SETTINGS =
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

  @TempDir private Path directory;
  private final CountingOracle oracle = new CountingOracle();
  private final InMemoryNetwork network = new InMemoryNetwork();
  private final Map<NodeId, Member> members = new ConcurrentHashMap<>();
  private final InMemoryTransport client = network.transport(new NodeId(99));
  private SplitRules rules = SplitRules.SAFE;

  private final class Member {
    final NodeId node;
    final InMemoryTransport transport;
    final RocksDbStorage storage;
    final ReplicationHost host;
    final LocalPartitions partitions;

    Member(NodeId node, @Nullable Configuration bootstrap) {
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
              OperationListener.NONE,
              rules);
      partitions.serve(transport);
      partitions.openIfAbsent(WHOLE, bootstrap);
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

  private void start() {
    THREE.voters().forEach(node -> new Member(node, THREE));
    leader(WHOLE.id());
  }

  @AfterEach
  void stop() {
    List.copyOf(members.values()).forEach(Member::stop);
    client.close();
    network.close();
  }

  private Member leader(PartitionId id) {
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

  private static boolean isServing(Member member, PartitionId id) {
    PartitionReplica replica = member.partitions.replica(id);
    return replica != null && replica.report().serving() && replica.state().descriptor() != null;
  }

  private void split() {
    var children = new LinkedHashMap<PartitionId, String>();
    children.put(LOW, "low");
    children.put(HIGH, "high");
    await()
        .atMost(PATIENCE)
        .until(() -> {
          PartitionReplica replica =
              requireNonNull(leader(WHOLE.id()).partitions.replica(WHOLE.id()));
          PartitionDescriptor now = requireNonNull(replica.state().descriptor());
          replica.wantSplit(now.epoch(), Datum.of(AT), children);
          return replica.isSplit();
        });
  }

  /// Asks one node after the other until one answers, and goes on to the children of a split.
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

  private static PrimaryKey key(Request request) {
    return request instanceof Request.Read read
        ? read.key()
        : ((Request.Write) request).mutations().getFirst().key();
  }

  private void put(long key, long value) {
    var mutation = Mutation.put(PrimaryKey.of(key), JsonBytes.of("{\"size\":" + value + "}"));
    Response response = call(new Request.Write(WHOLE.id(), Epoch.FIRST, List.of(mutation), false));
    assertThat(response).isInstanceOf(Response.Writes.class);
  }

  private void load(long value) {
    for (long key = 0; key < 100; key += 5) {
      put(key, value);
    }
  }

  private long read(long key) {
    Response response = call(new Request.Read(WHOLE.id(), Epoch.FIRST, PrimaryKey.of(key), null));
    assertThat(response).as("key " + key).isInstanceOf(Response.Row.class);
    JsonBytes document = ((Response.Row) response).document();
    if (document == null) {
      return -1;
    }
    String json = document.toString();
    return Long.parseLong(json.substring(json.indexOf(':') + 1, json.length() - 1));
  }

  private void assertAll(long value) {
    for (long key = 0; key < 100; key += 5) {
      assertThat(read(key)).as("key " + key).isEqualTo(value);
    }
  }

  private void awaitEqualReplicas(PartitionId id) {
    Member leader = leader(id);
    await()
        .atMost(PATIENCE)
        .untilAsserted(() -> {
          PartitionState expected = requireNonNull(leader.partitions.replica(id)).state();
          assertThat(expected.recount()).isNull();
          for (Member member : members.values()) {
            PartitionReplica replica = member.partitions.replica(id);
            assertThat(replica).as("replica of %s on %s", id, member.node).isNotNull();
            assertThat(requireNonNull(replica).state()).isEqualTo(expected);
          }
        });
  }

  /// What each of the planted bugs is tried with.
  private void splitWriteAndClean() {
    start();
    load(1);
    split();
    load(2);
    assertAll(2);
    // The Partition that has no rows any more goes, as the cluster has it go.
    await()
        .atMost(PATIENCE)
        .until(() ->
            members.values().stream()
                .allMatch(member -> {
                  PartitionReplica whole = member.partitions.replica(WHOLE.id());
                  return whole != null && whole.report().splitDurably();
                }));
    members.values().forEach(member -> member.partitions.remove(WHOLE.id()).join());
    for (long key = 0; key < 100; key += 5) {
      PartitionId child = key < AT ? LOW : HIGH;
      Response response = call(new Request.Read(child, Epoch.FIRST, PrimaryKey.of(key), null));
      assertThat(response).isInstanceOf(Response.Row.class);
      assertThat(String.valueOf(((Response.Row) response).document()))
          .as("key " + key)
          .isEqualTo("{\"size\":2}");
    }
  }

  @Test
  void theChildrenServeAndTheRestIsRemoved() {
    splitWriteAndClean();
    awaitEqualReplicas(LOW);
    awaitEqualReplicas(HIGH);
    assertThat(requireNonNull(leader(LOW).partitions.replica(LOW)).state().rows()).isEqualTo(10);
  }

  @Test
  void childrenThatBeginEmptyAreNoticed() {
    rules =
        new SplitRules() {
          @Override
          boolean inherits() {
            return false;
          }
        };
    assertThatThrownBy(
            () -> {
              start();
              load(1);
              split();
              assertAll(1);
            })
        .isInstanceOf(AssertionError.class);
  }

  @Test
  void rowsThatAreClearedWithTheParentAreNoticed() {
    rules =
        new SplitRules() {
          @Override
          boolean sparesRows() {
            return false;
          }
        };
    assertThatThrownBy(this::splitWriteAndClean).isInstanceOf(AssertionError.class);
  }

  /// The parent goes on to answer from bounds that are not its own any more.
  @Test
  void answersFromStaleBoundsAreNoticed() {
    rules =
        new SplitRules() {
          @Override
          boolean refuses() {
            return false;
          }
        };
    assertThatThrownBy(this::writeToWhoeverAnswers).isInstanceOf(AssertionError.class);
  }

  @Test
  void writesOfThoseWhoDoNotKnowOfTheSplitAreMadeByTheChildren() {
    writeToWhoeverAnswers();
  }

  private void writeToWhoeverAnswers() {
    start();
    load(1);
    split();
    awaitEqualReplicas(LOW);
    put(11, 4);
    Member leader = leader(LOW);
    PartitionState state = requireNonNull(leader.partitions.replica(LOW)).state();
    var scan =
        new Request.Scan(LOW, Epoch.FIRST, null, null, Direction.FORWARD, null, 100, Timestamp.MAX);
    // A row that came past the child's log is not among those that it has counted.
    assertThat(
            new PageReader(
                    leader.storage,
                    requireNonNull(state.descriptor()),
                    state.indexes(),
                    Timestamp.MAX)
                .rows(scan)
                .rows())
        .hasSize(11);
    assertThat(state.rows()).isEqualTo(11);
  }

  @Test
  void aMemberThatWasAwayForLongGetsChildrenAsSnapshots() {
    start();
    load(1);
    NodeId away = await().until(() -> followerOf(WHOLE.id()), Objects::nonNull);
    requireNonNull(members.get(away)).stop();
    awaitCut(WHOLE.id(), 2);
    split();
    awaitCut(WHOLE.id(), 3);
    awaitCut(LOW, 4);
    awaitCut(HIGH, 5);
    load(99);
    var back = new Member(away, null);
    awaitSplitOn(back);
    openChildren(back);
    awaitEqualReplicas(LOW);
    awaitEqualReplicas(HIGH);
    assertAll(99);
  }

  /// Writes until the log of a group is cut behind what anybody has who has been away, so that it
  /// needs a snapshot.
  private void awaitCut(PartitionId id, long value) {
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

  private @Nullable NodeId followerOf(PartitionId id) {
    NodeId leader = leader(id).node;
    return THREE.voters().stream().filter(node -> !node.equals(leader)).findFirst().orElse(null);
  }

  private static void awaitSplitOn(Member member) {
    await()
        .atMost(PATIENCE)
        .until(() -> requireNonNull(member.partitions.replica(WHOLE.id())).isSplit());
  }

  /// As the keeper of replicas does where the children did not come with the split.
  private static void openChildren(Member member) {
    SplitState split =
        requireNonNull(requireNonNull(member.partitions.replica(WHOLE.id())).state().split());
    split.children().forEach(child -> member.partitions.openIfAbsent(child, null));
  }

  @Test
  void aLeaderThatIsLostRightAfterTheSplitLeavesTheChildrenToOthers() {
    start();
    load(1);
    split();
    Member lost = leader(WHOLE.id());
    NodeId node = lost.node;
    members.keySet().stream()
        .filter(other -> !other.equals(node))
        .forEach(other -> network.cut(node, other));
    requireNonNull(members.remove(node));
    load(2);
    assertAll(2);
    network.heal();
    members.put(node, lost);
    awaitEqualReplicas(LOW);
    awaitEqualReplicas(HIGH);
    assertAll(2);
  }

  @Test
  void everyMemberRestarts() {
    start();
    load(1);
    split();
    load(2);
    for (NodeId node : THREE.voters()) {
      requireNonNull(members.get(node)).stop();
      new Member(node, THREE);
    }
    for (PartitionId child : List.of(LOW, HIGH)) {
      leader(child);
      awaitEqualReplicas(child);
    }
    assertAll(2);
  }
}
