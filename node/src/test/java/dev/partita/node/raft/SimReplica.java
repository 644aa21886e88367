package dev.partita.node.raft;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.function.Consumer;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/// A replica of the simulation and its host: a process with a clock of its own, which may be paused
/// or crash, on a disk that outlives it.
final class SimReplica {

  /// What became of a write: `TRUE` for applied, `FALSE` for certainly never applied.
  private record WaitingWrite(long term, Consumer<Boolean> done) {}

  private record WaitingRead(long readIndex, LongConsumer serve) {}

  final NodeId id;
  private final Simulation simulation;
  private final double clockSpeed;
  private final long clockOffsetNanos;
  private final SimDisk disk;
  private double diskSlowness = 1;

  private @Nullable Raft raft;
  private int incarnation;
  private boolean paused;
  private int missedTicks;
  private final ArrayDeque<Runnable> inbox = new ArrayDeque<>();
  private final ArrayDeque<Runnable> requests = new ArrayDeque<>();
  private KeyValueMachine machine;
  private boolean diskBusy;
  private final ArrayDeque<List<Entry>> toApply = new ArrayDeque<>();
  private boolean applyBusy;
  private long seenCommitIndex;
  private final Map<Long, WaitingWrite> waitingWrites = new HashMap<>();
  private final Map<Long, Runnable> waitingReadIndexes = new HashMap<>();
  private final Map<Long, LongConsumer> readServers = new HashMap<>();
  private final List<WaitingRead> waitingReads = new ArrayList<>();
  private final Map<SnapshotMark, KeyValueMachine> received = new HashMap<>();
  private long nextContextId;
  private long appliedReadsUntilNanos;

  SimReplica(NodeId id, Simulation simulation, SimDisk disk) {
    this.id = id;
    this.simulation = simulation;
    this.disk = disk;
    double drift = simulation.settings.clockDriftPercent() / 100.0;
    clockSpeed = 1 + drift * (2 * simulation.random.nextDouble() - 1);
    clockOffsetNanos = simulation.random.nextLong(1L << 50) - (1L << 49);
    machine = disk.flushed.copy();
    long comesAfter = simulation.comesAfterNanos();
    if (comesAfter == 0) {
      start();
    } else {
      simulation.after(comesAfter, this::restart);
    }
    simulation.after(simulation.between(0, tickNanos()), this::tick);
  }

  // The process

  private void start() {
    machine = disk.flushed.copy();
    boolean begun = disk.begin();
    raft =
        new Raft(
            id,
            simulation.settings,
            disk.hardState,
            disk.log,
            begun,
            machine.appliedIndex(),
            new SplittableRandom(simulation.random.nextLong()),
            localNanos(),
            simulation.rules);
    seenCommitIndex = machine.appliedIndex();
    if (simulation.random.nextInt(3) == 0) {
      raft.campaign(localNanos());
    }
    work();
  }

  /// Runs in the process if it is up: now, or when its pause ends.
  private void inProcess(Runnable action) {
    if (raft == null) {
      return;
    }
    if (paused) {
      inbox.add(action);
      return;
    }
    run(action);
  }

  /// A request of a client comes another way than the messages of peers, so a pause may reorder
  /// them.
  private void onRequest(Runnable action) {
    if (paused) {
      requests.add(action);
    } else {
      inProcess(action);
    }
  }

  private void run(Runnable action) {
    try {
      action.run();
      work();
    } catch (SimFailure e) {
      throw e;
    } catch (RuntimeException e) {
      throw new SimFailure(SimFailure.Check.ASSERTION, e);
    }
  }

  /// Something that happens later in the same process, if that still runs.
  private void later(long delayNanos, Runnable action) {
    int then = incarnation;
    simulation.after(
        delayNanos,
        () -> {
          if (incarnation == then) {
            inProcess(action);
          }
        });
  }

