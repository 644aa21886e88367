package dev.partita.node.partition;

import dev.partita.node.key.Key;
import dev.partita.node.key.KeyRange;
import dev.partita.node.storage.Direction;
import dev.partita.node.storage.RowCursor;
import dev.partita.node.storage.Span;
import dev.partita.node.storage.StorageReader;
import dev.partita.node.time.Timestamp;

/// One step of counting the rows of a Partition that was made by a split. Deterministic.
///
/// Why the count is exact at the end: a row behind the place where the count stands was counted as
/// it was, and every change of it since has changed the count; a row before that place is counted
/// when the count comes there.
final class RowCount {

  /// Bytes of rows after which a step ends early: writes wait for as long as it takes.
  private static final long STEP_BYTES_MAX = 1 << 20;

  private final StorageReader committed;
  private final PartitionState state;
  private final PartitionDescriptor descriptor;

  RowCount(StorageReader committed, PartitionState state, PartitionDescriptor descriptor) {
    this.committed = committed;
    this.state = state;
    this.descriptor = descriptor;
  }

  /// The state after a step of up to so many rows.
  PartitionState step(int rowsMax) {
    Recount count = state.recount();
    if (count == null) {
      return state;
    }
    Span span = new PartitionKeys(descriptor).rowSpan();
    Key next = count.next();
    KeyRange range = next == null ? span.range() : span.range().from(next);
    long rows = count.rows();
    long bytes = count.bytes();
    int looked = 0;
    long looking = 0;
    try (RowCursor cursor = committed.rows(range, Timestamp.MAX, Direction.FORWARD)) {
      while (cursor.next()) {
        if (looked++ == rowsMax || looking >= STEP_BYTES_MAX) {
          return state.withRecount(new Recount(cursor.key(), rows, bytes));
        }
        looking += cursor.value().length;
        if (span.contains(cursor.key())) {
          rows++;
          bytes += cursor.key().size() + cursor.value().length;
        }
      }
    }
    return state.counted(new Recount(next, rows, bytes));
  }
}
