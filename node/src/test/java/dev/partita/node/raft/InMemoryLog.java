package dev.partita.node.raft;

import java.util.ArrayList;
import java.util.List;

/// A log in memory: what a replica's disk holds.
final class InMemoryLog implements LogView {

  private SnapshotMark mark;
  private final ArrayList<Entry> entries = new ArrayList<>();

  InMemoryLog(SnapshotMark mark) {
    this.mark = mark;
  }

  /// Replaces everything from the first of `tail` on.
  void write(List<Entry> tail) {
    if (tail.isEmpty()) {
      return;
    }
    int kept = (int) (tail.getFirst().index() - firstIndex());
    entries.subList(kept, entries.size()).clear();
    entries.addAll(tail);
  }

  /// Cuts off everything up to `newMark`, whose entry the log holds.
  void compact(SnapshotMark newMark) {
    entries.subList(0, (int) (newMark.index() - mark.index())).clear();
    mark = newMark;
  }

  void reset(SnapshotMark newMark) {
    entries.clear();
    mark = newMark;
  }

  List<Entry> all() {
    return List.copyOf(entries);
  }

  @Override
  public SnapshotMark snapshot() {
    return mark;
  }

  @Override
  public long lastIndex() {
    return mark.index() + entries.size();
  }

  @Override
  public long term(long index) {
    return index == mark.index() ? mark.term() : at(index).term();
  }

  @Override
  public List<Entry> entries(long fromIndex, long toIndex, long bytesMax) {
    var found = new ArrayList<Entry>();
    long bytes = 0;
    for (long index = fromIndex; index < toIndex; index++) {
      bytes += at(index).sizeBytes();
      if (bytes > bytesMax && !found.isEmpty()) {
        break;
      }
      found.add(at(index));
    }
    return found;
  }

  private Entry at(long index) {
    return entries.get((int) (index - mark.index()) - 1);
  }
}
