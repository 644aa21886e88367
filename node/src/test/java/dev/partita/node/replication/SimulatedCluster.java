package dev.partita.node.replication;

import static org.assertj.core.api.Assertions.assertThat;

import dev.partita.node.raft.Configuration;
import dev.partita.node.raft.ConfigurationChange;
import dev.partita.node.raft.GroupId;
import dev.partita.node.raft.NodeId;
import dev.partita.node.raft.SnapshotMark;
import dev.partita.node.replication.log.LogSettings;
import dev.partita.node.replication.log.SharedLog;
import dev.partita.node.replication.log.SimulatedFiles;
import dev.partita.node.transport.CallFailure;
import dev.partita.node.transport.CallHandler;
import dev.partita.node.transport.MessageHandler;
import dev.partita.node.transport.PeerAddress;
import dev.partita.node.transport.PeerListener;
import dev.partita.node.transport.Transport;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.PriorityQueue;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/// Whole hosts, with logs and state machines, driven by one thread from one seed: time, delays of
/// messages, of the disk and of the threads, losses, cuts and crashes are all decided by it.
final class SimulatedCluster {
  private static final long MILLI = 1_000_000;
  private static final HostSettings SETTINGS =
      new HostSettings(
          HostSettings.DEFAULT.raft(),
          new LogSettings(32 << 10, 8 << 10, 16 << 10, 8 << 10, 1 << 20, 160 << 10),
          1,
          1,
          new SnapshotSettings(512, 8 << 20, 2, 2, Duration.ofSeconds(2)),
          1 << 10,
          512,
          1 << 20,
          8 << 10);

  private record Task(long time, long number, Runnable action) {}

  /// A one-way direction of the network.
  private record Link(NodeId from, NodeId to) {}

  /// What a group has promised to its clients.
  private static final class History {
    final Set<Long> acknowledged = new HashSet<>();
    List<Long> agreed = List.of();
  }

  private final long seed;
  private final boolean inherits;
  private final Configuration founders;
  private final SplittableRandom random;
  private final Path directory;
  private final PriorityQueue<Task> tasks =
      new PriorityQueue<>((a, b) ->
          a.time() == b.time()
              ? Long.compare(a.number(), b.number())
              : Long.compare(a.time(), b.time()));
  private final Set<Link> cuts = new HashSet<>();
  private final Map<GroupId, History> histories = new TreeMap<>();
  private final TreeMap<NodeId, Node> nodes = new TreeMap<>();
  private long now = 1_000 * MILLI;
  private long nextTask;
  private long nextCommand = 1;
  private int lossPercent;
  int installs;
  int crashes;

  /// A cluster whose groups elect their first leaders.
  SimulatedCluster(long seed, Path directory, int nodeCount, int groupCount) {
    this(seed, directory, nodeCount, groupCount, false);
  }

  /// @param inherits whether each group begins with data that another one has handed over, and with
  ///   a leader that was named for it
  SimulatedCluster(long seed, Path directory, int nodeCount, int groupCount, boolean inherits) {
    this.seed = seed;
    this.inherits = inherits;
    this.random = new SplittableRandom(seed);
    this.directory = directory;
    var members = new HashSet<NodeId>();
    for (long id = 1; id <= nodeCount; id++) {
      members.add(new NodeId(id));
    }
    for (long id = 0; id < groupCount; id++) {
      histories.put(new GroupId(id), new History());
    }
    this.founders = Configuration.of(members, Set.of());
    for (NodeId member : members) {
      var node = new Node(member);
      nodes.put(member, node);
      node.start(founders);
    }
  }

  // Time

  private void at(long delayNanos, Runnable action) {
    tasks.add(new Task(now + delayNanos, nextTask++, action));
  }

  void run(Duration duration) {
    long end = now + duration.toNanos();
    while (!tasks.isEmpty() && tasks.element().time() <= end) {
      Task task = tasks.remove();
      now = task.time();
      task.action().run();
    }
    now = end;
  }

  private long millis(int from, int to) {
    return random.nextLong(from * MILLI, to * MILLI);
  }

  // Nodes

  /// One machine, over its crashes.
  private final class Node {
    final NodeId id;
    final SimulatedFiles files;
    final Map<GroupId, ListMachine.Disk> disks = new HashMap<>();
    final Map<GroupId, ListMachine> machines = new HashMap<>();
    final Set<GroupId> changing = new HashSet<>();
    final Set<GroupId> removed = new HashSet<>();
    int life;
    boolean up;
    int slowDisk = 1;
    @Nullable HostCore core;
    @Nullable SimulatedTransport transport;

