package dev.partita.node.storage.rocksdb;

import static dev.partita.node.storage.rocksdb.RowScan.standing;

import dev.partita.node.key.Key;
import dev.partita.node.key.KeyRange;
import dev.partita.node.storage.IndexCursor;
import dev.partita.node.time.Timestamp;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import org.rocksdb.Snapshot;

/// Walks over `index`, where all versions of one entry lie together, the newest first.
///
/// The bounds of the range are entry keys and the walk is over entry keys with timestamps. Only one
/// entry can be on the wrong side because of its timestamp: the one whose key is the beginning of a
/// bound, as in a range that starts just after an entry. It is checked by its key.
abstract sealed class EntryScan implements IndexCursor permits ForwardEntryScan, BackwardEntryScan {
  final Walk walk;
  final KeyRange range;
  final Timestamp at;

  private boolean started;
  private @Nullable Key key;
  private @Nullable Timestamp timestamp;
  private byte @Nullable [] value;

  EntryScan(Database database, @Nullable Snapshot snapshot, KeyRange range, Timestamp at) {
    this.range = range;
    this.at = at;
    this.walk =
        database.walk(ColumnFamily.INDEX, snapshot, range.start(), physicalEnd(range.end()), true);
  }

  @Override
  public final boolean next() {
    boolean valid = started ? walk.isValid() : start();
    started = true;
    clear();
    while (valid) {
      Key entry = Layout.keyOf(walk.key());
      if (isPast(entry)) {
        break;
      }
      valid = readEntry(entry);
      if (value != null && !Layout.isDeleted(value) && range.contains(entry)) {
        key = entry;
        return true;
      }
      clear();
    }
    clear();
    return false;
  }

  @Override
  public final Key key() {
    return standing(key);
  }

  @Override
  public final Timestamp timestamp() {
    return standing(timestamp);
  }

  @Override
  public final byte[] value() {
    return Layout.liveValue(standing(value));
  }

  @Override
  public final void close() {
    walk.close();
  }

  /// Goes to the first physical key of the scan; whether there is one.
  abstract boolean start();

  /// Whether no further entry can be in the range.
  abstract boolean isPast(Key entry);

  /// From any version of the entry, accepts the one that the timestamp sees, if any, and goes on to
  /// the next entry; whether there is one.
  abstract boolean readEntry(Key entry);

  final void accept(byte[] versioned, byte[] stored) {
    timestamp = Layout.timestampOf(versioned);
    value = stored;
  }

  private void clear() {
    key = null;
    timestamp = null;
    value = null;
  }

  /// After the versions of the entry that this end is just after, if it is such an end.
  private static @Nullable Key physicalEnd(@Nullable Key end) {
    if (end == null || end.size() == 0 || end.unsafeBytes()[end.size() - 1] != 0) {
      return end;
    }
    Key before = Key.of(Arrays.copyOf(end.unsafeBytes(), end.size() - 1));
    return Key.wrap(Layout.afterVersions(before));
  }
}
