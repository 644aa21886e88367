package dev.partita.node.partition;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.partita.node.error.DatabaseException;
import dev.partita.node.index.IndexDefinition;
import dev.partita.node.index.JsonBytes;
import dev.partita.node.index.JsonData;
import dev.partita.node.key.Key;
import dev.partita.node.key.KeyRange;
import dev.partita.node.key.PrimaryKey;
import dev.partita.node.storage.Batch;
import dev.partita.node.storage.Direction;
import dev.partita.node.storage.RowCursor;
import dev.partita.node.storage.Span;
import dev.partita.node.storage.StorageReader;
import dev.partita.node.time.Timestamp;
import java.util.List;

/// One step of building an index: adds the entries of the next rows. Deterministic.
///
/// Why the index is exact once all rows were looked at: a row that was written after the index was
/// added has had its entries maintained since that write; any other row is seen here as it still
/// is. Entries are added with the version of their row. So at every timestamp from the last commit
/// before the last step on, the live entries are those of the rows.
final class IndexBackfill {

  /// Bytes of entries after which a step ends early, whatever number of rows was asked for.
  private static final long STEP_BYTES_MAX = 4 << 20;

  private final StorageReader committed;
  private final Batch batch;
  private final PartitionState state;
  private final PartitionKeys keys;
  private final LockTable locks;
  private final Bounds bounds;

  /// Works on what is committed, with a batch that has no changes of rows or entries yet.
  IndexBackfill(
      StorageReader committed,
      Batch batch,
      PartitionState state,
      PartitionDescriptor descriptor,
      LockTable locks) {
    this.committed = committed;
    this.batch = batch;
    this.state = state;
    this.keys = new PartitionKeys(descriptor);
    this.locks = locks;
    this.bounds = descriptor.bounds();
  }

  /// The index after a step of up to so many rows.
  IndexState step(IndexState index, IndexState.Building building, int rowsMax) {
    var maintenance =
        new IndexMaintenance(index.index(), true, keys.index(index.index()), bounds, committed);
    var overlay = new EntryOverlay(committed);
    Span span = keys.rowSpan();
    Key next = building.next();
    KeyRange range = next == null ? span.range() : span.range().from(next);
    long scanned = building.scanned();
    long entries = index.entries();
    int looked = 0;
    try (RowCursor rows = committed.rows(range, Timestamp.MAX, Direction.FORWARD)) {
      while (rows.next()) {
        if (looked == rowsMax || batch.sizeBytes() > STEP_BYTES_MAX) {
          return index.withEntries(entries).withPhase(new IndexState.Building(rows.key(), scanned));
        }
        looked++;
        if (!span.contains(rows.key())) {
          continue;
        }
        PrimaryKey key = keys.primaryKey(rows.key());
        ObjectNode row = fields(index, rows.value());
        if (maintenance.awaits(key, row, locks)) {
          // A prepared transaction will have the same terms, or it will not: later is clear.
          return index.withEntries(entries).withPhase(new IndexState.Building(rows.key(), scanned));
        }
        scanned++;
        List<EntryChange> changes = maintenance.backfill(key, row, overlay);
        if (changes == null) {
          return failed(index, "Several rows have the same terms", key);
        }
        for (EntryChange change : changes) {
          change.writeTo(batch, rows.timestamp());
          entries += change.growth();
        }
      }
    } catch (DatabaseException e) {
      return index.withPhase(new IndexState.Failed(e.getMessage()));
    }
    return index.withEntries(entries).ready(state.lastCommit());
  }

  /// The order of keys needs nothing of the documents, which may be no objects.
  private static ObjectNode fields(IndexState index, byte[] document) {
    return index.index().id() == IndexDefinition.PRIMARY_ORDER_ID
        ? JsonNodeFactory.instance.objectNode()
        : JsonData.document(JsonBytes.of(document));
  }

  private static IndexState failed(IndexState index, String why, PrimaryKey key) {
    IndexDefinition definition = index.index();
    return index.withPhase(
        new IndexState.Failed("%s: index %s, key %s".formatted(why, definition.name(), key)));
  }
}
