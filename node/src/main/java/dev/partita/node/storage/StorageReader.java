package dev.partita.node.storage;

import dev.partita.node.key.Key;
import dev.partita.node.key.KeyRange;
import dev.partita.node.time.Timestamp;
import java.util.SortedMap;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/// Reads of a [Storage] or of a [ReadView].
///
/// A read at a timestamp below the last safe point that was given to [Storage#collect] for these
/// keys may miss versions; the caller knows that safe point and refuses such reads. Whether a
/// deleted row shows as a deleted [Version] or as null depends on collection, which each node does
/// at its own pace: both mean that there is no row.
public interface StorageReader {
  /// The newest version of a row, or null. One lookup behind a Bloom filter.
  @Nullable Version get(Key row);

  /// The newest version of a row at or before a timestamp, or null. One lookup when that is the
  /// newest of all, else one more search.
  @Nullable Version get(Key row, Timestamp at);

  /// The rows of a range at a timestamp. Costs one search more for every row that was changed
  /// since.
  RowCursor rows(KeyRange range, Timestamp at, Direction direction);

  /// Finds the versions of rows after a timestamp, deletions included. Looks at each row of the
  /// range, reading past the cache, and at the history of those that have changed since; each
  /// version comes once if this is a view, in the order of rows and the newest first. Like reads,
  /// it may miss versions at or below the last safe point.
  ///
  /// @param rowsMax rows to look at, at most
  /// @param found told of each version, its row first
  /// @return the row to go on from; null at the end of the range
  @Nullable Key changes(
      KeyRange range, Timestamp after, int rowsMax, BiConsumer<Key, Timestamp> found);

  /// The newest version of an index entry at or before a timestamp, or null.
  @Nullable Version entry(Key entry, Timestamp at);

  /// The index entries of a range at a timestamp.
  IndexCursor entries(KeyRange range, Timestamp at, Direction direction);

  /// The record of this key, or null.
  byte @Nullable [] meta(Key key);

  /// The records of a range, all in memory: for what is known to be small.
  SortedMap<Key, byte[]> metaRange(KeyRange range);

  /// The last key of a range that has a record, or null.
  @Nullable Key lastMeta(KeyRange range);
}
