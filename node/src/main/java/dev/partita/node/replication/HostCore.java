package dev.partita.node.replication;

import dev.partita.node.raft.Configuration;
import dev.partita.node.raft.GroupId;
import dev.partita.node.raft.HardState;
import dev.partita.node.raft.NodeId;
import dev.partita.node.raft.SnapshotMark;
import dev.partita.node.replication.log.GroupLog;
import dev.partita.node.replication.log.LogRecord;
import dev.partita.node.replication.log.SharedLog;
import dev.partita.node.transport.PeerListener;
import dev.partita.node.transport.Transport;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/// A host without threads: its lanes, its log, its replicas, and the way from the transport to
/// them. Whoever drives it calls [Lane#turn] of each lane and [SharedLog#writeQueued]: threads in
/// [ReplicationHost], a seeded scheduler in the simulation. Thread-safe.
final class HostCore {
  private final Lane.HostContext context;
  private final List<Lane> lanes = new ArrayList<>();
  private final Map<GroupId, Replica> replicas = new ConcurrentHashMap<>();

  /// Groups being opened or removed, which takes a write of the log.
  private final Set<GroupId> changing = ConcurrentHashMap.newKeySet();

  private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();

  HostCore(
      HostSettings settings,
      Path snapshotDirectory,
      Transport transport,
      SharedLog log,
      HostRuntime runtime,
      HostListener listener) {
    SnapshotFiles.delete(snapshotDirectory);
    long incarnation = runtime.random().nextLong(1, Long.MAX_VALUE);
    var sender =
        new SnapshotSender(
            settings.snapshots(),
            transport,
            runtime,
            snapshotDirectory,
            runtime.random().nextLong());
    this.context =
        new Lane.HostContext(
            settings,
            transport.self(),
            incarnation,
            log,
            transport,
            runtime,
            listener,
            sender,
            new LongAdder(),
            this::fail);
    for (int i = 0; i < settings.lanes(); i++) {
      lanes.add(new Lane(context));
    }
    var receiver =
        new SnapshotReceiver(
            settings.snapshots(), transport.self(), runtime, snapshotDirectory, replicas::get);
    transport.register(SnapshotWire.SERVICE, receiver::handle);
    transport.onMessage(this::receive);
    transport.addPeerListener(new Connections());
  }

  List<Lane> lanes() {
    return lanes;
  }

  SharedLog log() {
    return context.log();
  }

  SnapshotSender snapshots() {
    return context.snapshots();
  }

  long installedSnapshots() {
    return context.installedSnapshots().sum();
  }

  @Nullable Throwable failure() {
    return failure.get();
  }

  Collection<GroupId> knownGroups() {
    return context.log().groups();
  }

  boolean isRemoved(GroupId group) {
    return context.log().isRemoved(group);
  }

  @Nullable Replica replica(GroupId group) {
    return replicas.get(group);
  }

  Collection<Replica> replicas() {
    return replicas.values();
  }

  boolean alive(NodeId node) {
    return lanes.stream().anyMatch(lane -> lane.alive(node));
  }

  private Lane laneOf(GroupId group) {
    return lanes.get((int) (group.value() % lanes.size()));
  }

  private void receive(NodeId from, byte[] bytes) {
    HostFrame frame;
    try {
      frame = HostFrame.decode(bytes);
    } catch (IllegalArgumentException e) {
      // From a version that this one does not know; Raft bears the loss.
      return;
    }
    for (Lane lane : lanes) {
      List<HostFrame.GroupMessage> messages =
          lanes.size() == 1
              ? frame.messages()
              : frame.messages().stream()
                  .filter(message -> laneOf(message.group()) == lane)
                  .toList();
      lane.offerFrame(from, frame, messages, bytes.length);
    }
  }

  /// Starts a replica. The future completes when it runs.
  CompletableFuture<ReplicationGroup> open(
      GroupId group, StateMachine machine, @Nullable Configuration bootstrap) {
    if (failure.get() != null) {
      return CompletableFuture.failedFuture(new ReplicationRefusal.Stopped());
    }
    if (replicas.containsKey(group) || !changing.add(group)) {
      throw new IllegalStateException("The group is open, or being opened or removed: " + group);
    }
    try {
      GroupLog log = context.log().group(group);
      CompletableFuture<ReplicationGroup> opened =
          begin(log, machine, beginning(log, machine, bootstrap));
      return opened.whenComplete((_, _) -> changing.remove(group));
    } catch (IllegalStateException e) {
      changing.remove(group);
      throw e;
    }
  }

  private CompletableFuture<ReplicationGroup> begin(
      GroupLog log, StateMachine machine, List<LogRecord> first) {
    var opened = new CompletableFuture<ReplicationGroup>();
    // Nothing was known of the group, so this node has told nobody anything in its name.
    boolean begun =
        !log.exists()
            && log.hardState().equals(HardState.NONE)
            && log.tombstone().equals(SnapshotMark.NONE);
    if (first.isEmpty()) {
      start(log, machine, false, opened);
    } else {
      context
          .log()
          .append(
              first,
              writeFailure -> {
                if (writeFailure == null) {
                  log.adoptMark();
                  start(log, machine, begun, opened);
                } else {
                  opened.completeExceptionally(new ReplicationRefusal.Stopped());
                  fail(writeFailure);
                }
              });
    }
    return opened;
  }