  void crash() {
    simulation.note(() -> id + " crashes");
    raft = null;
    incarnation++;
    paused = false;
    missedTicks = 0;
    inbox.clear();
    requests.clear();
    disk.crash(simulation.random);
    diskBusy = false;
    toApply.clear();
    applyBusy = false;
    waitingWrites.clear();
    waitingReadIndexes.clear();
    readServers.clear();
    waitingReads.clear();
    received.clear();
  }

  void restart() {
    if (raft == null) {
      simulation.note(() -> id + " restarts");
      run(this::start);
    }
  }

  /// The replica is removed from the group and deleted; the node is ready for a new one.
  void bury() {
    crash();
    disk.bury();
    restart();
  }

  void pause() {
    simulation.note(() -> id + " pauses");
    paused = raft != null;
  }

  /// Wakes up from a pause. Ticks that were missed come in a bunch or not at all, before or after
  /// what has come in.
  void resume() {
    if (!paused) {
      return;
    }
    simulation.note(() -> id + " resumes");
    paused = false;
    int ticks = simulation.random.nextBoolean() ? missedTicks : 0;
    missedTicks = 0;
    List<Runnable> order =
        new ArrayList<>(
            List.of(() -> tickTimes(ticks), () -> runAll(inbox), () -> runAll(requests)));
    while (!order.isEmpty()) {
      order.remove(simulation.random.nextInt(order.size())).run();
    }
  }

  private void runAll(ArrayDeque<Runnable> actions) {
    for (int count = actions.size(); count > 0 && !actions.isEmpty(); count--) {
      run(actions.remove());
    }
  }

  private void tickTimes(int count) {
    for (int i = 0; i < count && raft != null; i++) {
      run(() -> raft().tick(localNanos()));
    }
  }

  private void tick() {
    simulation.after(tickNanos(), this::tick);
    if (raft == null) {
      return;
    }
    if (paused) {
      missedTicks++;
      return;
    }
    run(() -> {
      if (raft().quiesced() && !simulation.believesAlive(id, raft().leader())) {
        raft().wake();
      }
      raft().tick(localNanos());
    });
  }

  private long tickNanos() {
    return (long) (simulation.settings.tick().toNanos() / clockSpeed);
  }

  private long localNanos() {
    return clockOffsetNanos + (long) (simulation.nowNanos() * clockSpeed);
  }

  void slowDisk(double slowness) {
    diskSlowness = slowness;
  }

  boolean running() {
    return raft != null;
  }

  boolean responsive() {
    return raft != null && !paused;
  }

  Raft raft() {
    return Objects.requireNonNull(raft, "the process is down");
  }

  KeyValueMachine machine() {
    return machine;
  }

  // The group

  void receive(Message message) {
    inProcess(() -> {
      simulation.note(() -> "  got      " + Scenario.describe(message));
      raft().step(localNanos(), message);
    });
  }

  void changeConfiguration(ConfigurationChange change) {
    inProcess(() -> {
      ChangeResult result = raft().changeConfiguration(change);
      simulation.note(() -> id + " is asked for " + change + ": " + result);
    });
  }

  void transferLeadership(NodeId to) {
    inProcess(() -> {
      boolean begun = raft().transferLeadership(to);
      simulation.note(() -> id + " hands over to " + to + ": " + begun);
    });
  }

  void loseContactTo(NodeId node) {
    inProcess(() -> raft().unreachable(node));
  }

  // Clients

  /// Writes; `done` is told whether it was applied, or nothing if that cannot be known. Returns
  /// through `notLeader` whom to ask instead.
  void write(int key, long value, Consumer<Boolean> done, Consumer<@Nullable NodeId> notLeader) {
    onRequest(() -> {
      switch (raft().propose(List.of(KeyValueMachine.encodeWrite(key, value)))) {
        // One that waits for the same index in an earlier term may still be decided elsewhere.
        case ProposeResult.Accepted(long term, long index) ->
            waitingWrites.put(index, new WaitingWrite(term, done));
        case ProposeResult.NotLeader(var leader) -> notLeader.accept(leader);
        case ProposeResult.Busy _ -> notLeader.accept(id);
      }
    });
  }

