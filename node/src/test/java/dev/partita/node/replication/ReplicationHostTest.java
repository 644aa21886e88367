package dev.partita.node.replication;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.partita.node.raft.ChangeResult;
import dev.partita.node.raft.Configuration;
import dev.partita.node.raft.ConfigurationChange;
import dev.partita.node.raft.GroupId;
import dev.partita.node.raft.NodeId;
import dev.partita.node.raft.SnapshotMark;
import dev.partita.node.replication.log.LogSettings;
import dev.partita.node.transport.NameLookup;
import dev.partita.node.transport.NettyTransport;
import dev.partita.node.transport.PeerAddress;
import dev.partita.node.transport.TransportSettings;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.ToLongFunction;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Three hosts with real threads, a real log and real sockets.
final class ReplicationHostTest {
  private static final GroupId GROUP = new GroupId(7);
  private static final Duration PATIENCE = Duration.ofSeconds(30);
  private static final HostSettings SETTINGS =
      new HostSettings(
          HostSettings.DEFAULT.raft(),
          new LogSettings(1 << 20, 256 << 10, 512 << 10, 64 << 10, 8 << 20, 4 << 20),
          1,
          2,
          SnapshotSettings.DEFAULT,
          64 << 10,
          4096,
          8 << 20,
          64 << 10);

  @TempDir Path directory;
  private final Map<NodeId, PeerAddress> addresses = new ConcurrentHashMap<>();
  private final Map<NodeId, Member> members = new HashMap<>();
  private final AtomicLong nextCommand = new AtomicLong(1);

  /// One node, over its restarts.
  private final class Member {
    final NodeId node;
    final ListMachine.Disk disk = new ListMachine.Disk();
    ListMachine machine = new ListMachine(disk, 64);
    @Nullable NettyTransport transport;
    @Nullable ReplicationHost host;
    @Nullable ReplicationGroup group;
    boolean installFails;
    private final AtomicLong looks = new AtomicLong();
    private volatile @Nullable Thread slow;

    Member(long id) {
      this.node = new NodeId(id);
    }

    /// The clock of this node. What the slow thread reads there is old when it has it: the lane has
    /// turned several times since.
    private long now() {
      long now = System.nanoTime();
      long look = looks.incrementAndGet();
      if (Thread.currentThread().equals(slow)) {
        await().atMost(PATIENCE).until(() -> looks.get() > look + 20);
      }
      return now;
    }

    void start(@Nullable Configuration bootstrap) {
      try {
        transport =
            new NettyTransport(
                TransportSettings.DEFAULT,
                node,
                () -> "test",
                new PeerAddress("127.0.0.1", 0),
                addresses::get,
                NameLookup.system());
        addresses.put(node, new PeerAddress("127.0.0.1", transport.port()));
        host =
            new ReplicationHost(
                SETTINGS,
                directory.resolve(node.toString()),
                node,
                transport,
                this::now,
                new QuietListener());
        machine = new ListMachine(disk, 64);
        machine.installFails = installFails;
        group = host.open(GROUP, machine, bootstrap);
      } catch (IOException e) {
        throw new AssertionError(e);
      }
    }

    /// Cuts the node off without a word, as a killed process is.
    void cutOff() {
      if (transport != null) {
        transport.close();
      }
    }

    void stop() {
      if (host != null) {
        host.close();
        host = null;
      }
      cutOff();
    }

    ReplicationGroup group() {
      if (group == null) {
        throw new AssertionError("not started");
      }
      return group;
    }

    ReplicationHost host() {
      if (host == null) {
        throw new AssertionError("not started");
      }
      return host;
    }