    Node(NodeId id) {
      this.id = id;
      this.files = new SimulatedFiles(seed * 31 + id.value());
    }

    /// Runs something unless the node has crashed in between.
    void at(long delayNanos, Runnable action) {
      int scheduledIn = life;
      SimulatedCluster.this.at(
          delayNanos,
          () -> {
            if (up && life == scheduledIn) {
              action.run();
            }
          });
    }

    void start(@Nullable Configuration bootstrap) {
      up = true;
      life++;
      transport = new SimulatedTransport(this);
      Executor threads = task -> at(random.nextLong(MILLI), task);
      var runtime =
          new HostRuntime(
              () -> now,
              threads,
              threads,
              (delay, task) -> at(delay.toNanos(), task),
              random.split());
      try {
        SharedLog log = SharedLog.open(SETTINGS.log(), files);
        core =
            new HostCore(
                SETTINGS,
                directory.resolve(id.toString()),
                transport,
                log,
                runtime,
                new Listener(this));
        pumpLane(core.lanes().getFirst());
        pumpLog(log);
        changing.clear();
        machines.clear();
        for (GroupId group : histories.keySet()) {
          if (inherits && !removed.contains(group)) {
            // Whoever has handed the data over does it again, if it is not known here yet.
            disks.computeIfAbsent(
                group, _ -> ListMachine.Disk.inherited(founders, firstLeader(group)));
            open(group, null);
          } else if (bootstrap != null || core.knownGroups().contains(group)) {
            open(group, bootstrap);
          } else {
            // Removed, but the crash came before the data was deleted.
            disks.remove(group);
          }
        }
      } catch (IOException e) {
        throw new AssertionError("seed " + seed, e);
      }
    }

    void open(GroupId group, @Nullable Configuration bootstrap) {
      if (core == null || core.replica(group) != null || !changing.add(group)) {
        return;
      }
      var machine =
          new ListMachine(
              disks.computeIfAbsent(group, _ -> new ListMachine.Disk()), random.nextInt(1, 200));
      var _ =
          core.open(group, machine, bootstrap)
              .thenRun(() -> {
                changing.remove(group);
                ListMachine former = machines.put(group, machine);
                installs += former == null ? 0 : former.installs();
              });
    }

    private void pumpLane(Lane lane) {
      lane.turn();
      at(random.nextLong(MILLI / 10, 2 * MILLI), () -> pumpLane(lane));
    }

    private void pumpLog(SharedLog log) {
      log.writeQueued();
      at(slowDisk * random.nextLong(MILLI / 10, 2 * MILLI), () -> pumpLog(log));
    }

    void crash() {
      if (!up) {
        return;
      }
      up = false;
      crashes++;
      core = null;
      if (random.nextInt(4) == 0) {
        files.failNextSync();
      }
      files.crash();
      nodes.values().stream()
          .filter(other -> other.up && other.transport != null)
          .forEach(other -> other.connectionLost(id));
    }

    void connectionLost(NodeId peer) {
      SimulatedTransport mine = transport;
      if (mine != null) {
        at(millis(1, 5), () -> mine.listeners.forEach(listener -> listener.lost(peer)));
        at(millis(5, 20), () -> mine.listeners.forEach(listener -> listener.unreachable(peer)));
      }
    }

    void remove(GroupId group) {
      if (up && core != null && core.replica(group) != null && changing.add(group)) {
        removed.add(group);
        var _ =
            core.remove(group)
                .thenRun(() -> {
                  changing.remove(group);
                  disks.put(group, new ListMachine.Disk());
                  machines.remove(group);
                });
      }
    }
  }

  private NodeId firstLeader(GroupId group) {
    return new NodeId(1 + group.value() % founders.voters().size());
  }

  private static final class Listener implements HostListener {
    private final Node node;

    Listener(Node node) {
      this.node = node;
    }

    @Override
    public void unknownGroup(GroupId group, NodeId from) {
      // Not from within a turn.
      node.at(1, () -> node.open(group, null));
    }

    @Override
    public void replicaFailed(GroupId group, Throwable cause) {
      throw new AssertionError("A replica failed", cause);
    }