  /// Reads; with `byLease` without asking anybody if the lease allows it.
  void read(int key, boolean byLease, LongConsumer done, Consumer<@Nullable NodeId> notLeader) {
    onRequest(() -> {
      LongConsumer serve = _ -> done.accept(machine.read(key));
      if (byLease && key % 2 == 0 && localNanos() - appliedReadsUntilNanos < 0) {
        serve.accept(machine.appliedIndex());
        return;
      }
      if (byLease && raft().leaseValid(localNanos())) {
        serveAt(raft().commitIndex(), serve);
        return;
      }
      long contextId = nextContextId++;
      if (raft().readIndex(localNanos(), contextId) instanceof ReadResult.NotLeader(var leader)) {
        notLeader.accept(leader);
      } else {
        readServers.put(contextId, serve);
        waitingReadIndexes.put(contextId, () -> notLeader.accept(null));
      }
    });
  }

  /// As a host does it: readers look at the result and not into the core.
  private void publishLease() {
    appliedReadsUntilNanos =
        raft == null
            ? localNanos()
            : raft.appliedReadsUntilNanos(localNanos()).orElse(localNanos());
  }

  private void serveAt(long readIndex, LongConsumer serve) {
    if (machine.appliedIndex() >= readIndex) {
      serve.accept(readIndex);
    } else {
      waitingReads.add(new WaitingRead(readIndex, serve));
    }
  }

  // Effects

  private void work() {
    publishLease();
    while (raft != null && raft.hasEffects()) {
      Effects effects = raft.takeEffects();
      publishLease();
      observe(raft, effects);
      effects.messages().forEach(this::send);
      write(effects);
      if (!effects.committed().isEmpty()) {
        toApply.add(effects.committed());
        applySoon();
      }
      for (ConfirmedRead read : effects.confirmedReads()) {
        waitingReadIndexes.remove(read.contextId());
        serveAt(read.readIndex(), Objects.requireNonNull(readServers.remove(read.contextId())));
      }
      for (long contextId : effects.lostReads()) {
        readServers.remove(contextId);
        Objects.requireNonNull(waitingReadIndexes.remove(contextId)).run();
      }
      if (effects.snapshot() != null) {
        install(effects.snapshot());
      }
      simulation.faults.sawEffects(this, effects);
    }
  }

  private void observe(Raft core, Effects effects) {
    simulation.note(() ->
        id
            + " "
            + effects.role()
            + " term="
            + effects.term()
            + " commit="
            + core.commitIndex()
            + " last="
            + core.lastIndex()
            + (effects.entries().isEmpty()
                ? ""
                : " writes " + Scenario.describe(effects.entries().subList(0, 1))));
    simulation.safety.wrote(id, core, effects.entries());
    if (effects.role() == Role.LEADER && simulation.safety.leads(id, core)) {
      simulation.faults.sawNewLeader();
    }
    if (core.commitIndex() > seenCommitIndex) {
      simulation.safety.committed(id, core, seenCommitIndex + 1);
      seenCommitIndex = core.commitIndex();
    }
  }

  private void send(Message message) {
    if (message instanceof Message.InstallSnapshot install) {
      sendSnapshot(install);
    } else {
      simulation.network.send(message);
    }
  }

  /// Copies the state machine as it is now and carries it over, which takes a while and may fail.
  private void sendSnapshot(Message.InstallSnapshot install) {
    long index = raft().appliedIndex();
    if (index != machine.appliedIndex() || raft().snapshot().awaitsSnapshot()) {
      throw new IllegalStateException("a snapshot of what is not there");
    }
    KeyValueMachine state = machine.copy();
    Message.InstallSnapshot actual =
        install.withMark(
            new SnapshotMark(index, raft().termAt(index), raft().configurationAt(index)));
    later(
        simulation.between(2_000_000, 150_000_000),
        () -> {
          boolean arrives =
              simulation.network.connected(id, install.to())
                  && simulation.replica(install.to()).responsive()
                  && simulation.random.nextInt(10) > 0;
          simulation.note(() -> (arrives ? "arrived  " : "lost     ") + Scenario.describe(actual));
          if (arrives) {
            simulation.after(
                simulation.between(300_000, 2_000_000),
                () -> simulation.replica(install.to()).receiveSnapshot(actual, state));
          }
          raft().snapshotSent(install.to(), arrives);
        });
  }

