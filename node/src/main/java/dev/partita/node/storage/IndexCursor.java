package dev.partita.node.storage;

import dev.partita.node.key.Key;
import dev.partita.node.time.Timestamp;

/// Walks over the index entries of a range as they were at one timestamp; what is deleted then is
/// left out. Stands before the first one when opened. For one thread; the caller closes it, and the
/// view it came from after it.
public interface IndexCursor extends AutoCloseable {
  /// Moves on; false at the end. The other methods may be called only after this one gave true.
  boolean next();

  /// The key of the entry, without its timestamp.
  Key key();

  /// When the version was committed.
  Timestamp timestamp();

  /// What the entry covers; the caller owns the array.
  byte[] value();

  @Override
  void close();
}
