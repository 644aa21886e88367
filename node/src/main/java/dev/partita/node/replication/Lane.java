package dev.partita.node.replication;

import dev.partita.node.raft.GroupId;
import dev.partita.node.raft.Message;
import dev.partita.node.raft.NodeId;
import dev.partita.node.replication.log.LogRecord;
import dev.partita.node.replication.log.SharedLog;
import dev.partita.node.transport.Transport;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// The turn of a host: owns the cores of its groups, feeds them everything that has happened, and
/// carries out what they ask for. Without a thread, a clock or a socket of its own; whoever drives
/// it calls [#turn] when [#awaitEvents] returns, always from one thread at a time.
///
/// A turn ends with one frame for each node and one append to the log for all groups together.
/// Frames leave before the append, so that followers write beside this node; what must wait for the
/// disk leaves in the turn that learns of the durable write.
///
/// [#post] may be called from any thread; everything else belongs to the driver.
final class Lane {
  /// Something that has happened.
  @FunctionalInterface
  interface Event {
    void run(long nowNanos);
  }

  /// Part of a write that becomes durable.
  @FunctionalInterface
  interface Durable {
    void run(long nowNanos);
  }

  private static final int FRAME_BYTES_MAX = 4 << 20;

  /// Frames that wait for a turn.
  private static final long FRAMES_BYTES_MAX = 64 << 20;

  private static final long UNKNOWN_GROUP_NANOS = TimeUnit.SECONDS.toNanos(1);
  private static final int UNKNOWN_GROUPS_MAX = 10_000;

  private final HostContext host;
  private final long tickNanos;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition posted = lock.newCondition();
  private ArrayList<Event> events = new ArrayList<>();

  private final AtomicLong frameBytes = new AtomicLong();

  private final Map<GroupId, Replica> replicas = new HashMap<>();
  private final Set<Replica> touched = new LinkedHashSet<>();
  private final Map<NodeId, ArrayList<HostFrame.GroupMessage>> outboxes = new HashMap<>();
  private final Map<GroupId, Long> unknownGroups = new HashMap<>();
  private final EarlyMessages early = new EarlyMessages();
  private final Peers peers;
  private ArrayList<LogRecord> records = new ArrayList<>();
  private ArrayList<Durable> durables = new ArrayList<>();
  private long nextTickNanos;
  private boolean stopped;

  Lane(HostContext host) {
    this.host = host;
    this.tickNanos = host.settings().raft().tick().toNanos();
    this.nextTickNanos = host.now() + tickNanos;
    this.peers = new Peers(this, host);
  }

  // From any thread

  /// Queues an event for the next turn.
  void post(Event event) {
    lock.lock();
    try {
      events.add(event);
      if (events.size() == 1) {
        posted.signal();
      }
    } finally {
      lock.unlock();
    }
  }

  /// Queues a frame for the next turn; drops it when too much waits already, which Raft bears.
  void offerFrame(
      NodeId from, HostFrame frame, List<HostFrame.GroupMessage> messages, int sizeBytes) {
    if (frameBytes.addAndGet(sizeBytes) > FRAMES_BYTES_MAX) {
      frameBytes.addAndGet(-sizeBytes);
      return;
    }
    post(now -> {
      frameBytes.addAndGet(-sizeBytes);
      received(from, frame, messages, now);
    });
  }

  /// Whether a node has been heard of lately.
  boolean alive(NodeId node) {
    return peers.alive(node);
  }

  // The driver

  /// Waits until there is an event or a tick is due.
  void awaitEvents() throws InterruptedException {
    lock.lock();
    try {
      long left = nextTickNanos - host.now();
      while (events.isEmpty() && left > 0) {
        left = posted.awaitNanos(left);
      }
    } finally {
      lock.unlock();
    }
  }

  /// Handles all events there are, and a tick if it is due.
  void turn() {
    List<Event> batch = takeEvents();
    long now = host.now();
    for (Event event : batch) {
      event.run(now);
    }
    if (now - nextTickNanos >= 0) {
      // Ticks that were missed are not made up for: a process that slept must not wake up to an
      // election.
      nextTickNanos = now + tickNanos;
      tick(now);
    }
    for (Replica replica : touched) {
      replica.finishTurn(now);
    }
    touched.clear();
    sendOutboxes();
    appendRecords();
  }

  private List<Event> takeEvents() {
    lock.lock();
    try {
      List<Event> batch = events;
      events = new ArrayList<>();
      return batch;
    } finally {
      lock.unlock();
    }
  }

  private void tick(long now) {
    if (stopped) {
      return;
    }
    peers.tick(now);
    for (Replica replica : replicas.values()) {
      replica.tick(now);
    }
  }

