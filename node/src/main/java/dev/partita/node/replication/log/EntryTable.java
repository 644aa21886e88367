package dev.partita.node.replication.log;

import dev.partita.node.raft.Entry;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// Where the entries of one group lie: for each index its term, segment, offset and size, and the
/// entry itself while it is cached. A growing array whose first slot moves up as the log is cut.
/// While a log is recovered there may be holes, where entries were met in a later place than those
/// that follow them.
final class EntryTable {
  private static final int SLOTS_MIN = 16;

  private long baseIndex = 1;
  private int start;
  private int count;
  private long[] terms = new long[0];
  private @Nullable Segment[] segments = new Segment[0];
  private int[] offsets = new int[0];
  private int[] sizes = new int[0];
  private @Nullable Entry[] cached = new Entry[0];

  /// The first index that may have an entry.
  long firstIndex() {
    return baseIndex;
  }

  /// The last index that has an entry, `firstIndex() - 1` if there are none.
  long lastIndex() {
    return baseIndex + count - 1;
  }

  boolean has(long index) {
    return index >= baseIndex && index <= lastIndex() && segments[slot(index)] != null;
  }

  long term(long index) {
    return terms[slot(index)];
  }

  /// The segment of an entry that exists.
  Segment segment(long index) {
    Segment segment = segments[slot(index)];
    if (segment == null) {
      throw new IllegalStateException("The log has a hole");
    }
    return segment;
  }

  int offset(long index) {
    return offsets[slot(index)];
  }

  int size(long index) {
    return sizes[slot(index)];
  }

  @Nullable Entry cached(long index) {
    return cached[slot(index)];
  }

  /// Sets where an entry lies, whatever was known of it before.
  void put(Entry entry, Segment segment, int offset, int size) {
    long index = entry.index();
    if (count == 0) {
      baseIndex = index;
      start = 0;
    } else if (index < baseIndex) {
      makeRoomBefore(index);
    }
    makeRoomUpTo(index);
    int slot = slot(index);
    release(slot);
    terms[slot] = entry.term();
    segments[slot] = segment;
    offsets[slot] = offset;
    sizes[slot] = size;
    cached[slot] = null;
    segment.retain(size);
  }

  void cache(Entry entry) {
    cached[slot(entry.index())] = entry;
  }

  void forgetCached(long index) {
    if (has(index)) {
      cached[slot(index)] = null;
    }
  }

  /// Drops all entries up to and including the index.
  void dropThrough(long index) {
    while (count > 0 && baseIndex <= index) {
      clear(start);
      start++;
      count--;
      baseIndex++;
    }
    if (count == 0) {
      reset(index + 1);
    } else if (start > count + SLOTS_MIN) {
      resize(count + SLOTS_MIN, 0);
    }
  }

  /// Drops all entries from the index on.
  void dropFrom(long index) {
    while (count > 0 && lastIndex() >= index) {
      clear(start + count - 1);
      count--;
    }
  }

  void dropAll(long nextIndex) {
    dropFrom(baseIndex);
    reset(nextIndex);
  }

  private void reset(long nextIndex) {
    baseIndex = nextIndex;
    start = 0;
    if (terms.length > SLOTS_MIN) {
      resize(SLOTS_MIN, 0);
    }
  }

  private int slot(long index) {
    return start + (int) (index - baseIndex);
  }

  private void clear(int slot) {
    release(slot);
    segments[slot] = null;
    cached[slot] = null;
  }

  private void release(int slot) {
    Segment segment = segments[slot];
    if (segment != null) {
      segment.release(sizes[slot]);
    }
  }

  private void makeRoomUpTo(long index) {
    int needed = Math.toIntExact(index - baseIndex + 1);
    if (start + needed > terms.length) {
      resize(Math.max(SLOTS_MIN, Math.max(needed, 2 * count)), 0);
    }
    count = Math.max(count, needed);
  }

  private void makeRoomBefore(long index) {
    int before = Math.toIntExact(baseIndex - index);
    resize(before + count, before);
    baseIndex = index;
    count += before;
  }

  /// Moves the entries to new arrays, behind `before` free slots.
  private void resize(int slots, int before) {
    int from = start;
    int length = count;
    long[] newTerms = new long[slots];
    System.arraycopy(terms, from, newTerms, before, length);
    @Nullable Segment[] newSegments = new Segment[slots];
    System.arraycopy(segments, from, newSegments, before, length);
    int[] newOffsets = new int[slots];
    System.arraycopy(offsets, from, newOffsets, before, length);
    int[] newSizes = new int[slots];
    System.arraycopy(sizes, from, newSizes, before, length);
    @Nullable Entry[] newCached = new Entry[slots];
    System.arraycopy(cached, from, newCached, before, length);
    Arrays.fill(segments, null);
    terms = newTerms;
    segments = newSegments;
    offsets = newOffsets;
    sizes = newSizes;
    cached = newCached;
    start = 0;
  }
}