    @Override
    public void failed(Throwable cause) {
      throw new AssertionError("A host failed", cause);
    }
  }

  // The network

  private boolean delivers(NodeId from, NodeId to) {
    return !cuts.contains(new Link(from, to)) && random.nextInt(100) >= lossPercent;
  }

  private final class SimulatedTransport implements Transport {
    private final Node node;
    private final Map<String, CallHandler> handlers = new HashMap<>();
    private final List<PeerListener> listeners = new ArrayList<>();
    private MessageHandler messages = (_, _) -> {};

    SimulatedTransport(Node node) {
      this.node = node;
    }

    @Override
    public NodeId self() {
      return node.id;
    }

    @Override
    public void send(NodeId to, byte[] message) {
      int copies = random.nextInt(50) == 0 ? 2 : 1;
      for (int i = 0; i < copies; i++) {
        if (delivers(node.id, to)) {
          deliver(to, target -> target.messages.receive(node.id, message));
        }
      }
    }

    private void deliver(NodeId to, java.util.function.Consumer<SimulatedTransport> delivery) {
      Node target = nodes.get(to);
      if (target != null && target.up) {
        target.at(
            random.nextInt(20) == 0 ? millis(1, 100) : millis(0, 3),
            () -> {
              if (target.transport != null) {
                delivery.accept(target.transport);
              }
            });
      }
    }

    @Override
    public CompletableFuture<byte[]> call(
        NodeId to, String service, byte[] request, Duration timeout) {
      var result = new CompletableFuture<byte[]>();
      node.at(
          timeout.toNanos(),
          () ->
              result.completeExceptionally(
                  new CallFailure(CallFailure.Kind.UNKNOWN, "No response in time")));
      if (delivers(node.id, to)) {
        deliver(to, target -> answer(target, service, request, result));
      }
      return result;
    }

    private void answer(
        SimulatedTransport target,
        String service,
        byte[] request,
        CompletableFuture<byte[]> result) {
      CallHandler handler = target.handlers.get(service);
      if (handler == null) {
        return;
      }
      var _ =
          handler
              .handle(node.id, request)
              .whenComplete((response, failure) -> {
                if (!delivers(target.node.id, node.id)) {
                  return;
                }
                node.at(
                    millis(0, 3),
                    () -> {
                      if (failure == null) {
                        result.complete(response);
                      } else {
                        result.completeExceptionally(failure);
                      }
                    });
              });
    }

    @Override
    public CompletableFuture<byte[]> call(
        PeerAddress address, String service, byte[] request, Duration timeout) {
      throw new UnsupportedOperationException();
    }

    @Override
    public void register(String service, CallHandler handler) {
      handlers.put(service, handler);
    }

    @Override
    public void onMessage(MessageHandler handler) {
      messages = handler;
    }

    @Override
    public void addPeerListener(PeerListener listener) {
      listeners.add(listener);
    }

    @Override
    public void close() {}
  }

  // Faults

  private Node anyNode() {
    return List.copyOf(nodes.values()).get(random.nextInt(nodes.size()));
  }

  /// Something goes wrong, or right again.
  void fault() {
    Node node = anyNode();
    switch (random.nextInt(9)) {
      case 0, 1 -> node.crash();
      case 2, 3, 4 -> restart(node);
      case 5 -> cuts.add(new Link(node.id, anyNode().id));
      case 6 -> {
        cuts.clear();
        lossPercent = random.nextInt(3) == 0 ? random.nextInt(20) : 0;
      }
      case 7 -> node.slowDisk = List.of(1, 30, 500).get(random.nextInt(3));
      default -> isolate(node);
    }
  }

  private void restart(Node node) {
    if (!node.up) {
      node.start(null);
    }
  }

  private void isolate(Node node) {
    for (NodeId other : nodes.keySet()) {
      cuts.add(new Link(node.id, other));
      cuts.add(new Link(other, node.id));
    }
  }