    boolean leads() {
      return host != null && group != null && group.status().leads();
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
  void startThree() {
    for (long id = 1; id <= 3; id++) {
      members.put(new NodeId(id), new Member(id));
    }
    members.values().forEach(member -> member.start(configuration(1, 2, 3)));
  }

  @AfterEach
  void stopAll() {
    members.values().forEach(Member::cutOff);
    members.values().forEach(Member::stop);
  }

  private static Configuration configuration(long... ids) {
    return Configuration.of(nodes(ids), Set.of());
  }

  private static Set<NodeId> nodes(long... ids) {
    var nodes = new java.util.HashSet<NodeId>();
    for (long id : ids) {
      nodes.add(new NodeId(id));
    }
    return nodes;
  }

  private Member leader() {
    return await()
        .atMost(PATIENCE)
        .until(
            () -> members.values().stream().filter(Member::leads).findFirst().orElse(null),
            java.util.Objects::nonNull);
  }

  /// It has published that it has no lease after the thread has looked at the clock.
  @Test
  void aFollowerLetsNobodyReadHoweverLongItTakesToReadTheClock() {
    write(3);
    Member leader = leader();
    Member follower =
        members.values().stream().filter(member -> member != leader).findFirst().orElseThrow();
    follower.slow = Thread.currentThread();
    CompletableFuture<Long> read = follower.group().readBarrier();
    follower.slow = null;
    assertThat(read)
        .failsWithin(PATIENCE)
        .withThrowableOfType(ExecutionException.class)
        .withCauseInstanceOf(ReplicationRefusal.NotLeader.class);
  }

  /// Proposes until it works; the numbers that were acknowledged come back.
  private List<Long> write(int count) {
    var acknowledged = new ArrayList<Long>();
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (acknowledged.size() < count) {
      assertThat(System.nanoTime()).as("time for writing").isLessThan(deadline);
      var batch = new HashMap<Long, CompletableFuture<Proposed>>();
      ReplicationGroup group = leader().group();
      for (int i = acknowledged.size(); i < count; i++) {
        long number = nextCommand.getAndIncrement();
        batch.put(number, group.propose(ListMachine.command(number)));
      }
      batch.forEach((number, result) -> {
        try {
          result.get(10, TimeUnit.SECONDS);
          acknowledged.add(number);
        } catch (ExecutionException e) {
          assertThat(e).hasCauseInstanceOf(ReplicationRefusal.class);
        } catch (InterruptedException | java.util.concurrent.TimeoutException e) {
          throw new AssertionError(e);
        }
      });
    }
    return acknowledged;
  }

  private void awaitSameCommands(List<Long> acknowledged, Member... of) {
    Member first = of[0];
    await()
        .atMost(PATIENCE)
        .untilAsserted(() -> {
          assertThat(first.machine.commands()).containsAll(acknowledged);
          for (Member other : of) {
            assertThat(other.machine.commands()).isEqualTo(first.machine.commands());
          }
        });
    assertThat(first.machine.commands()).doesNotHaveDuplicates();
  }

  private Member[] all() {
    return members.values().toArray(Member[]::new);
  }

  private long total(ToLongFunction<ReplicationHost> figure) {
    return Stream.of(all()).mapToLong(member -> figure.applyAsLong(member.host())).sum();
  }

  private Member[] allBut(Member absent) {
    return members.values().stream().filter(member -> member != absent).toArray(Member[]::new);
  }

  @Test
  void commandsAreAppliedInTheSameOrderEverywhere() {
    awaitSameCommands(write(500), all());
  }

  @Test
  void aNewLeaderTakesOverWithEverythingAcknowledged() {
    List<Long> acknowledged = new ArrayList<>(write(100));
    Member old = leader();
    old.cutOff();
    members.remove(old.node);
    acknowledged.addAll(write(100));
    awaitSameCommands(acknowledged, all());
    old.stop();
  }

  @Test
  void everythingAcknowledgedIsThereAfterARestartOfAll() {
    List<Long> acknowledged = new ArrayList<>(write(300));
    members.values().forEach(Member::stop);
    members.values().forEach(member -> member.start(null));
    acknowledged.addAll(write(50));
    awaitSameCommands(acknowledged, all());
  }

  /// A disk has lost the end of the log that it had promised to hold.
  @Test
  void dataThatIsAheadOfItsLogIsRefused() {
    write(10);
    Member victim = allBut(leader())[0];
    victim.stop();
    SnapshotMark last = victim.machine.mark();
    long ahead = last.index() + 1000;
    victim.disk.store(
        new SnapshotMark(ahead, last.term(), last.configuration()), victim.machine.commands());
    assertThatThrownBy(() -> victim.start(null))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("group " + GROUP)
        .hasMessageContaining("entry " + ahead)
        .hasMessageContaining("empty volume");
  }

  /// The core learns of what was applied when the applier pauses; until then the machine knows
  /// more.
  @Test
  void nothingIsCutThatTheCoreDoesNotKnowToBeApplied() {
    write(300);
    Member leader = leader();
    ListMachine machine = leader.machine;
    var first = new ListMachine.Gate(nextCommand.getAndIncrement(), new CompletableFuture<>());
    var last = new ListMachine.Gate(nextCommand.getAndIncrement(), new CompletableFuture<>());
    machine.gate = first;
    propose(leader, first.command(), Long.BYTES);
    // Larger than the tail that is kept.
    long large = nextCommand.getAndIncrement();
    propose(leader, large, (64 << 10) - 1);
    propose(leader, last.command(), Long.BYTES);
    machine.gate = last;
    first.open().complete(null);
    await().atMost(PATIENCE).until(() -> machine.commands().contains(large));
    machine.flushSoon();
    long looks = machine.durableLooks();
    await()
        .atMost(PATIENCE)
        .until(() -> leader.host().failure() != null || machine.durableLooks() >= looks + 2);
    assertThat(leader.host().failure()).isNull();
    last.open().complete(null);
    write(1);
    await().atMost(PATIENCE).until(() -> leader.group().status().firstIndex() > 300);
  }

  @Test
  void aCommitBarrierWaitsForWhatAFollowerHasAppliedBefore() {
    write(10);
    Member leader = leader();
    var gate = new ListMachine.Gate(nextCommand.getAndIncrement(), new CompletableFuture<>());
    leader.machine.gate = gate;
    propose(leader, gate.command(), Long.BYTES);
    Member follower = allBut(leader)[0];
    await().atMost(PATIENCE).until(() -> follower.machine.commands().contains(gate.command()));

    CompletableFuture<Boolean> seen =
        leader
            .group()
            .commitBarrier()
            .thenApply(_ -> leader.machine.commands().contains(gate.command()));
    gate.open().complete(null);
    assertThat(seen).succeedsWithin(PATIENCE).isEqualTo(true);
  }

  /// Returns when it is committed, applied or not.
  private static void propose(Member leader, long number, int size) {
    long before = leader.group().status().commitIndex();
    var _ = leader.group().propose(ListMachine.command(number, size));
    await().atMost(PATIENCE).until(() -> leader.group().status().commitIndex() > before);
  }

  @Test
  void aFollowerThatMissedTooMuchGetsASnapshot() {
    List<Long> acknowledged = new ArrayList<>(write(100));
    Member slow = allBut(leader())[0];
    acknowledged.addAll(writeTooMuchFor(slow));
    Member leader = leader();
    slow.start(null);
    awaitSameCommands(acknowledged, all());
    assertThat(slow.machine.installs()).isPositive();
    await()
        .atMost(PATIENCE)
        .untilAsserted(() -> {
          assertThat(slow.host().snapshotsInstalled()).isEqualTo(slow.machine.installs());
          assertThat(total(ReplicationHost::snapshotsDelivered)).isPositive();
        });
    assertThat(total(ReplicationHost::snapshotBytesSent)).isGreaterThan(8_000 * Long.BYTES);
    assertThat(leader.host().snapshotsInstalled()).isZero();
  }

  /// Writes with a member stopped until the log no longer reaches back to what it has.
  private List<Long> writeTooMuchFor(Member slow) {
    slow.stop();
    var acknowledged = new ArrayList<Long>();
    for (int i = 0; i < 8; i++) {
      acknowledged.addAll(write(1000));
    }
    Member leader = leader();
    await()
        .atMost(PATIENCE)
        .until(() -> leader.group().status().firstIndex() > slow.group().status().lastIndex() + 1);
    return acknowledged;
  }

  @Test
  void anInstallationThatFailsGivesItsPlaceFree() {
    write(100);
    Member slow = allBut(leader())[0];
    writeTooMuchFor(slow);
    slow.installFails = true;
    slow.start(null);
    await()
        .atMost(PATIENCE)
        .untilAsserted(() -> assertThat(slow.group().status().failure()).isNotNull());
    Path incoming = directory.resolve(slow.node.toString()).resolve("snapshots");
    await().atMost(PATIENCE).untilAsserted(() -> assertThat(incoming).isEmptyDirectory());
  }

  @Test
  void aReadBarrierShowsEverythingAcknowledgedBefore() throws Exception {
    List<Long> acknowledged = write(200);
    Member leader = leader();
    leader.group().readBarrier().get(10, TimeUnit.SECONDS);
    assertThat(leader.machine.commands()).containsAll(acknowledged);
  }

  @Test
  void aFollowerRefusesAndNamesTheLeader() {
    write(1);
    Member leader = leader();
    Member follower = allBut(leader)[0];
    await()
        .atMost(PATIENCE)
        .untilAsserted(() ->
            assertThat(follower.group().propose(ListMachine.command(0)))
                .failsWithin(Duration.ofSeconds(5))
                .withThrowableOfType(ExecutionException.class)
                .havingCause()
                .isInstanceOfSatisfying(
                    ReplicationRefusal.NotLeader.class,
                    refusal -> assertThat(refusal.leader()).isEqualTo(leader.node)));
  }

  @Test
  void leadershipIsHandedOverOnClose() {
    List<Long> acknowledged = write(50);
    Member old = leader();
    old.stop();
    members.remove(old.node);
    awaitSameCommands(acknowledged, all());
    assertThat(write(10)).hasSize(10);
  }

  @Test
  void aNewMemberGetsEverythingAndARemovedOneCanGo() throws Exception {
    List<Long> acknowledged = new ArrayList<>(write(300));
    Member leader = leader();
    var fourth = new Member(4);
    members.put(fourth.node, fourth);
    fourth.start(null);
    change(ConfigurationChange.addLearner(configuration(1, 2, 3), fourth.node));
    awaitSameCommands(acknowledged, all());
    Member leaving = allBut(leader)[0] == fourth ? allBut(leader)[1] : allBut(leader)[0];
    Set<NodeId> target = new java.util.HashSet<>(members.keySet());
    target.remove(leaving.node);
    change(new ConfigurationChange(target, Set.of()));
    await()
        .atMost(PATIENCE)
        .until(() -> leader().group().status().configuration().voters().equals(target));
    leaving.host().remove(GROUP).get(10, TimeUnit.SECONDS);
    assertThat(leaving.machine.closed()).isTrue();
    assertThat(leaving.host().knownGroups()).isEmpty();
    members.remove(leaving.node);
    acknowledged.addAll(write(100));
    awaitSameCommands(acknowledged, all());
    leaving.stop();
  }

  /// Has whoever leads change the members, as often as it takes: a leader may go, and not know yet
  /// that a learner has caught up.
  private void change(ConfigurationChange change) {
    await()
        .atMost(PATIENCE)
        .until(() -> {
          try {
            leader().group().changeConfiguration(change).get(10, TimeUnit.SECONDS);
            return true;
          } catch (TimeoutException e) {
            return false;
          } catch (ExecutionException e) {
            assertThat(e.getCause()).isInstanceOf(ReplicationRefusal.class);
            return e.getCause() instanceof ReplicationRefusal.ChangeRefused refused
                && refused.reason() == ChangeResult.Reason.NO_CHANGE;
          }
        });
  }

  @Test
  void aBrokenStateMachineStopsItsReplicaAndNoOther() {
    write(10);
    Member follower = allBut(leader())[0];
    follower.machine.broken = true;
    write(10);
    await()
        .atMost(PATIENCE)
        .untilAsserted(() -> assertThat(follower.group().status().failure()).isNotNull());
    assertThat(write(10)).hasSize(10);
    assertThat(follower.host().failure()).isNull();
  }
}
