package dev.partita.node.replication;

import dev.partita.node.raft.Raft;
import dev.partita.node.raft.SnapshotMark;
import dev.partita.node.replication.log.GroupLog;
import dev.partita.node.replication.log.LogRecord;
import java.util.concurrent.TimeUnit;

/// Cuts the beginning off the log of one replica when its state machine holds it durably: all but a
/// tail for followers that lag, and without one when the log of the node is crowded. Owned by the
/// lane.
final class LogCutter {
  /// How often the log is looked at for something to cut.
  private static final long CUT_NANOS = TimeUnit.SECONDS.toNanos(1);

  /// Fewer entries are not worth a record in the log.
  private static final int CUT_ENTRIES_MIN = 256;

  private final Replica replica;
  private final Lane lane;
  private final Lane.HostContext host;
  private final Raft raft;
  private final GroupLog log;
  private final StateMachine machine;
  private long nextCutNanos;
  private boolean cutting;

  LogCutter(
      Replica replica,
      Lane lane,
      Lane.HostContext host,
      Raft raft,
      GroupLog log,
      StateMachine machine) {
    this.replica = replica;
    this.lane = lane;
    this.host = host;
    this.raft = raft;
    this.log = log;
    this.machine = machine;
    this.nextCutNanos = host.now() + CUT_NANOS;
  }

  void tick(long now) {
    if (now - nextCutNanos >= 0) {
      nextCutNanos = now + CUT_NANOS;
      cut();
    }
  }

  private void cut() {
    if (cutting || replica.stopped() || !raft.complete()) {
      // While a snapshot is installed the machine holds more than the log knows of: what it could
      // be cut at lies before the snapshot that it is about to begin with.
      return;
    }
    // The machine may be ahead of what the core has heard of.
    long applied = raft.appliedIndex();
    long durable = Math.min(machine.durableIndex(), applied);
    boolean crowded = host.log().crowded();
    if (crowded && durable < applied) {
      machine.flushSoon();
    }
    long fairShare = host.settings().log().logBytesMax() / 2 / Math.max(1, lane.replicas().size());
    long tail = crowded ? 0 : Math.min(host.settings().tailBytesMax(), fairShare);
    long cut = log.tailStart(durable, tail);
    long gain = cut - log.snapshot().index();
    if (gain >= CUT_ENTRIES_MIN || (crowded && gain > 0)) {
      cutting = true;
      var mark = new SnapshotMark(cut, raft.termAt(cut), raft.configurationAt(cut));
      lane.write(new LogRecord.Mark(replica.id(), mark, false));
      lane.whenDurable(_ -> cutDone());
    }
  }

  private void cutDone() {
    cutting = false;
    if (!replica.stopped()) {
      log.adoptMark();
      raft.compacted();
    }
  }
}