  /// What has to be written before a replica can start from its log and its state machine's data.
  private static List<LogRecord> beginning(
      GroupLog log, StateMachine machine, @Nullable Configuration bootstrap) {
    GroupId group = log.group();
    SnapshotMark data = machine.mark();
    if (!log.exists()) {
      if (data.index() > 0 && !data.isInherited()) {
        throw notDurable("There is data of group %s, but no log".formatted(group));
      }
      if (data.index() > 0 && log.tombstone().equals(SnapshotMark.NONE)) {
        return List.of(
            new LogRecord.State(group, SnapshotMark.inheritedHardState(machine.firstLeader())),
            new LogRecord.Mark(group, data, true));
      }
      boolean fresh = bootstrap != null && log.tombstone().equals(SnapshotMark.NONE);
      HardState state = fresh ? SnapshotMark.initialHardState() : log.hardState();
      SnapshotMark mark =
          bootstrap != null && fresh ? SnapshotMark.initial(bootstrap) : log.tombstone();
      return List.of(new LogRecord.State(group, state), new LogRecord.Mark(group, mark, true));
    }
    SnapshotMark installing = log.installing();
    if (installing != null && data.equals(installing)) {
      // The crash came between the installation and its record.
      return List.of(new LogRecord.Mark(group, data, true));
    }
    boolean lost = data.index() < log.snapshot().index() && !isBeginning(log.snapshot());
    boolean given = installing != null || log.snapshot().isInherited();
    if (given && lost && data.index() == 0) {
      // The crash came in the middle of an installation, or before inherited data was durable and
      // it was not handed over again; what the replica has acknowledged still counts in elections.
      long last = log.lastIndex();
      SnapshotMark mark = SnapshotMark.tombstone(last, log.term(last));
      return List.of(new LogRecord.Mark(group, mark, true));
    }
    if (lost || data.index() > log.lastIndex()) {
      throw notDurable(
          "The data of group %s is that of entry %d, and its log holds those from %d to %d"
              .formatted(group, data.index(), log.snapshot().index() + 1, log.lastIndex()));
    }
    return installing == null
        ? List.of()
        : List.of(new LogRecord.Installing(group, SnapshotMark.NONE));
  }

  private static IllegalStateException notDurable(String found) {
    return new IllegalStateException(
        found
            + ": what was durable is not on the disk any more. Where other nodes have the replicas"
            + " of this one, it is to begin anew with an empty volume.");
  }

  /// Whether no data belongs to a log that begins here.
  private static boolean isBeginning(SnapshotMark mark) {
    return mark.configuration().voters().isEmpty()
        || mark.equals(SnapshotMark.initial(mark.configuration()));
  }

  private void start(
      GroupLog log,
      StateMachine machine,
      boolean begun,
      CompletableFuture<ReplicationGroup> opened) {
    Lane lane = laneOf(log.group());
    lane.post(now -> {
      if (lane.stopped()) {
        opened.completeExceptionally(new ReplicationRefusal.Stopped());
        return;
      }
      long applied = Math.max(machine.mark().index(), log.snapshot().index());
      var replica = new Replica(lane, context, machine, log, begun, applied);
      if (replicas.putIfAbsent(log.group(), replica) != null) {
        opened.completeExceptionally(new ReplicationRefusal.Stopped());
        return;
      }
      lane.add(replica, now);
      opened.complete(replica);
    });
  }

  CompletableFuture<Void> remove(GroupId group) {
    if (!changing.add(group)) {
      throw new IllegalStateException("The group is being opened or removed: " + group);
    }
    Replica replica = replicas.remove(group);
    CompletableFuture<Void> removed = replica != null ? replica.remove() : removeClosed(group);
    return removed.whenComplete((_, _) -> changing.remove(group));
  }

  private CompletableFuture<Void> removeClosed(GroupId group) {
    GroupLog log = context.log().group(group);
    var removed = new CompletableFuture<Void>();
    if (!log.exists()) {
      removed.complete(null);
      return removed;
    }
    long last = log.lastIndex();
    var record = new LogRecord.Removed(group, log.hardState(), last, log.term(last));
    context
        .log()
        .append(
            List.of(record),
            writeFailure -> {
              if (writeFailure == null) {
                removed.complete(null);
              } else {
                removed.completeExceptionally(new ReplicationRefusal.Stopped());
                fail(writeFailure);
              }
            });
    return removed;
  }

  /// Stops everything for good: what is on the disk is not known any more.
  void fail(Throwable cause) {
    if (giveUp(cause)) {
      context.listener().failed(cause);
    }
  }

  /// Stops everything for good, because it is not to go on.
  ///
  /// @return false if everything was stopped for good before
  boolean giveUp(Throwable cause) {
    boolean first = failure.compareAndSet(null, cause);
    if (first) {
      lanes.forEach(lane ->
          lane.post(_ -> {
            var _ = lane.stop(cause);
          }));
    }
    return first;
  }

  /// Stops all replicas. Completes when their state machines are closed.
  CompletableFuture<Void> stop() {
    var stopped = new ArrayList<CompletableFuture<Void>>();
    for (Lane lane : lanes) {
      var ended = new CompletableFuture<Void>();
      stopped.add(ended);
      lane.post(_ -> {
        var _ = lane.stop(null).thenRun(() -> ended.complete(null));
      });
    }
    return CompletableFuture.allOf(stopped.toArray(CompletableFuture[]::new));
  }

  /// Tells the lanes of connections.
  private final class Connections implements PeerListener {
    @Override
    public void connected(NodeId peer) {}

    @Override
    public void lost(NodeId peer) {
      lanes.forEach(lane -> lane.post(_ -> lane.peers().lost(peer)));
    }

    @Override
    public void unreachable(NodeId peer) {
      lanes.forEach(lane -> lane.post(now -> lane.peers().unreachable(peer, now)));
    }
  }
}
