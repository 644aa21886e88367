package dev.partita.node.replication;

import dev.partita.node.raft.ChangeResult;
import dev.partita.node.raft.Configuration;
import dev.partita.node.raft.ConfigurationChange;
import dev.partita.node.raft.Effects;
import dev.partita.node.raft.Entry;
import dev.partita.node.raft.EntryKind;
import dev.partita.node.raft.GroupId;
import dev.partita.node.raft.HardState;
import dev.partita.node.raft.Message;
import dev.partita.node.raft.NodeId;
import dev.partita.node.raft.PeerState;
import dev.partita.node.raft.Raft;
import dev.partita.node.raft.Role;
import dev.partita.node.raft.SnapshotMark;
import dev.partita.node.replication.log.GroupLog;
import dev.partita.node.replication.log.LogRecord;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// One replica: the core of a group, and what its effects set off. The methods of
/// [ReplicationGroup] post events to the lane; the rest belongs to the lane.
final class Replica implements ReplicationGroup {
  /// How often the log is looked at for something to cut.
  private static final long CUT_NANOS = TimeUnit.SECONDS.toNanos(1);

  /// Fewer entries are not worth a record in the log.
  private static final int CUT_ENTRIES_MIN = 256;

  /// Writes of one turn of this replica that are not durable yet.
  private static final class PendingWrite {
    final long number;
    final List<Message> messages = new ArrayList<>();

    PendingWrite(long number) {
      this.number = number;
    }
  }

  private record PendingChange(long index, CompletableFuture<Configuration> result) {}

  private record PendingTransfer(CompletableFuture<Void> result, long deadlineNanos) {}

  private final GroupId group;
  private final Lane lane;
  private final Lane.HostContext host;
  private final StateMachine machine;
  private final GroupLog log;
  private final Raft raft;
  private final Applier applier;
  private final Proposals proposals;
  private final Reads reads = new Reads();
  private final Succession succession;
  private final List<StatusListener> statusListeners = new CopyOnWriteArrayList<>();
  private final Path snapshotDirectory;

  private Configuration configuration;
  private HardState lastState;

  /// The last state while it is not written: a change of the commit index alone waits for another
  /// write.
  private @Nullable HardState lazyState;

  private @Nullable PendingWrite lastWrite;
  private @Nullable PendingChange change;
  private @Nullable PendingTransfer transfer;
  private @Nullable ArrivedSnapshot arrived;
  private final List<CompletableFuture<OpenedSnapshot>> opening = new ArrayList<>();
  private Role role = Role.FOLLOWER;
  private @Nullable NodeId leader;
  private long term;
  private boolean cutting;
  private long nextCutNanos;
  private boolean statusChanged = true;
  private final CompletableFuture<Void> closed = new CompletableFuture<>();
  private volatile boolean stopped;
  private volatile GroupStatus status;

  /// Reads that begin before this moment need not ask the lane.
  private volatile long appliedReadsUntilNanos;

  /// A snapshot whose files are here, until the core has said whether it wants it.
  private record ArrivedSnapshot(SnapshotMark mark, Path directory, Consumer<Boolean> done) {}

  Replica(
      Lane lane,
      Lane.HostContext host,
      StateMachine machine,
      GroupLog log,
      long appliedIndex,
      Path snapshotDirectory) {
    this.group = log.group();
    this.lane = lane;
    this.host = host;
    this.machine = machine;
    this.log = log;
    this.snapshotDirectory = snapshotDirectory;
    this.proposals = new Proposals(host.settings());
    this.raft =
        new Raft(
            host.self(),
            host.settings().raft(),
            log.hardState(),
            log,
            appliedIndex,
            host.runtime().random(),
            host.now());
    this.lastState = log.hardState();
    this.configuration = raft.configuration();
    this.succession = new Succession(raft, host);
    this.applier =
        new Applier(machine, host.runtime().apply(), new ApplierListener(), appliedIndex);
    this.nextCutNanos = host.now() + CUT_NANOS;
    this.appliedReadsUntilNanos = host.now();
    this.status = describe(null);
  }

  // From any thread

  @Override
  public GroupId id() {
    return group;
  }

