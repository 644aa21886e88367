package dev.partita.node.partition;

import dev.partita.node.key.Key;
import dev.partita.node.key.KeyRange;
import dev.partita.node.storage.StorageReader;
import dev.partita.node.storage.Version;
import dev.partita.node.time.Timestamp;
import java.util.NavigableMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// Which index entries are live, counting what a batch has changed and not committed yet. A child
/// overlay holds the changes of a write that may still fail. For one thread.
final class EntryOverlay {

  private final StorageReader committed;
  private final @Nullable EntryOverlay parent;
  private final NavigableMap<Key, Boolean> changes = new TreeMap<>();

  EntryOverlay(StorageReader committed) {
    this(committed, null);
  }

  private EntryOverlay(StorageReader committed, @Nullable EntryOverlay parent) {
    this.committed = committed;
    this.parent = parent;
  }

  EntryOverlay child() {
    return new EntryOverlay(committed, this);
  }

  void set(Key entry, boolean live) {
    changes.put(entry, live);
  }

  /// Makes the changes of a child its parent's.
  void absorb(EntryOverlay child) {
    changes.putAll(child.changes);
  }

  /// Whether the batch ends or begins the life of the entry; null if it does not touch it.
  @Nullable Boolean change(Key entry) {
    Boolean change = changes.get(entry);
    if (change == null && parent != null) {
      return parent.change(entry);
    }
    return change;
  }

  boolean isLive(Key entry) {
    Boolean change = change(entry);
    if (change != null) {
      return change;
    }
    Version version = committed.entry(entry, Timestamp.MAX);
    return version != null && !version.isDeleted();
  }

  /// The entries of a range that the batch has made live.
  Iterable<Key> madeLive(KeyRange range) {
    var live = new TreeMap<Key, Boolean>();
    for (EntryOverlay level = this; level != null; level = level.parent) {
      Key end = range.end();
      var within =
          end == null
              ? level.changes.tailMap(range.start(), true)
              : level.changes.subMap(range.start(), true, end, false);
      within.forEach(live::putIfAbsent);
    }
    live.values().removeIf(isLive -> !isLive);
    return live.keySet();
  }
}
