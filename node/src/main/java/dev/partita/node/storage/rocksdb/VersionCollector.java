package dev.partita.node.storage.rocksdb;

import dev.partita.node.key.Key;
import dev.partita.node.key.KeyRange;
import dev.partita.node.storage.CollectProgress;
import dev.partita.node.storage.Family;
import dev.partita.node.storage.Span;
import dev.partita.node.time.Timestamp;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.locks.Lock;
import org.jspecify.annotations.Nullable;
import org.rocksdb.ReadOptions;
import org.rocksdb.RocksDBException;
import org.rocksdb.WriteBatch;

/// One step of collection: walks over `history` and `ended` and removes versions that no read at
/// the safe point or later can see. For one thread and one step.
///
/// A version can go when a newer one of the same key is at or before the safe point, and a deletion
/// can go when it is itself at or before the safe point, since nothing older is left then. The
/// versions of one key are looked at together; the budget is looked at between keys.
final class VersionCollector implements AutoCloseable {
  /// Removals that are written at once: keeps the moment short in which commits wait.
  private static final int REMOVALS_MAX = 512;

  private final Database database;
  private final Timestamp safePoint;
  private final int budget;
  private final WriteBatch batch = new WriteBatch();
  private final ReadOptions read = new ReadOptions().setFillCache(false);

  /// What may be removed only if nothing newer was committed meanwhile.
  private final List<Removal> removals = new ArrayList<>();

  private long examined;
  private long dropped;

  VersionCollector(Database database, Timestamp safePoint, int budget) {
    this.database = database;
    this.safePoint = safePoint;
    this.budget = budget;
  }

  CollectProgress collect(Span rows, Span entries) {
    database.lifetime.enter();
    try {
      Span rowsLeft = collectRows(rows);
      Span entriesLeft = rowsLeft.isEmpty() ? collectEntries(entries) : entries;
      apply();
      return new CollectProgress(examined, dropped, rowsLeft, entriesLeft);
    } catch (RocksDBException e) {
      throw Database.failure("cannot collect", e);
    } finally {
      database.lifetime.exit();
    }
  }

  @Override
  public void close() {
    batch.close();
    read.close();
  }

  private Span collectRows(Span rows) throws RocksDBException {
    if (rows.isEmpty()) {
      return rows;
    }
    try (Walk walk = database.walkOnce(ColumnFamily.HISTORY, null, rows.range())) {
      boolean valid = walk.first();
      while (valid) {
        Key row = Layout.keyOf(walk.key());
        if (examined >= budget) {
          return rows.from(row);
        }
        valid = rows.contains(row) ? collectRow(walk, row) : skip(walk, row);
      }
    }
    return Span.none(Family.ROWS);
  }

  /// Leaves the walk after the versions of the row; whether it stands on another one.
  private boolean collectRow(Walk walk, Key row) throws RocksDBException {
    boolean covered = false;
    if (!Layout.timestampOf(walk.key()).isAfter(safePoint)) {
      byte[] current = database.get(ColumnFamily.CURRENT, read, row.unsafeBytes());
      // Without a current record nothing can see the history.
      covered = current == null || !Layout.currentTimestamp(current).isAfter(safePoint);
      if (current != null && covered && Layout.isCurrentDeleted(current)) {
        removals.add(new Removal(ColumnFamily.CURRENT, row, Layout.currentTimestamp(current)));
      }
    }
    return collectVersions(walk, row, ColumnFamily.HISTORY, covered).valid();
  }

  private Span collectEntries(Span entries) throws RocksDBException {
    if (entries.isEmpty()) {
      return entries;
    }
    try (Walk walk = database.walkOnce(ColumnFamily.ENDED, null, entries.range())) {
      for (boolean valid = walk.first(); valid; valid = walk.next()) {
        Key entry = Key.wrap(walk.key());
        if (examined >= budget) {
          return entries.from(entry);
        }
        examined++;
        if (entries.contains(entry)) {
          collectEntry(entry);
        }
      }
    }
    return Span.none(Family.ENTRIES);
  }