  @Override
  public CompletableFuture<Proposed> propose(byte[] command) {
    if (command.length > host.settings().commandBytesMax()) {
      throw new IllegalArgumentException("The command is larger than allowed");
    }
    if (stopped) {
      return CompletableFuture.failedFuture(new ReplicationRefusal.Stopped());
    }
    var proposal = new PendingProposal(command);
    if (host.log().busy() || !proposals.admit(proposal)) {
      return CompletableFuture.failedFuture(new ReplicationRefusal.Overloaded());
    }
    postUnlessStopped(
        proposal.result,
        _ -> {
          proposals.queue(proposal);
          lane.touch(this);
        });
    return proposal.result;
  }

  @Override
  public CompletableFuture<Long> readBarrier() {
    if (host.now() - appliedReadsUntilNanos < 0) {
      return CompletableFuture.completedFuture(applier.appliedIndex());
    }
    var result = new CompletableFuture<Long>();
    postUnlessStopped(
        result,
        now -> {
          reads.ask(raft, result, applier.appliedIndex(), now);
          lane.touch(this);
        });
    return result;
  }

  @Override
  public CompletableFuture<Configuration> changeConfiguration(ConfigurationChange wish) {
    var result = new CompletableFuture<Configuration>();
    postUnlessStopped(
        result,
        _ -> {
          switch (raft.changeConfiguration(wish)) {
            case ChangeResult.Accepted accepted ->
                change = new PendingChange(accepted.index(), result);
            case ChangeResult.NotLeader(NodeId other) ->
                result.completeExceptionally(new ReplicationRefusal.NotLeader(other));
            case ChangeResult.Refused(ChangeResult.Reason reason) ->
                result.completeExceptionally(new ReplicationRefusal.ChangeRefused(reason));
          }
          lane.touch(this);
        });
    return result;
  }

  @Override
  public CompletableFuture<Void> transferLeadership(NodeId to) {
    var result = new CompletableFuture<Void>();
    postUnlessStopped(result, now -> startTransfer(to, result, now));
    return result;
  }

  private void startTransfer(NodeId to, CompletableFuture<Void> result, long now) {
    if (raft.role() != Role.LEADER) {
      result.completeExceptionally(new ReplicationRefusal.NotLeader(raft.leader()));
    } else if (transfer != null || !raft.transferLeadership(to)) {
      result.completeExceptionally(new ReplicationRefusal.TransferFailed());
    } else {
      transfer = new PendingTransfer(result, now + 2 * electionNanos());
    }
    lane.touch(this);
  }

  /// Hands leadership to whichever voter is furthest, if this replica leads.
  CompletableFuture<Void> handOver() {
    var result = new CompletableFuture<Void>();
    postUnlessStopped(
        result,
        now -> {
          NodeId best = succession.best();
          if (best == null) {
            result.complete(null);
          } else {
            startTransfer(best, result, now);
          }
        });
    return result;
  }

  @Override
  public void campaign() {
    lane.post(now -> {
      if (!stopped && raft.leader() == null) {
        raft.campaign(now);
        lane.touch(this);
      }
    });
  }

  @Override
  public GroupStatus status() {
    return status;
  }

  @Override
  public void addStatusListener(StatusListener listener) {
    statusListeners.add(listener);
  }

  private void postUnlessStopped(CompletableFuture<?> result, Lane.Event event) {
    lane.post(now -> {
      if (stopped) {
        result.completeExceptionally(new ReplicationRefusal.Stopped());
      } else {
        event.run(now);
      }
    });
  }

  // The lane

  Set<NodeId> members() {
    return configuration.members();
  }

  void tick(long now) {
    if (transfer != null && now - transfer.deadlineNanos() >= 0) {
      transfer.result().completeExceptionally(new ReplicationRefusal.TransferFailed());
      transfer = null;
    }
    NodeId current = raft.leader();
    if (raft.quiesced() && current != null && !lane.alive(current)) {
      raft.wake();
    }
    succession.tick(now);
    if (!raft.quiesced()) {
      raft.tick(now);
      // The progress of followers is part of the status.
      statusChanged |= role == Role.LEADER;
      lane.touch(this);
    }
    if (now - nextCutNanos >= 0) {
      nextCutNanos = now + CUT_NANOS;
      cutLog();
    }
  }

