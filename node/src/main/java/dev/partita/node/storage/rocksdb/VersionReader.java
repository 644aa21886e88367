package dev.partita.node.storage.rocksdb;

import dev.partita.node.key.Key;
import dev.partita.node.key.KeyRange;
import dev.partita.node.storage.Direction;
import dev.partita.node.storage.IndexCursor;
import dev.partita.node.storage.RowCursor;
import dev.partita.node.storage.StorageReader;
import dev.partita.node.storage.Version;
import dev.partita.node.time.Timestamp;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;
import org.rocksdb.ReadOptions;
import org.rocksdb.Snapshot;

/// Reads versions, of a snapshot or the latest. For any thread.
///
/// Without a snapshot a read at a timestamp takes two steps, `current` and then `history`. It
/// misses nothing: a version leaves `current` only in the batch that puts it into `history`, and
/// `history` is looked at later.
sealed class VersionReader implements StorageReader permits RocksDbStorage, RocksDbView {
  private final Database database;
  private final @Nullable Snapshot snapshot;
  private final ReadOptions options;

  /// The caller closes the snapshot and the options, after all reads.
  VersionReader(Database database, @Nullable Snapshot snapshot, ReadOptions options) {
    this.database = database;
    this.snapshot = snapshot;
    this.options = options;
  }

  @Override
  public @Nullable Version get(Key row) {
    byte[] stored = database.get(ColumnFamily.CURRENT, options, row.unsafeBytes());
    return stored == null ? null : Layout.currentVersion(stored);
  }

  @Override
  public @Nullable Version get(Key row, Timestamp at) {
    byte[] stored = database.get(ColumnFamily.CURRENT, options, row.unsafeBytes());
    if (stored == null) {
      return null;
    }
    return Layout.currentTimestamp(stored).isAfter(at)
        ? newest(database, ColumnFamily.HISTORY, snapshot, row, at)
        : Layout.currentVersion(stored);
  }

  @Override
  public RowCursor rows(KeyRange range, Timestamp at, Direction direction) {
    return new RowScan(database, snapshot, range, at, direction);
  }

  /// Needs a view: between two reads of the latest state a version may move from `current` to
  /// `history`, and come twice.
  @Override
  public @Nullable Key changes(
      KeyRange range, Timestamp after, int rowsMax, BiConsumer<Key, Timestamp> found) {
    try (Walk current = database.walkOnce(ColumnFamily.CURRENT, snapshot, range);
        Walk history = database.walkOnce(ColumnFamily.HISTORY, snapshot, range)) {
      int rows = 0;
      for (boolean valid = current.first(); valid; valid = current.next()) {
        if (rows++ == rowsMax) {
          return Key.wrap(current.key());
        }
        Timestamp newest = current.timestamp();
        if (newest.isAfter(after)) {
          Key row = Key.wrap(current.key());
          found.accept(row, newest);
          formerChanges(history, row, after, found);
        }
      }
    }
    return null;
  }

  private static void formerChanges(
      Walk history, Key row, Timestamp after, BiConsumer<Key, Timestamp> found) {
    for (boolean valid = history.seek(row.unsafeBytes()); valid; valid = history.next()) {
      byte[] versioned = history.key();
      if (!Layout.isVersionOf(row, versioned) || !Layout.timestampOf(versioned).isAfter(after)) {
        return;
      }
      found.accept(row, Layout.timestampOf(versioned));
    }
  }

  @Override
  public @Nullable Version entry(Key entry, Timestamp at) {
    return newest(database, ColumnFamily.INDEX, snapshot, entry, at);
  }

  @Override
  public IndexCursor entries(KeyRange range, Timestamp at, Direction direction) {
    return switch (direction) {
      case FORWARD -> new ForwardEntryScan(database, snapshot, range, at);
      case BACKWARD -> new BackwardEntryScan(database, snapshot, range, at);
    };
  }

  @Override
  public byte @Nullable [] meta(Key key) {
    return database.get(ColumnFamily.META, options, key.unsafeBytes());
  }

  @Override
  public SortedMap<Key, byte[]> metaRange(KeyRange range) {
    SortedMap<Key, byte[]> records = new TreeMap<>();
    try (Walk walk = database.walk(ColumnFamily.META, snapshot, range.start(), range.end(), true)) {
      for (boolean valid = walk.first(); valid; valid = walk.next()) {
        records.put(Key.wrap(walk.key()), walk.value());
      }
    }
    return records;
  }

  @Override
  public @Nullable Key lastMeta(KeyRange range) {
    try (Walk walk = database.walk(ColumnFamily.META, snapshot, range.start(), range.end(), true)) {
      return walk.last() ? Key.wrap(walk.key()) : null;
    }
  }

  /// The newest version at or before a timestamp in a column family whose keys end with timestamps.
  static @Nullable Version newest(
      Database database, ColumnFamily column, @Nullable Snapshot snapshot, Key key, Timestamp at) {
    Key end = Key.wrap(Layout.afterVersions(key));
    try (Walk walk = database.walk(column, snapshot, null, end, true)) {
      return walk.seek(Layout.versioned(key, at)) ? versionAt(walk, key) : null;
    }
  }

  /// The version where the walk stands, or null when that is another key.
  static @Nullable Version versionAt(Walk walk, Key key) {
    byte[] versioned = walk.key();
    return Layout.isVersionOf(key, versioned)
        ? new Version(Layout.timestampOf(versioned), Layout.valueOf(walk.value()))
        : null;
  }
}