  private void sendOutboxes() {
    outboxes.forEach((node, messages) -> {
      if (!messages.isEmpty()) {
        send(node, messages);
        messages.clear();
      }
    });
  }

  private void send(NodeId node, List<HostFrame.GroupMessage> messages) {
    int from = 0;
    long bytes = 0;
    for (int i = 0; i < messages.size(); i++) {
      int size = messages.get(i).sizeBytes();
      if (bytes + size > FRAME_BYTES_MAX && i > from) {
        sendFrame(node, messages.subList(from, i));
        from = i;
        bytes = 0;
      }
      bytes += size;
    }
    sendFrame(node, messages.subList(from, messages.size()));
  }

  void sendFrame(NodeId node, List<HostFrame.GroupMessage> messages) {
    peers.sent(node);
    host.transport().send(node, HostFrame.encode(host.incarnation(), messages));
  }

  private void appendRecords() {
    if (records.isEmpty()) {
      return;
    }
    List<LogRecord> written = records;
    List<Durable> waiting = durables;
    records = new ArrayList<>();
    durables = new ArrayList<>();
    host.log()
        .append(
            written,
            failure -> {
              if (failure != null) {
                host.logFailed(failure);
              } else {
                post(now -> waiting.forEach(durable -> durable.run(now)));
              }
            });
  }

  // For replicas, inside a turn

  void touch(Replica replica) {
    touched.add(replica);
  }

  /// Adds a record to the append of this turn.
  void write(LogRecord record) {
    records.add(record);
  }

  /// Has something done when the append of this turn is durable.
  void whenDurable(Durable durable) {
    durables.add(durable);
  }

  void send(NodeId to, HostFrame.GroupMessage message) {
    outboxes.computeIfAbsent(to, _ -> new ArrayList<>()).add(message);
  }

  Peers peers() {
    return peers;
  }

  Collection<Replica> replicas() {
    return replicas.values();
  }

  // Events

  /// A frame has come in, of which `messages` are for groups of this lane.
  private void received(
      NodeId from, HostFrame frame, List<HostFrame.GroupMessage> messages, long now) {
    if (stopped) {
      return;
    }
    peers.heard(from, frame.incarnation(), now);
    for (HostFrame.GroupMessage each : messages) {
      Message message = each.message();
      if (!message.from().equals(from)
          || !message.to().equals(host.self())
          || message instanceof Message.InstallSnapshot) {
        // Snapshots come with their files, by another way.
        continue;
      }
      Replica replica = replicas.get(each.group());
      if (replica != null) {
        replica.step(message, now);
      } else {
        early.keep(each, now);
        unknownGroup(each.group(), from, now);
      }
    }
  }

  private void unknownGroup(GroupId group, NodeId from, long now) {
    Long last = unknownGroups.get(group);
    if (last != null && now - last < UNKNOWN_GROUP_NANOS) {
      return;
    }
    if (unknownGroups.size() >= UNKNOWN_GROUPS_MAX) {
      unknownGroups.clear();
    }
    unknownGroups.put(group, now);
    host.listener().unknownGroup(group, from);
  }

  void add(Replica replica, long now) {
    unknownGroups.remove(replica.id());
    replicas.put(replica.id(), replica);
    peers.membersChanged();
    early.take(replica.id(), now).forEach(message -> replica.step(message, now));
    touch(replica);
  }

  void remove(Replica replica) {
    replicas.remove(replica.id(), replica);
    peers.membersChanged();
  }

  /// Ends all replicas: the log has failed, or the host closes.
  ///
  /// @return completes when all state machines are closed
  CompletableFuture<Void> stop(@Nullable Throwable failure) {
    var ended = new ArrayList<CompletableFuture<Void>>();
    stopped = true;
    for (Replica replica : List.copyOf(replicas.values())) {
      ended.add(replica.stop(failure));
    }
    records.clear();
    durables.clear();
    return CompletableFuture.allOf(ended.toArray(CompletableFuture[]::new));
  }

  boolean stopped() {
    return stopped;
  }

  /// What all lanes of a host share.
  record HostContext(
      HostSettings settings,
      NodeId self,
      long incarnation,
      SharedLog log,
      Transport transport,
      HostRuntime runtime,
      HostListener listener,
      SnapshotSender snapshots,
      LongAdder installedSnapshots,
      Consumer<Throwable> logFailure) {
    long now() {
      return runtime.monotonicNanos().getAsLong();
    }

    void logFailed(Throwable failure) {
      logFailure.accept(failure);
    }
  }
}