  void step(Message message, long now) {
    raft.step(now, message);
    succession.heard(message, now);
    lane.touch(this);
  }

  /// A node is gone, or has started anew.
  void nodeGone(NodeId node, long now) {
    raft.unreachable(node);
    succession.nodeGone(node, now);
    lane.touch(this);
  }

  void unreachable(NodeId node) {
    raft.unreachable(node);
    lane.touch(this);
  }

  /// Carries out everything that the events of this turn have led to.
  void finishTurn(long now) {
    if (stopped) {
      return;
    }
    try {
      proposals.proposeQueued(raft);
      reads.endTurn();
      publishLease(now);
      while (raft.hasEffects()) {
        Effects effects = raft.takeEffects();
        // Before the messages leave: one of them may end the lease.
        publishLease(now);
        handle(effects);
      }
    } catch (UncheckedIOException e) {
      host.logFailed(e);
      return;
    }
    dropUnwantedSnapshot();
    if (statusChanged) {
      statusChanged = false;
      status = describe(null);
    }
  }

  private void publishLease(long now) {
    appliedReadsUntilNanos = raft.appliedReadsUntilNanos(now).orElse(now);
  }

  private void handle(Effects effects) {
    effects.messages().forEach(this::send);
    persist(effects);
    commit(effects.committed());
    followLeader(effects);
    reads.confirmed(effects.confirmedReads(), applier.appliedIndex());
    reads.lost(effects.lostReads(), effects.leader());
    followConfiguration();
    SnapshotMark mark = effects.snapshot();
    if (mark != null) {
      install(mark);
    }
  }

  private void send(Message message) {
    if (message instanceof Message.InstallSnapshot request) {
      host.snapshots().send(this, request);
    } else {
      lane.send(message.to(), new HostFrame.GroupMessage(group, message));
    }
  }

  private void persist(Effects effects) {
    HardState state = effects.hardState();
    if (state != null) {
      lastState = state;
      lazyState = state;
    }
    if (effects.sync()) {
      write(effects);
    }
    PendingWrite last = lastWrite;
    if (last == null) {
      effects.messagesAfterPersist().forEach(this::send);
    } else {
      last.messages.addAll(effects.messagesAfterPersist());
    }
  }

  private void write(Effects effects) {
    if (lazyState != null) {
      lane.write(new LogRecord.State(group, lazyState));
      lazyState = null;
    }
    if (!effects.entries().isEmpty()) {
      lane.write(new LogRecord.Entries(group, effects.entries()));
    }
    var write = new PendingWrite(effects.writeNumber());
    lastWrite = write;
    lane.whenDurable(_ -> persisted(write));
  }

  private void persisted(PendingWrite write) {
    if (stopped) {
      return;
    }
    if (write == lastWrite) {
      lastWrite = null;
    }
    raft.persisted(write.number);
    write.messages.forEach(this::send);
    lane.touch(this);
  }

  private void commit(List<Entry> committed) {
    if (committed.isEmpty()) {
      return;
    }
    applier.commit(committed, proposals.take(committed));
    for (Entry entry : committed) {
      if (entry.kind() == EntryKind.CONFIGURATION) {
        completeChange(entry);
      }
    }
  }

  private void completeChange(Entry entry) {
    PendingChange pending = change;
    var committed = Configuration.decode(entry.data());
    if (pending != null && entry.index() >= pending.index() && !committed.joint()) {
      change = null;
      applier.submit(() -> pending.result().complete(committed));
    }
  }

  private void followLeader(Effects effects) {
    if (effects.role() == role
        && effects.term() == term
        && Objects.equals(effects.leader(), leader)) {
      return;
    }
    boolean led = role == Role.LEADER;
    role = effects.role();
    term = effects.term();
    leader = effects.leader();
    if (led && role != Role.LEADER) {
      proposals.leadershipLost();
      loseChange();
    }
    if (transfer != null && leader != null && !leader.equals(host.self())) {
      transfer.result().complete(null);
      transfer = null;
    }
    applier.leaderChanged(leader, term, role == Role.LEADER);
    announce();
  }

