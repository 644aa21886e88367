package dev.partita.node.partition;

import dev.partita.node.index.IndexDefinition;
import dev.partita.node.storage.Batch;
import dev.partita.node.storage.Storage;
import java.util.ArrayList;

/// Applies what concerns the indexes of a Partition, and no rows. Used by the thread that applies,
/// for one command.
final class IndexApplier {

  private final PartitionId id;
  private final Storage storage;
  private final Batch batch;
  private final PartitionDescriptor descriptor;
  private final LockTable locks;
  private boolean littered;

  /// Works on what is committed, with a batch that has no changes of rows or entries yet.
  IndexApplier(
      PartitionId id,
      Storage storage,
      Batch batch,
      PartitionDescriptor descriptor,
      LockTable locks) {
    this.id = id;
    this.storage = storage;
    this.batch = batch;
    this.descriptor = descriptor;
    this.locks = locks;
  }

  /// Whether it has left entries that are to be removed one by one.
  boolean hasLittered() {
    return littered;
  }

  PartitionState add(PartitionState now, IndexDefinition index, long revision) {
    if (now.index(index.id()) != null || !locks.isEmpty()) {
      // What is prepared was not checked for this index. The leader proposes it again.
      return now;
    }
    // A column group that has only some fields of an index has no entries to build.
    IndexState.Phase phase =
        now.isEmpty() || descriptor.bounds().divides(index)
            ? new IndexState.Ready(now.lastCommit())
            : new IndexState.Building(null, 0);
    var indexes = new ArrayList<>(now.indexes());
    indexes.add(new IndexState(index, revision, phase, 0));
    return now.withIndexes(indexes);
  }

  PartitionState drop(PartitionState now, long index, long revision) {
    IndexState dropped = now.index(index);
    if (dropped == null || dropped.revision() > revision) {
      return now;
    }
    clear(dropped);
    return now.withIndexes(
        now.indexes().stream().filter(other -> other.index().id() != index).toList());
  }

  PartitionState backfill(PartitionState now, long index, int rows) {
    IndexState built = now.index(index);
    if (built == null || !(built.phase() instanceof IndexState.Building building)) {
      return now;
    }
    IndexState after =
        new IndexBackfill(storage, batch, now, descriptor, locks).step(built, building, rows);
    if (after.phase() instanceof IndexState.Failed) {
      clear(after);
      after = new IndexState(after.index(), after.revision(), after.phase(), 0);
    }
    return now.withIndex(after);
  }

  private void clear(IndexState index) {
    var entries = new PartitionKeys(descriptor).entrySpan(index.index());
    batch.deleteRange(entries.family(), entries.range());
    index.inherited().forEach(share -> noteLitter(index, share));
  }

  /// What lies among the entries of others is removed one by one, after this.
  private void noteLitter(IndexState index, IndexState.Inherited share) {
    littered = true;
    Litter.note(batch, id, index.index(), share);
  }

  PartitionState dropInherited(PartitionState now) {
    PartitionState after = now;
    for (IndexState index : now.indexes()) {
      for (IndexState.Inherited share : index.inherited()) {
        if (IndexState.isOver(share, now.safePoint())) {
          noteLitter(index, share);
        }
      }
      after = after.withIndex(index.withoutSharesBefore(now.safePoint()));
    }
    return after;
  }
}
