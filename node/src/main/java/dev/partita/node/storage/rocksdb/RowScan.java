package dev.partita.node.storage.rocksdb;

import dev.partita.node.key.Key;
import dev.partita.node.key.KeyRange;
import dev.partita.node.storage.Direction;
import dev.partita.node.storage.RowCursor;
import dev.partita.node.storage.Version;
import dev.partita.node.time.Timestamp;
import org.jspecify.annotations.Nullable;
import org.rocksdb.Snapshot;

/// Walks over `current`, and looks into `history` for rows that changed after the timestamp.
final class RowScan implements RowCursor {
  private final Database database;
  private final @Nullable Snapshot snapshot;
  private final Timestamp at;
  private final Direction direction;
  private final Walk current;

  /// Opened at the first row that needs it, and hence never before `current`.
  private @Nullable Walk history;

  private boolean started;
  private @Nullable Key key;
  private @Nullable Version version;

  RowScan(
      Database database,
      @Nullable Snapshot snapshot,
      KeyRange range,
      Timestamp at,
      Direction direction) {
    this.database = database;
    this.snapshot = snapshot;
    this.at = at;
    this.direction = direction;
    this.current = database.walk(ColumnFamily.CURRENT, snapshot, range.start(), range.end(), true);
  }

  @Override
  public boolean next() {
    while (advance()) {
      Key candidate = Key.wrap(current.key());
      Version found = versionOf(candidate);
      if (found != null && !found.isDeleted()) {
        key = candidate;
        version = found;
        return true;
      }
    }
    key = null;
    version = null;
    return false;
  }

  @Override
  public Key key() {
    return standing(key);
  }

  @Override
  public Timestamp timestamp() {
    return standing(version).timestamp();
  }

  @Override
  public byte[] value() {
    return standing(standing(version).value());
  }

  @Override
  public void close() {
    if (history != null) {
      history.close();
    }
    current.close();
  }

  private boolean advance() {
    boolean forward = direction == Direction.FORWARD;
    if (started) {
      return current.isValid() && (forward ? current.next() : current.previous());
    }
    started = true;
    return forward ? current.first() : current.last();
  }

  private @Nullable Version versionOf(Key candidate) {
    byte[] stored = current.value();
    if (!Layout.currentTimestamp(stored).isAfter(at)) {
      return Layout.currentVersion(stored);
    }
    if (history == null) {
      history = database.walk(ColumnFamily.HISTORY, snapshot, null, null, true);
    }
    return history.seek(Layout.versioned(candidate, at))
        ? VersionReader.versionAt(history, candidate)
        : null;
  }

  static <T> T standing(@Nullable T value) {
    if (value == null) {
      throw new IllegalStateException("the cursor stands on nothing");
    }
    return value;
  }
}
