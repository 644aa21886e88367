package dev.partita.node.replication;

import dev.partita.node.raft.Effects;
import dev.partita.node.raft.HardState;
import dev.partita.node.raft.Message;
import dev.partita.node.raft.Raft;
import dev.partita.node.replication.log.LogRecord;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What one replica writes to the log for its core, and the messages that wait until it is durable.
/// Owned by the lane.
final class LogWrites {
  /// Writes of one turn that are not durable yet.
  private static final class PendingWrite {
    final long number;
    final List<Message> messages = new ArrayList<>();

    PendingWrite(long number) {
      this.number = number;
    }
  }

  private final Replica replica;
  private final Lane lane;
  private final Raft raft;
  private HardState lastState;

  /// The last state while it is not written: a change of the commit index alone waits for another
  /// write.
  private @Nullable HardState lazyState;

  private @Nullable PendingWrite lastWrite;

  LogWrites(Replica replica, Lane lane, Raft raft, HardState state) {
    this.replica = replica;
    this.lane = lane;
    this.raft = raft;
    this.lastState = state;
  }

  /// The newest state that the core has given out, durable or not.
  HardState lastState() {
    return lastState;
  }

  void persist(Effects effects) {
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
      effects.messagesAfterPersist().forEach(replica::send);
    } else {
      last.messages.addAll(effects.messagesAfterPersist());
    }
  }

  private void write(Effects effects) {
    if (lazyState != null) {
      lane.write(new LogRecord.State(replica.id(), lazyState));
      lazyState = null;
    }
    if (!effects.entries().isEmpty()) {
      lane.write(new LogRecord.Entries(replica.id(), effects.entries()));
    }
    var write = new PendingWrite(effects.writeNumber());
    lastWrite = write;
    lane.whenDurable(_ -> persisted(write));
  }

  private void persisted(PendingWrite write) {
    if (replica.stopped()) {
      return;
    }
    if (write == lastWrite) {
      lastWrite = null;
    }
    raft.persisted(write.number);
    write.messages.forEach(replica::send);
    lane.touch(replica);
  }
}
