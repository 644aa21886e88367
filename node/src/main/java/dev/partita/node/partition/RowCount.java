package dev.partita.node.partition;

import dev.partita.node.key.KeyRange;
import dev.partita.node.storage.Direction;
import dev.partita.node.storage.ReadView;
import dev.partita.node.storage.RowCursor;
import dev.partita.node.storage.Span;
import dev.partita.node.storage.Storage;
import dev.partita.node.time.Timestamp;
import org.jspecify.annotations.Nullable;

/// Counts the rows of a Partition whose figures are estimates, beside all that goes on.
///
/// It counts in a view of the store, which has the figures of the same moment too. Every write
/// changes the figures and the rows by the same, so what the figures are off by is the same at all
/// times, on every member and however long the count takes: a Partition gets the difference by one
/// entry of its log.
///
/// Holds back what the view can see until it is closed. One thread at a time takes steps and asks
/// what has come of them; any thread closes it.
final class RowCount implements AutoCloseable {

  private final ReadView view;
  private final PartitionState state;
  private final Span span;
  private @Nullable KeyRange left;
  private long rows;
  private long bytes;
  private boolean stepping;
  private boolean closed;

  private RowCount(ReadView view, PartitionState state, PartitionDescriptor descriptor) {
    this.view = view;
    this.state = state;
    this.span = new PartitionKeys(descriptor).rowSpan();
    this.left = span.range();
  }

  /// A count of a Partition as it is now; null if its figures are no estimate.
  static @Nullable RowCount begin(Storage storage, PartitionId id) {
    ReadView view = storage.view();
    RowCount count = null;
    try {
      byte[] record = view.meta(PartitionKeys.stateRecord(id));
      PartitionState state = record == null ? PartitionState.EMPTY : PartitionState.decode(record);
      PartitionDescriptor descriptor = state.descriptor();
      if (descriptor != null && state.estimated()) {
        count = new RowCount(view, state, descriptor);
      }
      return count;
    } finally {
      if (count == null) {
        view.close();
      }
    }
  }

  /// Reads about so many bytes of documents more.
  ///
  /// @return whether there is more to read
  boolean step(long bytesMax) {
    KeyRange range = left;
    if (range == null || !enter()) {
      return false;
    }
    try {
      left = count(range, bytesMax);
    } finally {
      exit();
    }
    return left != null;
  }

  private synchronized boolean enter() {
    stepping = !closed;
    return stepping;
  }

  private synchronized void exit() {
    stepping = false;
    if (closed) {
      view.close();
    }
  }

  /// Returns what is left then.
  private @Nullable KeyRange count(KeyRange range, long bytesMax) {
    long looked = 0;
    try (RowCursor cursor = view.rows(range, Timestamp.MAX, Direction.FORWARD)) {
      while (cursor.next()) {
        if (looked >= bytesMax) {
          return range.from(cursor.key());
        }
        looked += cursor.value().length;
        if (span.contains(cursor.key())) {
          rows++;
          bytes += cursor.key().size() + cursor.value().length;
        }
      }
    }
    return null;
  }

  /// What the figures are off by; null unless all rows have been read.
  PartitionCommand.@Nullable CorrectCounters correction() {
    return left == null
        ? new PartitionCommand.CorrectCounters(rows - state.rows(), bytes - state.bytes())
        : null;
  }

  /// Ends the count where it is, and waits for nobody: a step that is under way closes the view.
  @Override
  public synchronized void close() {
    closed = true;
    if (!stepping) {
      view.close();
    }
  }
}
