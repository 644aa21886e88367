package dev.partita.node.replication;

import dev.partita.node.raft.Configuration;
import dev.partita.node.raft.Entry;
import dev.partita.node.raft.EntryKind;
import dev.partita.node.raft.NodeId;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/// Runs the state machine of one group: one task after the other, in the order of submission, each
/// on whichever thread of the pool is free.
final class Applier {
  /// Entries applied before the thread is given to another group.
  private static final int TASKS_PER_RUN = 64;

  /// Learns from the applier, on its thread.
  interface Listener {
    /// Everything up to an index is applied.
    void applied(long index);

    /// The state machine has thrown; nothing more is applied.
    void failed(Throwable cause);
  }

  private final StateMachine machine;
  private final Executor pool;
  private final Listener listener;
  private final ArrayDeque<Runnable> tasks = new ArrayDeque<>();
  private final AtomicLong queuedBytes = new AtomicLong();
  private boolean running;
  private volatile long appliedIndex;

  /// What was applied from the log, as opposed to installed: that is all the core is told of from
  /// here.
  private volatile long committedIndex;

  private volatile boolean failed;

  Applier(StateMachine machine, Executor pool, Listener listener, long appliedIndex) {
    this.machine = machine;
    this.pool = pool;
    this.listener = listener;
    this.appliedIndex = appliedIndex;
  }

  long appliedIndex() {
    return appliedIndex;
  }

  long queuedBytes() {
    return queuedBytes.get();
  }

  /// Applies committed entries.
  ///
  /// @param proposals of this node among them, in order
  void commit(List<Entry> entries, List<PendingProposal> proposals) {
    long bytes = 0;
    for (Entry entry : entries) {
      bytes += entry.sizeBytes();
    }
    long size = bytes;
    queuedBytes.addAndGet(size);
    add(() -> {
      runUnlessFailed(() -> apply(entries, proposals));
      if (failed) {
        var unknown = new ReplicationRefusal.OutcomeUnknown();
        proposals.forEach(proposal -> proposal.result.completeExceptionally(unknown));
      }
      queuedBytes.addAndGet(-size);
    });
  }

  void leaderChanged(@Nullable NodeId leader, long term, boolean self) {
    submit(() -> machine.leaderChanged(leader, term, self));
  }

  /// Runs a task in order with the others; not any more after a failure or the end.
  void submit(Runnable task) {
    add(() -> runUnlessFailed(task));
  }

  /// The same, with what is run instead if the task is not, or has failed.
  void submit(Runnable task, Runnable otherwise) {
    add(() -> {
      runUnlessFailed(task);
      if (failed) {
        otherwise.run();
      }
    });
  }

  /// Runs a task after all others, also after a failure; nothing is run after it.
  void submitLast(Runnable task) {
    add(() -> {
      failed = true;
      task.run();
    });
  }

  /// The state machine holds a snapshot now. Called in a task.
  void installed(long index) {
    appliedIndex = index;
  }

  private void add(Runnable task) {
    boolean start;
    synchronized (tasks) {
      tasks.add(task);
      start = !running;
      running = true;
    }
    if (start) {
      pool.execute(this::run);
    }
  }

  private void run() {
    long before = committedIndex;
    boolean drained = false;
    for (int i = 0; i < TASKS_PER_RUN && !drained; i++) {
      Runnable task = next();
      if (task == null) {
        drained = true;
      } else {
        task.run();
      }
    }
    // Read once: when the queue was drained another thread may run the next tasks already.
    long applied = committedIndex;
    if (applied > before) {
      listener.applied(applied);
    }
    if (!drained) {
      pool.execute(this::run);
    }
  }

  private @Nullable Runnable next() {
    synchronized (tasks) {
      Runnable task = tasks.poll();
      running = task != null;
      return task;
    }
  }

  private void runUnlessFailed(Runnable task) {
    if (failed) {
      return;
    }
    try {
      task.run();
    } catch (RuntimeException | Error e) {
      failed = true;
      listener.failed(e);
    }
  }

  private void apply(List<Entry> entries, List<PendingProposal> proposals) {
    var commands = new ArrayList<Command>(entries.size());
    int next = 0;
    for (Entry entry : entries) {
      if (entry.kind() == EntryKind.COMMAND) {
        commands.add(new Command(entry.index(), entry.term(), entry.data()));
      } else if (entry.kind() == EntryKind.CONFIGURATION) {
        next = applyCommands(commands, proposals, next);
        commands.clear();
        machine.applyConfiguration(entry.index(), entry.term(), Configuration.decode(entry.data()));
      }
    }
    applyCommands(commands, proposals, next);
    appliedIndex = entries.getLast().index();
    committedIndex = appliedIndex;
  }

  /// Applies commands; gives the first of the proposals that is not among them.
  private int applyCommands(
      List<Command> commands, List<PendingProposal> proposals, int firstProposal) {
    if (commands.isEmpty()) {
      return firstProposal;
    }
    List<Object> results = machine.apply(List.copyOf(commands));
    if (results.size() != commands.size()) {
      throw new IllegalStateException("A state machine gives one result for each command");
    }
    int next = firstProposal;
    for (int i = 0; i < results.size() && next < proposals.size(); i++) {
      PendingProposal proposal = proposals.get(next);
      Command command = commands.get(i);
      if (proposal.index == command.index()) {
        proposal.result.complete(new Proposed(command.index(), command.term(), results.get(i)));
        next++;
      }
    }
    return next;
  }
}
