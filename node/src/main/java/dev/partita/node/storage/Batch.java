package dev.partita.node.storage;

import dev.partita.node.key.Key;
import dev.partita.node.key.KeyRange;
import dev.partita.node.time.Timestamp;
import org.jspecify.annotations.Nullable;

/// Changes that become visible together, and durable together. For one thread. Nothing is visible
/// before [#commit]; closing without it forgets the changes. Lives in memory, so the caller bounds
/// what it puts in.
public interface Batch extends AutoCloseable {
  /// The newest version of a row as this batch would leave it, or null.
  @Nullable Version get(Key row);

  /// Gives a row a new newest version; the former one becomes history. A second change at the same
  /// timestamp in the same batch replaces the first.
  ///
  /// @throws IllegalArgumentException when the row has a version at this timestamp or later
  void put(Key row, Timestamp timestamp, byte[] value);

  /// Deletes a row; its former version becomes history. Does nothing when there is no row.
  ///
  /// @throws IllegalArgumentException when the row has a version at this timestamp or later
  void delete(Key row, Timestamp timestamp);

  /// Makes an index entry live from a timestamp on. Reads nothing: the caller knows that the entry
  /// is not live, or writes the same version once more. To change what a live entry covers there is
  /// [#replaceEntry]; done with this method it reads right, but the former version stays until the
  /// entry is deleted and collected.
  void putEntry(Key entry, Timestamp timestamp, byte[] covered);

  /// Changes what a live index entry covers.
  void replaceEntry(Key entry, Timestamp timestamp, byte[] covered);

  /// Ends the life of an index entry.
  void deleteEntry(Key entry, Timestamp timestamp);

  /// Writes a record.
  void putMeta(Key key, byte[] value);

  /// Removes a record.
  void deleteMeta(Key key);

  /// Removes everything in a range with all its versions, as of the moment of the commit; what this
  /// batch writes into the range after this call stays, but no row that it changed before may lie
  /// in it.
  void deleteRange(Family family, KeyRange range);

  /// Bytes that the batch takes so far, for callers that split large work.
  long sizeBytes();

  /// Applies the changes, once.
  ///
  /// @throws StorageFailure when the storage is broken; nothing of the batch may be relied on then
  void commit();

  @Override
  void close();
}