  private void followConfiguration() {
    Configuration newest = raft.configuration();
    if (!newest.equals(configuration)) {
      configuration = newest;
      lane.peers().membersChanged();
      announce();
    }
  }

  private void loseChange() {
    if (change != null) {
      change.result().completeExceptionally(new ReplicationRefusal.OutcomeUnknown());
      change = null;
    }
  }

  private void announce() {
    statusChanged = false;
    GroupStatus now = describe(null);
    status = now;
    if (!statusListeners.isEmpty()) {
      applier.submit(() -> statusListeners.forEach(listener -> listener.changed(now)));
    }
  }

  // Cutting the log

  private void cutLog() {
    if (cutting || stopped) {
      return;
    }
    long durable = Math.min(machine.durableIndex(), applier.appliedIndex());
    boolean crowded = host.log().crowded();
    if (crowded && durable < applier.appliedIndex()) {
      machine.flushSoon();
    }
    long fairShare = host.settings().log().logBytesMax() / 2 / Math.max(1, lane.replicas().size());
    long tail = crowded ? 0 : Math.min(host.settings().tailBytesMax(), fairShare);
    long cut = log.tailStart(durable, tail);
    long gain = cut - log.snapshot().index();
    if (gain >= CUT_ENTRIES_MIN || (crowded && gain > 0)) {
      cutting = true;
      var mark = new SnapshotMark(cut, raft.termAt(cut), raft.configurationAt(cut));
      lane.write(new LogRecord.Mark(group, mark, false));
      lane.whenDurable(_ -> cutDone());
    }
  }

  private void cutDone() {
    cutting = false;
    if (!stopped) {
      log.adoptMark();
      raft.compacted();
    }
  }

  // Snapshots

  /// Fixes the state machine's state for a snapshot, and its mark. Called by the lane. The future
  /// fails if there is no snapshot to be had.
  CompletableFuture<OpenedSnapshot> openSnapshot() {
    var result = new CompletableFuture<OpenedSnapshot>();
    opening.removeIf(CompletableFuture::isDone);
    opening.add(result);
    applier.submit(() -> {
      long index = applier.appliedIndex();
      try {
        SnapshotSource source = machine.openSnapshot();
        lane.post(_ -> completeOpened(index, source, result));
      } catch (IOException e) {
        result.completeExceptionally(e);
      }
    });
    return result;
  }

  /// A snapshot that can be written out.
  record OpenedSnapshot(SnapshotMark mark, SnapshotSource source) {}

  private void completeOpened(
      long index, SnapshotSource source, CompletableFuture<OpenedSnapshot> result) {

    if (stopped || index < log.snapshot().index()) {
      source.close();
      result.completeExceptionally(new ReplicationRefusal.Stopped());
      return;
    }
    var mark = new SnapshotMark(index, raft.termAt(index), raft.configurationAt(index));
    result.complete(new OpenedSnapshot(mark, source));
  }

  /// The snapshot for a node was handed over, or could not be.
  void snapshotSent(NodeId to, boolean success) {
    lane.post(_ -> {
      if (!stopped) {
        raft.snapshotSent(to, success);
        lane.touch(this);
      }
    });
  }

  Path snapshotDirectory() {
    return snapshotDirectory;
  }

  /// All files of a snapshot have come in.
  ///
  /// @param done told whether the core has taken it; the directory is free to be deleted then
  void snapshotArrived(Message.InstallSnapshot message, Path directory, Consumer<Boolean> done) {
    lane.post(now -> {
      if (stopped || arrived != null) {
        done.accept(false);
        return;
      }
      arrived = new ArrivedSnapshot(message.mark(), directory, done);
      step(message, now);
    });
  }

  private void dropUnwantedSnapshot() {
    ArrivedSnapshot unwanted = arrived;
    if (unwanted != null) {
      arrived = null;
      // Already covered by this log: as good as installed.
      unwanted.done().accept(true);
    }
  }