  private void receiveSnapshot(Message.InstallSnapshot install, KeyValueMachine state) {
    if (raft != null) {
      received.put(install.mark(), state);
      receive(install);
    }
  }

  private void write(Effects effects) {
    if (effects.writes() && (effects.sync() || simulation.random.nextBoolean())) {
      disk.submit(() -> disk.write(effects), () -> written(effects));
    } else if (!disk.isIdle()) {
      disk.submit(() -> {}, () -> effects.messagesAfterPersist().forEach(this::send));
    } else {
      effects.messagesAfterPersist().forEach(this::send);
    }
    diskSoon();
  }

  private void written(Effects effects) {
    raft().persisted(effects.writeNumber());
    effects.messagesAfterPersist().forEach(this::send);
  }

  private void diskSoon() {
    if (!diskBusy && !disk.isIdle()) {
      diskBusy = true;
      later(
          (long) (simulation.between(100_000, 1_500_000) * diskSlowness),
          () -> {
            diskBusy = false;
            disk.finish(simulation.random.nextInt(1, disk.size() + 1));
            diskSoon();
          });
    }
  }

  private void install(SnapshotMark mark) {
    KeyValueMachine state = Objects.requireNonNull(received.get(mark));
    received.clear();
    disk.submit(
        () -> disk.install(mark, state.copy()),
        () -> {
          simulation.note(() -> id + " installed " + Scenario.describe(mark));
          toApply.clear();
          machine = state.copy();
          simulation.safety.applied(id, machine);
          seenCommitIndex = mark.index();
          failWritesUpTo(mark.index());
          raft().snapshotInstalled(mark);
          serveReads();
        });
    diskSoon();
  }

  /// What a snapshot covers was applied or not; nobody here can tell.
  private void failWritesUpTo(long index) {
    waitingWrites.keySet().removeIf(waiting -> waiting <= index);
  }

  private void applySoon() {
    if (!applyBusy && !toApply.isEmpty()) {
      applyBusy = true;
      later(
          simulation.between(50_000, 500_000),
          () -> {
            applyBusy = false;
            if (!toApply.isEmpty()) {
              apply(toApply.remove());
            }
            applySoon();
          });
    }
  }

  private void apply(List<Entry> entries) {
    for (Entry entry : entries) {
      machine.apply(entry);
      simulation.safety.applied(id, machine);
      WaitingWrite waiting = waitingWrites.remove(entry.index());
      if (waiting != null) {
        waiting.done().accept(waiting.term() == entry.term());
      }
    }
    raft().applied(machine.appliedIndex());
    serveReads();
  }

  private void serveReads() {
    List<WaitingRead> ready =
        waitingReads.stream().filter(read -> read.readIndex() <= machine.appliedIndex()).toList();
    waitingReads.removeAll(ready);
    ready.forEach(read -> read.serve().accept(read.readIndex()));
  }

  /// Flushes the state machine and cuts the log up to somewhere before that.
  void compact() {
    inProcess(() -> {
      KeyValueMachine state = machine.copy();
      long marked = raft().snapshot().index();
      if (raft().snapshot().awaitsSnapshot() || state.appliedIndex() <= marked) {
        return;
      }
      long index = simulation.random.nextLong(marked, state.appliedIndex()) + 1;
      var mark = new SnapshotMark(index, raft().termAt(index), raft().configurationAt(index));
      disk.submit(
          () -> {
            if (disk.log.snapshot().index() < mark.index()) {
              disk.flushed = state;
              disk.log.compact(mark);
            }
          },
          () -> {
            if (disk.log.snapshot().equals(mark)) {
              raft().compacted();
            }
          });
      diskSoon();
    });
  }
}
