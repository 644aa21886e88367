package dev.partita.node.storage.rocksdb;

import dev.partita.node.key.Key;
import dev.partita.node.key.KeyRange;
import dev.partita.node.time.Timestamp;
import org.jspecify.annotations.Nullable;
import org.rocksdb.Snapshot;

/// Entries in ascending order; the newest version of each is met first.
final class ForwardEntryScan extends EntryScan {
  /// Steps over versions that are tried before a search: one or two versions are the rule.
  private static final int STEPS_MAX = 4;

  ForwardEntryScan(Database database, @Nullable Snapshot snapshot, KeyRange range, Timestamp at) {
    super(database, snapshot, range, at);
  }

  @Override
  boolean start() {
    return !range.isEmpty() && walk.first();
  }

  @Override
  boolean isPast(Key entry) {
    return range.end() != null && entry.compareTo(range.end()) >= 0;
  }

  @Override
  boolean readEntry(Key entry) {
    boolean valid = true;
    byte[] versioned = walk.key();
    if (Layout.timestampOf(versioned).isAfter(at)) {
      valid = walk.seek(Layout.versioned(entry, at));
      versioned = valid ? walk.key() : versioned;
    }
    if (!valid || !Layout.isVersionOf(entry, versioned)) {
      return valid;
    }
    accept(versioned, walk.value());
    return skipRest(entry);
  }

  private boolean skipRest(Key entry) {
    for (int i = 0; i < STEPS_MAX; i++) {
      if (!walk.next()) {
        return false;
      }
      if (!Layout.isVersionOf(entry, walk.key())) {
        return true;
      }
    }
    return walk.seek(Layout.afterVersions(entry));
  }
}