  /// Removes a random member of a random group, or takes one back that is no member.
  void changeMembers() {
    GroupId group = new GroupId(random.nextInt(histories.size()));
    Node leader = leaderOf(group);
    if (leader == null || leader.core == null) {
      return;
    }
    Replica replica = leader.core.replica(group);
    Configuration current =
        replica == null ? Configuration.EMPTY : replica.status().configuration();
    Node node = anyNode();
    if (replica == null || node == leader || current.joint() || current.voters().size() < 2) {
      return;
    }
    ConfigurationChange change;
    if (!current.contains(node.id)) {
      change = ConfigurationChange.addLearner(current, node.id);
    } else if (current.isVoter(node.id)) {
      change = ConfigurationChange.remove(current, node.id);
    } else if (!current.isVoter(node.id) && caughtUp(replica, Set.of(node.id))) {
      change = ConfigurationChange.promote(current, node.id);
    } else {
      return;
    }
    var _ =
        replica
            .changeConfiguration(change)
            .thenAccept(changed -> {
              if (!changed.contains(node.id)) {
                SimulatedCluster.this.at(millis(1, 50), () -> node.remove(group));
              }
            });
  }

  /// Whether these members have the log, so that the group can live with them.
  private static boolean caughtUp(Replica leader, Set<NodeId> wanted) {
    GroupStatus status = leader.status();
    long enough = status.commitIndex() - 20;
    return status.peers().stream()
        .filter(peer -> wanted.contains(peer.node()))
        .allMatch(peer -> peer.matchIndex() >= enough && peer.active());
  }

  private @Nullable Node leaderOf(GroupId group) {
    Node newest = null;
    long term = 0;
    for (Node node : nodes.values()) {
      Replica replica = node.up && node.core != null ? node.core.replica(group) : null;
      if (replica != null && replica.status().leads() && replica.status().term() > term) {
        newest = node;
        term = replica.status().term();
      }
    }
    return newest;
  }

  // Clients

  /// Proposes a command at any node that believes to lead, and reads behind a barrier.
  void clientStep() {
    GroupId group = new GroupId(random.nextInt(histories.size()));
    for (Node node : nodes.values()) {
      Replica replica = node.up && node.core != null ? node.core.replica(group) : null;
      if (replica != null && replica.status().leads()) {
        propose(group, replica);
        if (random.nextInt(4) == 0) {
          read(group, node, replica);
        }
      }
    }
  }

  private void propose(GroupId group, Replica replica) {
    long number = nextCommand++;
    var _ =
        replica
            .propose(ListMachine.command(number, random.nextInt(8, 128)))
            .thenRun(() -> history(group).acknowledged.add(number));
  }

  /// How long it takes until a group has committed something, in milliseconds, from now on.
  long millisUntilCommitted(GroupId group) {
    long begun = now;
    long nothing = SnapshotMark.inherited(founders).index();
    while (true) {
      Node leader = leaderOf(group);
      Replica replica = leader == null || leader.core == null ? null : leader.core.replica(group);
      if (replica != null && replica.status().commitIndex() > nothing) {
        return (now - begun) / MILLI;
      }
      run(Duration.ofMillis(1));
    }
  }

  /// The term of a group's leader, 0 if it has none.
  long term(GroupId group) {
    Node leader = leaderOf(group);
    Replica replica = leader == null || leader.core == null ? null : leader.core.replica(group);
    return replica == null ? 0 : replica.status().term();
  }

  /// How much later than its leader the last member of a group has a command, median over some, in
  /// milliseconds; while nothing else is proposed.
  long medianLag(GroupId group, int commands) {
    List<Long> lags = new ArrayList<>();
    for (int count = 0; count < commands; count++) {
      Node node = Objects.requireNonNull(leaderOf(group), "a leader");
      long number = nextCommand;
      propose(group, Objects.requireNonNull(Objects.requireNonNull(node.core).replica(group)));
      while (!history(group).acknowledged.contains(number)) {
        run(Duration.ofMillis(1));
      }
      long begun = now;
      while (!nodes.values().stream()
          .map(each -> Objects.requireNonNull(each.machines.get(group), "a member"))
          .allMatch(machine -> machine.commands().contains(number))) {
        run(Duration.ofMillis(1));
      }
      lags.add((now - begun) / MILLI);
    }
    return lags.stream().sorted().toList().get(lags.size() / 2);
  }

  private void read(GroupId group, Node node, Replica replica) {
    List<Long> before = List.copyOf(history(group).acknowledged);
    ListMachine machine = node.machines.get(group);
    var _ =
        replica
            .readBarrier()
            .thenRun(() -> {
              if (machine != null && !machine.commands().containsAll(before)) {
                throw new AssertionError("seed " + seed + ": a read missed what was acknowledged");
              }
            })
            .exceptionally(failure -> {
              if (failure.getCause() instanceof AssertionError error) {
                staleRead = error;
              }
              return null;
            });
  }