  private void install(SnapshotMark mark) {
    ArrivedSnapshot snapshot = arrived;
    if (snapshot == null || !snapshot.mark().equals(mark)) {
      raft.snapshotAbandoned(mark);
      return;
    }
    arrived = null;
    lane.write(new LogRecord.Installing(group, mark));
    lane.whenDurable(_ -> {
      if (stopped) {
        snapshot.done().accept(false);
      } else {
        applier.submit(() -> installNow(snapshot));
      }
    });
  }

  private void installNow(ArrivedSnapshot snapshot) {
    try {
      machine.install(snapshot.directory(), snapshot.mark());
    } catch (IOException e) {
      snapshot.done().accept(false);
      throw new UncheckedIOException(e);
    }
    applier.installed(snapshot.mark().index());
    lane.post(_ -> {
      if (stopped) {
        snapshot.done().accept(false);
        return;
      }
      lane.write(new LogRecord.Mark(group, snapshot.mark(), true));
      lane.whenDurable(_ -> installDone(snapshot));
    });
  }

  private void installDone(ArrivedSnapshot snapshot) {
    snapshot.done().accept(true);
    if (!stopped) {
      log.adoptMark();
      raft.snapshotInstalled(snapshot.mark());
      reads.applied(applier.appliedIndex());
      lane.touch(this);
    }
  }

  // The end

  /// Ends this replica; its data and log stay. The state machine is closed after what it does now.
  ///
  /// @param failure why, or null if it was asked for
  CompletableFuture<Void> stop(@Nullable Throwable failure) {
    if (stopped) {
      return closed;
    }
    stopped = true;
    appliedReadsUntilNanos = host.now();
    proposals.stop();
    reads.stop();
    loseChange();
    opening.forEach(snapshot -> snapshot.completeExceptionally(new ReplicationRefusal.Stopped()));
    if (transfer != null) {
      transfer.result().completeExceptionally(new ReplicationRefusal.Stopped());
      transfer = null;
    }
    if (arrived != null) {
      arrived.done().accept(false);
      arrived = null;
    }
    status = describe(failure);
    lane.remove(this);
    applier.submitLast(() -> {
      try {
        machine.close();
      } finally {
        closed.complete(null);
      }
    });
    return closed;
  }

  /// Ends this replica and forgets its log. Completes when that is durable and the state machine is
  /// closed.
  CompletableFuture<Void> remove() {
    var removed = new CompletableFuture<Void>();
    lane.post(_ -> {
      if (stopped) {
        removed.completeExceptionally(new ReplicationRefusal.Stopped());
        return;
      }
      long lastIndex = raft.lastIndex();
      lane.write(new LogRecord.Removed(group, lastState, lastIndex, raft.termAt(lastIndex)));
      CompletableFuture<Void> ended = stop(null);
      lane.whenDurable(_ -> {
        var _ = ended.thenRun(() -> removed.complete(null));
      });
    });
    return removed;
  }

  private GroupStatus describe(@Nullable Throwable failure) {
    List<GroupStatus.PeerProgress> peers =
        raft.peers().stream()
            .map(peer ->
                new GroupStatus.PeerProgress(
                    peer.node(),
                    peer.matchIndex(),
                    peer.active(),
                    peer.state() == PeerState.SNAPSHOT))
            .toList();
    return new GroupStatus(
        group,
        raft.role(),
        raft.term(),
        raft.leader(),
        raft.commitIndex(),
        applier.appliedIndex(),
        log.firstIndex(),
        raft.lastIndex(),
        raft.configuration(),
        peers,
        applier.queuedBytes(),
        raft.quiesced(),
        failure == null ? null : String.valueOf(failure));
  }

  private long electionNanos() {
    return host.settings().raft().tick().toNanos() * host.settings().raft().electionTicks();
  }

  /// What the applier's threads tell the lane.
  private final class ApplierListener implements Applier.Listener {
    @Override
    public void applied(long index) {
      lane.post(_ -> {
        if (!stopped) {
          raft.applied(index);
          reads.applied(index);
          statusChanged = true;
          lane.touch(Replica.this);
        }
      });
    }

    @Override
    public void failed(Throwable cause) {
      lane.post(_ -> {
        if (!stopped) {
          var _ = stop(cause);
          host.listener().replicaFailed(group, cause);
        }
      });
    }
  }
}
