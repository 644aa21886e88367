package dev.partita.node.partition;

import dev.partita.node.raft.SnapshotMark;
import dev.partita.node.replication.SnapshotSource;
import dev.partita.node.storage.Batch;
import dev.partita.node.storage.ReadView;
import dev.partita.node.storage.Span;
import dev.partita.node.storage.Storage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// Writes a replica's data to files and takes it in again.
///
/// A snapshot is the store's files with all versions and one file with the [PartitionState]. While
/// one is being installed, a record holds the states before and after it in the place of the
/// replica's own: whoever finds it after a crash clears what both may have in the store.
final class PartitionSnapshots {
  private static final System.Logger LOG = System.getLogger(PartitionSnapshots.class.getName());
  private static final String STATE_FILE = "partition.state";

  private final PartitionId id;
  private final Storage storage;
  private final SplitRules rules;

  PartitionSnapshots(PartitionId id, Storage storage, SplitRules rules) {
    this.id = id;
    this.storage = storage;
    this.rules = rules;
  }

  /// Fixes the state and the data of this moment.
  SnapshotSource open(PartitionState state) {
    ReadView view = storage.view();
    return new SnapshotSource() {
      @Override
      public void writeTo(Path directory) throws IOException {
        storage.exportFiles(view, PartitionKeys.spans(state), directory);
        Files.write(directory.resolve(STATE_FILE), state.encode());
      }

      @Override
      public void close() {
        view.close();
      }
    };
  }

  /// Replaces the replica's data by that of a snapshot.
  ///
  /// @return the state that is in force and durable now
  PartitionState install(Path directory, SnapshotMark mark, PartitionState before)
      throws IOException {
    Path file = directory.resolve(STATE_FILE);
    PartitionState after =
        PartitionState.decode(Files.readAllBytes(file))
            .applied(mark.index(), mark.term())
            .withConfiguration(mark.configuration());
    Files.delete(file);
    begin(before, after);
    PartitionKeys.spans(before).forEach(storage::clear);
    storage.importFiles(directory, PartitionKeys.spans(after));
    try (Batch batch = storage.newBatch()) {
      batch.putMeta(PartitionKeys.stateRecord(id), after.encode());
      batch.deleteMeta(PartitionKeys.installRecord(id));
      batch.commit();
    }
    storage.flush();
    LOG.log(
        System.Logger.Level.INFO,
        "Partition {0}: a snapshot of what was applied up to {1} replaces what was here up to {2}",
        id,
        Long.toString(after.appliedIndex()),
        Long.toString(before.appliedIndex()));
    return after;
  }

  private void begin(PartitionState before, PartitionState after) {
    try (Batch batch = storage.newBatch()) {
      byte[] both =
          PartitionCodec.begin(1_024).bytes(before.encode()).bytes(after.encode()).toByteArray();
      batch.putMeta(PartitionKeys.installRecord(id), both);
      batch.deleteMeta(PartitionKeys.stateRecord(id));
      batch.commit();
    }
    storage.flush();
  }

  /// Leaves nothing of an installation that was cut short.
  void clearUnfinished() {
    byte[] both = storage.meta(PartitionKeys.installRecord(id));
    if (both == null) {
      return;
    }
    BinaryReader in = PartitionCodec.begin(both);
    List<Span> spans = new ArrayList<>(PartitionKeys.spans(PartitionState.decode(in.bytes())));
    spans.addAll(PartitionKeys.spans(PartitionState.decode(in.bytes())));
    clear(spans);
    storage.flush();
  }

  /// Removes everything that a replica in this state has. After a crash it may be there again, as
  /// long as nothing that was written later is there either.
  void remove(PartitionState state) {
    PartitionDescriptor descriptor = state.descriptor();
    List<Span> spans = new ArrayList<>(PartitionKeys.spans(state));
    if (descriptor != null) {
      Litter.remove(storage, descriptor);
      if (!rules.sparesRows()) {
        spans.add(new PartitionKeys(descriptor).rowSpan());
      }
    }
    clear(spans);
  }

  private void clear(List<Span> spans) {
    spans.forEach(storage::clear);
    try (Batch batch = storage.newBatch()) {
      batch.deleteMeta(PartitionKeys.stateRecord(id));
      batch.deleteMeta(PartitionKeys.leaderRecord(id));
      batch.deleteMeta(PartitionKeys.installRecord(id));
      batch.commit();
    }
  }
}
