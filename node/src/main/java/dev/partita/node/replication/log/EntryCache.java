package dev.partita.node.replication.log;

import dev.partita.node.raft.Entry;
import java.util.ArrayDeque;
import java.util.List;

/// Keeps recently written entries in memory, for followers that are a little behind, up to a number
/// of bytes for all groups together; the oldest go first. Owned by the writer.
final class EntryCache {
  private record Cached(GroupLog group, long firstIndex, long lastIndex, long bytes) {}

  private final long bytesMax;
  private final ArrayDeque<Cached> oldestFirst = new ArrayDeque<>();
  private long bytes;

  EntryCache(long bytesMax) {
    this.bytesMax = bytesMax;
  }

  void add(GroupLog group, List<Entry> entries) {
    long size = 0;
    for (Entry entry : entries) {
      size += entry.sizeBytes();
    }
    group.cache(entries);
    Entry first = entries.getFirst();
    Entry last = entries.getLast();
    oldestFirst.add(new Cached(group, first.index(), last.index(), size));
    bytes += size;
    while (bytes > bytesMax) {
      Cached oldest = oldestFirst.remove();
      bytes -= oldest.bytes();
      oldest.group().forgetCached(oldest.firstIndex(), oldest.lastIndex());
    }
  }
}
