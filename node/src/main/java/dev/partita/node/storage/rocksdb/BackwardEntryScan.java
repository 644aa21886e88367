package dev.partita.node.storage.rocksdb;

import dev.partita.node.key.Key;
import dev.partita.node.key.KeyRange;
import dev.partita.node.time.Timestamp;
import org.jspecify.annotations.Nullable;
import org.rocksdb.Snapshot;

/// Entries in descending order; the oldest version of each is met first.
final class BackwardEntryScan extends EntryScan {
  BackwardEntryScan(Database database, @Nullable Snapshot snapshot, KeyRange range, Timestamp at) {
    super(database, snapshot, range, at);
  }

  @Override
  boolean start() {
    if (range.isEmpty() || !walk.last()) {
      return false;
    }
    Key end = range.end();
    if (end == null || Layout.keyOf(walk.key()).compareTo(end) < 0) {
      return true;
    }
    return walk.seekBackward(end.unsafeBytes());
  }

  @Override
  boolean isPast(Key entry) {
    return entry.compareTo(range.start()) < 0;
  }

  @Override
  boolean readEntry(Key entry) {
    do {
      byte[] versioned = walk.key();
      if (!Layout.isVersionOf(entry, versioned)) {
        return true;
      }
      if (!Layout.timestampOf(versioned).isAfter(at)) {
        accept(versioned, walk.value());
      }
    } while (walk.previous());
    return false;
  }
}
