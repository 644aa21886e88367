package dev.partita.node.partition;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.partita.node.error.DatabaseException;
import dev.partita.node.index.IndexDefinition;
import dev.partita.node.index.IndexEntries;
import dev.partita.node.index.IndexEntry;
import dev.partita.node.index.IndexKeys;
import dev.partita.node.key.Key;
import dev.partita.node.key.KeyRange;
import dev.partita.node.key.PrimaryKey;
import dev.partita.node.storage.Direction;
import dev.partita.node.storage.IndexCursor;
import dev.partita.node.storage.StorageReader;
import dev.partita.node.time.Timestamp;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Computes what the change of a row changes in one index. For one thread.
///
/// While an index is being built, rows that the build has not come to have no entries yet, so an
/// entry that a row should have had is looked up before it is ended or replaced.
final class IndexMaintenance {

  private final IndexDefinition index;
  private final boolean building;
  private final IndexKeys keys;
  private final Bounds bounds;
  private final StorageReader committed;

  /// @param building whether rows may lack their entries
  /// @param keys of the space that is maintained
  /// @param bounds of the Partition: entries of rows outside, which may lie in the same space, are
  ///   no business of it
  IndexMaintenance(
      IndexDefinition index,
      boolean building,
      IndexKeys keys,
      Bounds bounds,
      StorageReader committed) {
    this.index = index;
    this.building = building;
    this.keys = keys;
    this.bounds = bounds;
    this.committed = committed;
  }

  /// The changes that turn the entries of `before` into those of `after`; null if another row has
  /// the terms of a unique index. They are noted in the overlay where later checks need them.
  ///
  /// @param before null if there was no row
  /// @param after null if there is no row any more
  @Nullable List<EntryChange> changes(
      PrimaryKey key,
      @Nullable ObjectNode before,
      @Nullable ObjectNode after,
      EntryOverlay overlay) {
    var changes = new ArrayList<EntryChange>();
    Map<Key, IndexEntry> old = formerEntries(key, before);
    for (IndexEntry entry : entries(key, after).values()) {
      Key entryKey = keys.key(entry.position());
      IndexEntry former = old.remove(entry.position());
      if (former == null) {
        if (collides(entry, key, overlay)) {
          return null;
        }
        changes.add(new EntryChange.Put(entryKey, entry.covered()));
      } else if (!former.covered().equals(entry.covered()) && isThere(entryKey, overlay)) {
        changes.add(new EntryChange.Replace(entryKey, entry.covered()));
      }
    }
    for (IndexEntry former : old.values()) {
      Key entryKey = keys.key(former.position());
      if (isThere(entryKey, overlay)) {
        changes.add(new EntryChange.Delete(entryKey));
      }
    }
    note(changes, overlay);
    return changes;
  }

  /// The changes that add the entries of a row which is there already, as far as they are not live;
  /// null if another row has the terms of a unique index.
  @Nullable List<EntryChange> backfill(PrimaryKey key, ObjectNode row, EntryOverlay overlay) {
    var changes = new ArrayList<EntryChange>();
    for (IndexEntry entry : entries(key, row).values()) {
      Key entryKey = keys.key(entry.position());
      if (!overlay.isLive(entryKey)) {
        if (collides(entry, key, overlay)) {
          return null;
        }
        changes.add(new EntryChange.Put(entryKey, entry.covered()));
      }
    }
    note(changes, overlay);
    return changes;
  }

  /// Whether a prepared transaction will give another row the terms that this one has in a unique
  /// index, if it commits.
  boolean awaits(PrimaryKey key, ObjectNode row, LockTable locks) {
    return index.uniqueInside()
        && !locks.isEmpty()
        && entries(key, row).values().stream()
            .anyMatch(entry ->
                !entry.hasNullTerm() && locks.holdsTerms(keys.sameTerms(entry.position())));
  }

  /// A row that was written before the index was added may have entries that are not possible. It
  /// has none then, and can be changed or deleted before the build comes to it and fails.
  private Map<Key, IndexEntry> formerEntries(PrimaryKey key, @Nullable ObjectNode document) {
    try {
      return entries(key, document);
    } catch (DatabaseException e) {
      if (building) {
        return new LinkedHashMap<>();
      }
      throw new IllegalStateException("a row of a ready index has no possible entries", e);
    }
  }

  private Map<Key, IndexEntry> entries(PrimaryKey key, @Nullable ObjectNode document) {
    var entries = new LinkedHashMap<Key, IndexEntry>();
    if (document != null) {
      for (IndexEntry entry : IndexEntries.of(index, key, document)) {
        entries.put(entry.position(), entry);
      }
    }
    return entries;
  }

  private boolean isThere(Key entry, EntryOverlay overlay) {
    return !building || overlay.isLive(entry);
  }

  private void note(List<EntryChange> changes, EntryOverlay overlay) {
    if (building || index.uniqueInside()) {
      for (EntryChange change : changes) {
        overlay.set(change.entry(), !(change instanceof EntryChange.Delete));
      }
    }
  }

  private boolean collides(IndexEntry entry, PrimaryKey own, EntryOverlay overlay) {
    if (!index.uniqueInside() || entry.hasNullTerm()) {
      return false;
    }
    KeyRange sameTerms = KeyRange.prefix(keys.sameTerms(entry.position()));
    for (Key other : overlay.madeLive(sameTerms)) {
      if (!belongsTo(other, own)) {
        return true;
      }
    }
    try (IndexCursor cursor = committed.entries(sameTerms, Timestamp.MAX, Direction.FORWARD)) {
      while (cursor.next()) {
        Key other = cursor.key();
        if (!Boolean.FALSE.equals(overlay.change(other))
            && !belongsTo(other, own)
            && bounds.contains(keys.primaryKey(IndexKeys.position(other)))) {
          return true;
        }
      }
    }
    return false;
  }

  private boolean belongsTo(Key entry, PrimaryKey row) {
    return keys.primaryKey(IndexKeys.position(entry)).equals(row);
  }
}
