package dev.partita.node.replication;

import dev.partita.node.raft.Configuration;
import dev.partita.node.raft.ConfigurationChange;
import dev.partita.node.raft.Effects;
import dev.partita.node.raft.Entry;
import dev.partita.node.raft.EntryKind;
import dev.partita.node.raft.GroupId;
import dev.partita.node.raft.GroupRecovery;
import dev.partita.node.raft.Message;
import dev.partita.node.raft.NodeId;
import dev.partita.node.raft.PeerState;
import dev.partita.node.raft.Raft;
import dev.partita.node.raft.Role;
import dev.partita.node.raft.SnapshotMark;
import dev.partita.node.replication.log.GroupLog;
import dev.partita.node.replication.log.LogRecord;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/// One replica: the core of a group, and what its effects set off. The methods of
/// [ReplicationGroup] post events to the lane; the rest belongs to the lane.
final class Replica implements ReplicationGroup {
  private final GroupId group;
  private final Lane lane;
  private final Lane.HostContext host;
  private final StateMachine machine;
  private final GroupLog log;
  private final Raft raft;
  private final Applier applier;
  private final Proposals proposals;
  private final Reads reads = new Reads();
  private final LogWrites writes;
  private final LogCutter cutter;
  private final Snapshots snapshots;
  private final Succession succession;
  private final LeadershipTransfer transfer;
  private final MembershipChange membershipChange;
  private final List<StatusListener> statusListeners = new CopyOnWriteArrayList<>();

  private Configuration configuration;
  private Role role = Role.FOLLOWER;
  private @Nullable NodeId leader;
  private long term;
  private boolean statusChanged = true;
  private final CompletableFuture<Void> closed = new CompletableFuture<>();
  private volatile boolean stopped;
  private volatile GroupStatus status;

  /// Reads that begin before this moment need not ask the lane.
  private volatile long appliedReadsUntilNanos;

  /// @param begun whether the log was begun just now, see [Raft]
  Replica(
      Lane lane,
      Lane.HostContext host,
      StateMachine machine,
      GroupLog log,
      boolean begun,
      long appliedIndex) {
    this.group = log.group();
    this.lane = lane;
    this.host = host;
    this.machine = machine;
    this.log = log;
    this.proposals = new Proposals(host.settings());
    this.raft =
        new Raft(
            host.self(),
            host.settings().raft(group),
            log.hardState(),
            log,
            begun,
            appliedIndex,
            host.runtime().random(),
            host.now());
    this.configuration = raft.configuration();
    this.succession = new Succession(raft, host);
    this.transfer = new LeadershipTransfer(raft, host);
    this.applier =
        new Applier(machine, host.runtime().apply(), new ApplierListener(), appliedIndex);
    this.membershipChange = new MembershipChange(raft, applier);
    this.writes = new LogWrites(this, lane, raft, log.hardState());
    this.cutter = new LogCutter(this, lane, host, raft, log, machine);
    this.snapshots =
        new Snapshots(this, lane, host.installedSnapshots(), raft, log, machine, applier, reads);
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
    // The lease first and then the clock: in between the lane may publish that from its now on
    // there is no lease, and a time read before would lie in front of that.
    long untilNanos = appliedReadsUntilNanos;
    if (host.now() - untilNanos < 0) {
      return CompletableFuture.completedFuture(applier.appliedIndex());
    }
    return commitBarrier();
  }

  @Override
  public CompletableFuture<Long> commitBarrier() {
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
          membershipChange.begin(wish, result);
          lane.touch(this);
        });
    return result;
  }

  @Override
  public CompletableFuture<Void> transferLeadership(NodeId to) {
    var result = new CompletableFuture<Void>();
    postUnlessStopped(
        result,
        now -> {
          transfer.begin(to, result, now);
          lane.touch(this);
        });
    return result;
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
            transfer.begin(best, result, now);
            lane.touch(this);
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
  public CompletableFuture<LogPosition> position() {
    var result = new CompletableFuture<LogPosition>();
    postUnlessStopped(
        result,
        _ ->
            result.complete(
                new LogPosition(
                    raft.term(),
                    raft.lastIndex(),
                    raft.termAt(raft.lastIndex()),
                    raft.commitIndex(),
                    raft.configuration(),
                    raft.complete())));
    return result;
  }

  @Override
  public CompletableFuture<Boolean> recover(GroupRecovery recovery) {
    var result = new CompletableFuture<Boolean>();
    postUnlessStopped(
        result,
        now -> {
          result.complete(raft.recover(now, recovery));
          lane.touch(this);
        });
    return result;
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
    transfer.tick(now);
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
    cutter.tick(now);
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
    snapshots.dropUnwanted();
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
    writes.persist(effects);
    commit(effects.committed());
    followLeader(effects);
    reads.confirmed(effects.confirmedReads(), applier.appliedIndex());
    reads.lost(effects.lostReads(), effects.leader());
    followConfiguration();
    SnapshotMark mark = effects.snapshot();
    if (mark != null) {
      snapshots.install(mark);
    }
  }

  /// Sends a message of this group with the frames of this turn.
  void send(Message message) {
    if (message instanceof Message.InstallSnapshot request) {
      host.snapshots().send(this, request);
    } else {
      lane.send(message.to(), new HostFrame.GroupMessage(group, message));
    }
  }

  private void commit(List<Entry> committed) {
    if (committed.isEmpty()) {
      return;
    }
    applier.commit(committed, proposals.take(committed));
    for (Entry entry : committed) {
      if (entry.kind() == EntryKind.CONFIGURATION) {
        membershipChange.committed(entry);
      }
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
      membershipChange.lost();
    }
    transfer.followed(leader);
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

  private void announce() {
    statusChanged = false;
    GroupStatus now = describe(null);
    status = now;
    if (!statusListeners.isEmpty()) {
      applier.submit(() -> statusListeners.forEach(listener -> listener.changed(now)));
    }
  }

  Snapshots snapshots() {
    return snapshots;
  }

  /// The snapshot for a node was handed over, or could not be. From any thread.
  void snapshotSent(NodeId to, boolean success) {
    lane.post(_ -> {
      if (!stopped) {
        raft.snapshotSent(to, success);
        lane.touch(this);
      }
    });
  }

  boolean stopped() {
    return stopped;
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
    membershipChange.lost();
    transfer.stop();
    snapshots.stop();
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
      lane.write(
          new LogRecord.Removed(group, writes.lastState(), lastIndex, raft.termAt(lastIndex)));
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
                    peer.heardLately(),
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
