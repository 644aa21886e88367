package dev.partita.node.raft;

import java.util.ArrayDeque;
import java.util.List;
import java.util.random.RandomGenerator;

/// The disk of a simulated replica: what is durable, and the operations under way in order. A crash
/// makes any number of the first ones durable without anybody having been told, and loses the rest;
/// an operation is never half done.
final class SimDisk {

  /// One operation: what it changes, and what happens when it is durable.
  private record Pending(Runnable effect, Runnable done) {}

  final InMemoryLog log;
  HardState hardState;

  /// The state machine as of its last flush, at or after the log's snapshot mark.
  KeyValueMachine flushed;

  private boolean begun;
  private final ArrayDeque<Pending> pending = new ArrayDeque<>();

  SimDisk(HardState hardState, SnapshotMark mark) {
    this.hardState = hardState;
    log = new InMemoryLog(mark);
    flushed = new KeyValueMachine(mark.index());
  }

  /// A replica starts on this disk; returns whether it is the first one.
  boolean begin() {
    boolean first = !begun;
    begun = true;
    return first;
  }

  boolean isIdle() {
    return pending.isEmpty();
  }

  void submit(Runnable effect, Runnable done) {
    pending.add(new Pending(effect, done));
  }

  /// Makes the next `count` operations durable, as one fsync does, and tells those who wait.
  void finish(int count) {
    var finished = new ArrayDeque<Pending>();
    while (finished.size() < count && !pending.isEmpty()) {
      pending.element().effect().run();
      finished.add(pending.remove());
    }
    finished.forEach(operation -> operation.done().run());
  }

  int size() {
    return pending.size();
  }

  void crash(RandomGenerator random) {
    int survivors = random.nextInt(pending.size() + 1);
    while (survivors-- > 0) {
      pending.remove().effect().run();
    }
    pending.clear();
  }

  void write(Effects effects) {
    if (effects.hardState() != null) {
      hardState = effects.hardState();
    }
    log.write(effects.entries());
  }

  void install(SnapshotMark mark, KeyValueMachine state) {
    log.reset(mark);
    flushed = state;
  }

  /// The replica was removed from the group and its data is deleted; what must not be forgotten
  /// stays.
  void bury() {
    SnapshotMark tombstone = SnapshotMark.tombstone(log.lastIndex(), log.term(log.lastIndex()));
    log.reset(tombstone);
    flushed = new KeyValueMachine(tombstone.index());
  }

  List<Entry> entries() {
    return log.all();
  }
}