  private void collectEntry(Key entry) throws RocksDBException {
    KeyRange versions = new KeyRange(entry, Key.wrap(Layout.afterVersions(entry)));
    try (Walk walk = database.walkOnce(ColumnFamily.INDEX, null, versions)) {
      if (!walk.first()) {
        removals.add(new Removal(ColumnFamily.ENDED, entry, null));
        return;
      }
      Timestamp newest = Layout.timestampOf(walk.key());
      Kept kept = collectVersions(walk, entry, ColumnFamily.INDEX, false);
      if (kept.isOneLive()) {
        removals.add(new Removal(ColumnFamily.ENDED, entry, newest));
      }
    }
  }

  /// Drops what can go of the versions from here on, newest first.
  ///
  /// @param covered whether a newer version at or before the safe point exists already
  private Kept collectVersions(Walk walk, Key key, ColumnFamily column, boolean covered)
      throws RocksDBException {
    boolean hidden = covered;
    int kept = 0;
    boolean newestDeleted = false;
    boolean valid = true;
    for (byte[] versioned = walk.key();
        valid && Layout.isVersionOf(key, versioned);
        versioned = valid ? walk.key() : versioned) {
      examined++;
      boolean deleted = Layout.isDeleted(walk.value());
      boolean old = !Layout.timestampOf(versioned).isAfter(safePoint);
      if (hidden || (old && deleted)) {
        batch.delete(database.handle(column), versioned);
        dropped++;
      } else {
        newestDeleted |= kept == 0 && deleted;
        kept++;
      }
      hidden |= old;
      valid = walk.next();
    }
    if (batch.count() + removals.size() >= REMOVALS_MAX) {
      apply();
    }
    return new Kept(valid, kept, newestDeleted);
  }

  private boolean skip(Walk walk, Key key) {
    examined++;
    return walk.next()
        && (!Layout.isVersionOf(key, walk.key()) || walk.seek(Layout.afterVersions(key)));
  }

  /// Writes the removals that still hold, and everything else, while no commit can change what they
  /// rest on.
  private void apply() throws RocksDBException {
    Lock lock = database.commitLock.writeLock();
    lock.lock();
    try {
      for (Removal removal : removals) {
        if (removal.stillHolds()) {
          batch.delete(database.handle(removal.column), removal.key.unsafeBytes());
          dropped += removal.column == ColumnFamily.CURRENT ? 1 : 0;
        }
      }
      if (batch.count() > 0) {
        database.writeExclusively(batch);
      }
    } finally {
      lock.unlock();
    }
    batch.clear();
    removals.clear();
  }

  /// What is left of a key: how many versions, and whether the newest of them is a deletion.
  private record Kept(boolean valid, int versions, boolean newestDeleted) {
    /// Whether nothing is left that a later safe point could remove.
    boolean isOneLive() {
      return versions == 0 || (versions == 1 && !newestDeleted);
    }
  }

  /// A record that goes if the key's newest version is still the one that was seen.
  private final class Removal {
    private final ColumnFamily column;
    private final Key key;
    private final @Nullable Timestamp newestSeen;

    Removal(ColumnFamily column, Key key, @Nullable Timestamp newestSeen) {
      this.column = column;
      this.key = key;
      this.newestSeen = newestSeen;
    }

    boolean stillHolds() {
      return Objects.equals(newest(), newestSeen);
    }

    private @Nullable Timestamp newest() {
      if (column == ColumnFamily.CURRENT) {
        byte[] current = database.get(ColumnFamily.CURRENT, read, key.unsafeBytes());
        return current == null ? null : Layout.currentTimestamp(current);
      }
      var version = VersionReader.newest(database, ColumnFamily.INDEX, null, key, Timestamp.MAX);
      return version == null ? null : version.timestamp();
    }
  }
}
