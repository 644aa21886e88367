package dev.partita.node.replication;

import dev.partita.node.raft.Message;
import dev.partita.node.raft.Raft;
import dev.partita.node.raft.SnapshotMark;
import dev.partita.node.replication.log.GroupLog;
import dev.partita.node.replication.log.LogRecord;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// The snapshots of one replica: those it opens for others, and the one that it installs.
/// [#arrived] may be called from any thread; the rest belongs to the lane.
///
/// An installation is recorded in the log before the state machine is touched and again when it is
/// done, so that a replica that crashes in the middle knows it when it starts.
final class Snapshots {
  /// A snapshot that can be written out.
  record Opened(SnapshotMark mark, SnapshotSource source) {}

  /// A snapshot whose files are here, until the core has said whether it wants it.
  private record Arrived(SnapshotMark mark, Path directory, Consumer<Boolean> done) {}

  private final Replica replica;
  private final Lane lane;
  private final LongAdder installed;
  private final Raft raft;
  private final GroupLog log;
  private final StateMachine machine;
  private final Applier applier;
  private final Reads reads;
  private final List<CompletableFuture<Opened>> opening = new ArrayList<>();
  private @Nullable Arrived arrived;

  Snapshots(
      Replica replica,
      Lane lane,
      LongAdder installed,
      Raft raft,
      GroupLog log,
      StateMachine machine,
      Applier applier,
      Reads reads) {
    this.replica = replica;
    this.lane = lane;
    this.installed = installed;
    this.raft = raft;
    this.log = log;
    this.machine = machine;
    this.applier = applier;
    this.reads = reads;
  }

  // Outgoing

  /// Fixes the state machine's state for a snapshot, and its mark. The future fails if there is no
  /// snapshot to be had.
  CompletableFuture<Opened> open() {
    var result = new CompletableFuture<Opened>();
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

  private void completeOpened(long index, SnapshotSource source, CompletableFuture<Opened> result) {

    if (replica.stopped() || index < log.snapshot().index()) {
      source.close();
      result.completeExceptionally(new ReplicationRefusal.Stopped());
      return;
    }
    var mark = new SnapshotMark(index, raft.termAt(index), raft.configurationAt(index));
    result.complete(new Opened(mark, source));
  }

  // Incoming

  /// All files of a snapshot have come in.
  ///
  /// @param done told whether the core has taken it; the directory is free to be deleted then
  void arrived(Message.InstallSnapshot message, Path files, Consumer<Boolean> done) {
    lane.post(now -> {
      if (replica.stopped() || arrived != null) {
        done.accept(false);
        return;
      }
      arrived = new Arrived(message.mark(), files, done);
      replica.step(message, now);
    });
  }

  /// The turn ends: a snapshot that the core has not asked for by now, it does not need.
  void dropUnwanted() {
    Arrived unwanted = arrived;
    if (unwanted != null) {
      arrived = null;
      // Already covered by this log: as good as installed.
      unwanted.done().accept(true);
    }
  }

  /// Installs what has arrived, as the core wishes.
  void install(SnapshotMark mark) {
    Arrived snapshot = arrived;
    if (snapshot == null || !snapshot.mark().equals(mark)) {
      raft.snapshotAbandoned(mark);
      return;
    }
    arrived = null;
    lane.write(new LogRecord.Installing(replica.id(), mark));
    lane.whenDurable(_ -> {
      if (replica.stopped()) {
        snapshot.done().accept(false);
      } else {
        applier.submit(() -> installNow(snapshot), () -> snapshot.done().accept(false));
      }
    });
  }

  private void installNow(Arrived snapshot) {
    try {
      machine.install(snapshot.directory(), snapshot.mark());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    applier.installed(snapshot.mark().index());
    lane.post(_ -> {
      if (replica.stopped()) {
        snapshot.done().accept(false);
        return;
      }
      lane.write(new LogRecord.Mark(replica.id(), snapshot.mark(), true));
      lane.whenDurable(_ -> installDone(snapshot));
    });
  }

  private void installDone(Arrived snapshot) {
    installed.increment();
    snapshot.done().accept(true);
    if (!replica.stopped()) {
      log.adoptMark();
      raft.snapshotInstalled(snapshot.mark());
      reads.applied(applier.appliedIndex());
      lane.touch(replica);
    }
  }

  void stop() {
    opening.forEach(snapshot -> snapshot.completeExceptionally(new ReplicationRefusal.Stopped()));
    if (arrived != null) {
      arrived.done().accept(false);
      arrived = null;
    }
  }
}
