package dev.partita.node.partition;

import dev.partita.node.raft.Configuration;
import dev.partita.node.raft.ConfigurationChange;
import dev.partita.node.raft.GroupId;
import dev.partita.node.raft.GroupRecovery;
import dev.partita.node.raft.NodeId;
import dev.partita.node.raft.Role;
import dev.partita.node.replication.Command;
import dev.partita.node.replication.GroupStatus;
import dev.partita.node.replication.LogPosition;
import dev.partita.node.replication.Proposed;
import dev.partita.node.replication.ReplicationGroup;
import dev.partita.node.replication.ReplicationRefusal;
import dev.partita.node.replication.StateMachine;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.jspecify.annotations.Nullable;

/// A group of one member whose log is a list: what is proposed is committed and applied by a thread
/// of its own, in order. A test can hold the log back, take leadership away and lose what waits.
public final class LocalRaftGroup implements ReplicationGroup, AutoCloseable {

  public static final NodeId SELF = new NodeId(1);
  public static final NodeId OTHER = new NodeId(2);
  public static final Configuration MEMBERS = Configuration.of(Set.of(SELF), Set.of());

  private record Waiting(Command command, CompletableFuture<Proposed> answer) {}

  private final GroupId id;
  private final StateMachine machine;
  private final ExecutorService applier =
      Executors.newSingleThreadExecutor(Thread.ofPlatform().daemon().factory());

  // Guarded by this.
  private final List<Waiting> waiting = new ArrayList<>();
  private long index = 1;
  private long term = 1;
  private boolean leads;
  private boolean held;

  public LocalRaftGroup(GroupId id, StateMachine machine) {
    this.id = id;
    this.machine = machine;
    this.index = Math.max(1, machine.mark().index());
  }

  /// Becomes the leader of a new term.
  public void lead() {
    long now;
    synchronized (this) {
      term++;
      leads = true;
      now = term;
    }
    applier.execute(() -> machine.leaderChanged(SELF, now, true));
  }

  /// Loses leadership; what waits is lost, and its proposers do not know.
  public void follow() {
    List<Waiting> lost;
    long now;
    synchronized (this) {
      leads = false;
      term++;
      now = term;
      lost = List.copyOf(waiting);
      waiting.clear();
    }
    applier.execute(() -> machine.leaderChanged(OTHER, now, false));
    lost.forEach(
        one -> one.answer().completeExceptionally(new ReplicationRefusal.OutcomeUnknown()));
  }

  /// Commits nothing until [#release].
  public synchronized void hold() {
    held = true;
  }

  public void release() {
    synchronized (this) {
      held = false;
    }
    applier.execute(this::applyWaiting);
  }

  public synchronized int waitingCount() {
    return waiting.size();
  }

  @Override
  public GroupId id() {
    return id;
  }

  @Override
  public CompletableFuture<Proposed> propose(byte[] command) {
    var answer = new CompletableFuture<Proposed>();
    synchronized (this) {
      if (!leads) {
        return CompletableFuture.failedFuture(new ReplicationRefusal.NotLeader(OTHER));
      }
      waiting.add(new Waiting(new Command(++index, term, command), answer));
    }
    applier.execute(this::applyWaiting);
    return answer;
  }

  private void applyWaiting() {
    List<Waiting> committed;
    synchronized (this) {
      if (held || waiting.isEmpty()) {
        return;
      }
      committed = List.copyOf(waiting);
      waiting.clear();
    }
    List<Object> results = machine.apply(committed.stream().map(Waiting::command).toList());
    for (int at = 0; at < committed.size(); at++) {
      Command command = committed.get(at).command();
      committed
          .get(at)
          .answer()
          .complete(new Proposed(command.index(), command.term(), results.get(at)));
    }
  }

  @Override
  public CompletableFuture<Long> commitBarrier() {
    return readBarrier();
  }

  @Override
  public synchronized CompletableFuture<Long> readBarrier() {
    return leads
        ? CompletableFuture.completedFuture(machine.mark().index())
        : CompletableFuture.failedFuture(new ReplicationRefusal.NotLeader(OTHER));
  }

  @Override
  public CompletableFuture<LogPosition> position() {
    throw new UnsupportedOperationException();
  }

  @Override
  public CompletableFuture<Boolean> recover(GroupRecovery recovery) {
    throw new UnsupportedOperationException();
  }

  @Override
  public CompletableFuture<Configuration> changeConfiguration(ConfigurationChange change) {
    throw new UnsupportedOperationException();
  }

  /// Has the machine apply a change of the members.
  public void applyConfiguration(Configuration configuration) {
    var _ =
        CompletableFuture.runAsync(
                () -> {
                  long next;
                  synchronized (this) {
                    next = ++index;
                  }
                  machine.applyConfiguration(next, term, configuration);
                },
                applier)
            .join();
  }

  @Override
  public CompletableFuture<Void> transferLeadership(NodeId to) {
    throw new UnsupportedOperationException();
  }

  @Override
  public void campaign() {
    lead();
  }

  @Override
  public synchronized GroupStatus status() {
    @Nullable NodeId leader = leads ? SELF : OTHER;
    return new GroupStatus(
        id,
        leads ? Role.LEADER : Role.FOLLOWER,
        term,
        leader,
        index,
        machine.mark().index(),
        1,
        index,
        MEMBERS,
        List.of(),
        0,
        false,
        null);
  }

  @Override
  public void addStatusListener(StatusListener listener) {
    throw new UnsupportedOperationException();
  }

  @Override
  public void close() {
    applier.close();
    machine.close();
  }
}