  private @Nullable AssertionError staleRead;

  private History history(GroupId group) {
    History history = histories.get(group);
    if (history == null) {
      throw new IllegalStateException("No such group");
    }
    return history;
  }

  int acknowledged() {
    return histories.values().stream().mapToInt(history -> history.acknowledged.size()).sum();
  }

  // Checks

  /// All replicas have applied prefixes of the same sequence, and no read was stale.
  void checkSafety() {
    if (staleRead != null) {
      throw staleRead;
    }
    histories.forEach((group, history) -> {
      for (Node node : nodes.values()) {
        ListMachine machine = node.machines.get(group);
        if (node.up && machine != null) {
          List<Long> applied = machine.commands();
          int common = Math.min(applied.size(), history.agreed.size());
          for (int i = 0; i < common; i++) {
            assertThat(applied.get(i))
                .as("seed %d, node %s, group %s, command %d", seed, node.id, group, i)
                .isEqualTo(history.agreed.get(i));
          }
          if (applied.size() > history.agreed.size()) {
            history.agreed = applied;
          }
        }
      }
    });
  }

  /// Ends all faults, brings all nodes back into all groups, and checks that they come to agree on
  /// everything acknowledged.
  void checkRecovery() {
    cuts.clear();
    lossPercent = 0;
    for (Node node : nodes.values()) {
      node.slowDisk = 1;
      restart(node);
    }
    for (int i = 0; i < 600 && !recovered(); i++) {
      run(Duration.ofMillis(100));
      if (i % 5 == 0) {
        rejoin();
      }
      if (i % 10 == 0) {
        clientStep();
      }
    }
    if (!recovered()) {
      throw new AssertionError("seed " + seed + " does not recover:\n" + describe());
    }
    checkSafety();
    histories.forEach((group, history) -> {
      for (Node node : nodes.values()) {
        ListMachine machine = node.machines.get(group);
        assertThat(machine).as("seed %d, node %s, group %s", seed, node.id, group).isNotNull();
        assertThat(machine == null ? List.of() : machine.commands())
            .as("seed %d, node %s, group %s", seed, node.id, group)
            .isEqualTo(history.agreed)
            .doesNotHaveDuplicates()
            .containsAll(history.acknowledged);
      }
    });
    for (Node node : nodes.values()) {
      node.machines.values().forEach(machine -> installs += machine.installs());
    }
  }

  private String describe() {
    var text = new StringBuilder();
    for (Node node : nodes.values()) {
      for (GroupId group : histories.keySet()) {
        Replica replica = node.core == null ? null : node.core.replica(group);
        ListMachine machine = node.machines.get(group);
        text.append(node.id).append(" up=").append(node.up).append(' ').append(group);
        text.append(" commands=").append(machine == null ? -1 : machine.commands().size());
        text.append(' ').append(replica == null ? "no replica" : replica.status()).append('\n');
      }
    }
    return text.toString();
  }

  private boolean recovered() {
    checkSafety();
    return histories.entrySet().stream()
        .allMatch(entry -> {
          Node leader = leaderOf(entry.getKey());
          Replica replica =
              leader == null || leader.core == null ? null : leader.core.replica(entry.getKey());
          return replica != null
              && replica.status().configuration().voters().equals(nodes.keySet())
              && !replica.status().configuration().joint()
              && nodes.values().stream()
                  .allMatch(node -> {
                    ListMachine machine = node.machines.get(entry.getKey());
                    return machine != null
                        && machine.commands().size() == entry.getValue().agreed.size()
                        && machine.commands().containsAll(entry.getValue().acknowledged);
                  });
        });
  }

  private void rejoin() {
    for (GroupId group : histories.keySet()) {
      Node leader = leaderOf(group);
      Replica replica = leader == null || leader.core == null ? null : leader.core.replica(group);
      if (replica == null) {
        continue;
      }
      Configuration current = replica.status().configuration();
      for (NodeId node : nodes.keySet()) {
        if (!current.joint()
            && !current.isVoter(node)
            && (!current.contains(node) || caughtUp(replica, Set.of(node)))) {
          var _ =
              replica.changeConfiguration(
                  current.contains(node)
                      ? ConfigurationChange.promote(current, node)
                      : ConfigurationChange.addLearner(current, node));
          break;
        }
      }
    }
  }
}
