package dev.partita.node.storage;

import dev.partita.node.key.Key;
import dev.partita.node.time.Timestamp;

/// Walks over the rows of a range as they were at one timestamp; what is deleted then is left out.
/// Stands before the first one when opened. For one thread; the caller closes it, and the view it
/// came from after it.
public interface RowCursor extends AutoCloseable {
  /// Moves on; false at the end. The other methods may be called only after this one gave true.
  boolean next();

  /// The storage key of the row.
  Key key();

  /// When the version was committed.
  Timestamp timestamp();

  /// The document; the caller owns the array.
  byte[] value();

  @Override
  void close();
}
