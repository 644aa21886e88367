package dev.partita.node.raft;

import java.util.ArrayList;
import java.util.List;

/// The stable log as the core reads it: entries whose write was reported by [Raft#persisted], and
/// the snapshot mark before them. The host may show entries that are written but not yet reported;
/// the core does not look at them. Calls come on the core's thread and must not block for long.
public interface LogView {

  /// Where the log begins: the last compacted index, its term, and the configuration in force
  /// there.
  SnapshotMark snapshot();

  /// The first index that [#entries] can return if it exists: `snapshot().index() + 1`.
  default long firstIndex() {
    return snapshot().index() + 1;
  }

  /// The last index of the log, `snapshot().index()` when it has no entries.
  long lastIndex();

  /// The term of the entry at `index`, which is in `snapshot().index() .. lastIndex()`.
  long term(long index);

  /// Entries from `fromIndex` up to but not including `toIndex`, which is at most `lastIndex() +
  /// 1`: as many as fit `bytesMax` (by [Entry#sizeBytes]), but always one.
  List<Entry> entries(long fromIndex, long toIndex, long bytesMax);

  /// The entries of kind [EntryKind#CONFIGURATION], in order; asked for once, at the start of a
  /// [Raft]. A host that meets every entry while it recovers its log can answer without reading it
  /// again.
  default List<Entry> configurationEntries() {
    var found = new ArrayList<Entry>();
    long nextIndex = firstIndex();
    while (nextIndex <= lastIndex()) {
      List<Entry> batch = entries(nextIndex, lastIndex() + 1, 1 << 20);
      batch.stream().filter(entry -> entry.kind() == EntryKind.CONFIGURATION).forEach(found::add);
      nextIndex += batch.size();
    }
    return found;
  }
}
