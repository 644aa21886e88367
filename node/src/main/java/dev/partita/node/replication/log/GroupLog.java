package dev.partita.node.replication.log;

import dev.partita.node.raft.Entry;
import dev.partita.node.raft.EntryKind;
import dev.partita.node.raft.GroupId;
import dev.partita.node.raft.HardState;
import dev.partita.node.raft.LogView;
import dev.partita.node.raft.SnapshotMark;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// What the shared log holds durably of one group. Changed by the log's writer only, after a record
/// has become durable; read by the group's lane. Thread-safe.
public final class GroupLog implements LogView {
  /// What a hard state or mark counts for when the live bytes of a segment are added up.
  private static final int SMALL_RECORD_BYTES = 64;

  private final GroupId group;
  private final EntryTable table = new EntryTable();
  private final TreeMap<Long, Entry> configurations = new TreeMap<>();
  private HardState state = HardState.NONE;
  private SnapshotMark mark = SnapshotMark.NONE;
  private LogRecord.@Nullable Mark durableMark;
  private @Nullable SnapshotMark installing;
  private boolean removed;
  private SnapshotMark tombstone = SnapshotMark.NONE;
  private @Nullable Segment stateSegment;
  private @Nullable Segment markSegment;
  private @Nullable Segment installingSegment;

  GroupLog(GroupId group) {
    this.group = group;
  }

  public GroupId group() {
    return group;
  }

  /// Whether the log holds a replica of the group, as opposed to nothing, or the memory of a
  /// removed one.
  public synchronized boolean exists() {
    return stateSegment != null && !removed;
  }

  /// Whether a replica was removed, and there has been none since.
  synchronized boolean isRemoved() {
    return removed;
  }

  /// Where the log of a removed replica ended, [SnapshotMark#NONE] if there was none.
  public synchronized SnapshotMark tombstone() {
    return tombstone;
  }

  public synchronized HardState hardState() {
    return state;
  }

  /// The mark of a snapshot whose installation was begun and not ended.
  public synchronized @Nullable SnapshotMark installing() {
    return installing;
  }

  @Override
  public synchronized SnapshotMark snapshot() {
    return mark;
  }

  @Override
  public synchronized long lastIndex() {
    return Math.max(mark.index(), table.lastIndex());
  }

  @Override
  public synchronized long term(long index) {
    return index == mark.index() ? mark.term() : table.term(index);
  }

  @Override
  public synchronized List<Entry> configurationEntries() {
    return List.copyOf(configurations.values());
  }

  @Override
  public synchronized List<Entry> entries(long fromIndex, long toIndex, long bytesMax) {
    var entries = new ArrayList<Entry>();
    long bytes = 0;
    for (long index = fromIndex; index < toIndex; ) {
      Entry cached = table.cached(index);
      List<Entry> next =
          cached != null ? List.of(cached) : read(index, toIndex, Math.max(1, bytesMax - bytes));
      for (Entry entry : next) {
        bytes += entry.sizeBytes();
        if (bytes > bytesMax && !entries.isEmpty()) {
          return entries;
        }
        entries.add(entry);
      }
      index += next.size();
    }
    return entries;
  }

  /// Entries in `from .. to` that lie one behind the other in a file, as many as fit, at least one.
  private List<Entry> read(long from, long to, long bytesMax) {
    Segment segment = table.segment(from);
    int offset = table.offset(from);
    int length = table.size(from);
    long end = from + 1;
    while (end < to
        && table.cached(end) == null
        && table.segment(end) == segment
        && table.offset(end) == offset + length
        && length + table.size(end) <= bytesMax) {
      length += table.size(end);
      end++;
    }
    var buffer = ByteBuffer.allocate(length);
    try {
      segment.file.read(buffer, offset);
      return decode(buffer.flip(), from, end);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (IllegalArgumentException | BufferUnderflowException e) {
      throw new UncheckedIOException(
          new DamagedLogException(String.valueOf(e.getMessage()), segment.name(), offset));
    }
  }

  private List<Entry> decode(ByteBuffer buffer, long from, long end) {
    var entries = new ArrayList<Entry>((int) (end - from));
    for (long index = from; index < end; index++) {
      Entry entry = RecordCodec.getEntry(buffer);
      if (entry.index() != index || entry.term() != table.term(index)) {
        throw new IllegalArgumentException("Another entry than expected");
      }
      entries.add(entry);
    }
    return entries;
  }

  /// The lowest index behind which at most `bytesMax` of entries follow up to `throughIndex`: where
  /// to cut the log so that a tail of this size is kept.
  public synchronized long tailStart(long throughIndex, long bytesMax) {
    long index = Math.min(throughIndex, table.lastIndex());
    long bytes = 0;
    while (index > mark.index()) {
      bytes += table.size(index);
      if (bytes > bytesMax) {
        return index;
      }
      index--;
    }
    return mark.index();
  }

  /// Notes a record while the log is recovered, when no lane reads.
  synchronized void recover(LogRecord record, Segment segment, int offset) {
    apply(record, segment, offset);
    adoptMark();
  }

  /// Notes a durable record that lies at an offset of a segment.
  synchronized void apply(LogRecord record, Segment segment, int offset) {
    switch (record) {
      case LogRecord.Entries(GroupId _, List<Entry> entries) -> {
        long first = entries.getFirst().index();
        table.dropFrom(first);
        configurations.tailMap(first, true).clear();
        put(entries, segment, offset);
      }
      case LogRecord.Rewritten(GroupId _, List<Entry> entries) -> put(entries, segment, offset);
      case LogRecord.State(GroupId _, HardState newState) -> setState(newState, segment, false);
      case LogRecord.Removed(GroupId _, HardState lastState, long lastIndex, long lastTerm) -> {
        clear();
        tombstone = SnapshotMark.tombstone(lastIndex, lastTerm);
        setState(lastState, segment, true);
      }
      case LogRecord.Mark newMark -> setMark(newMark, segment);
      case LogRecord.Installing(GroupId _, SnapshotMark newMark) -> {
        boolean cancelled = newMark.index() == 0;
        installing = cancelled ? null : newMark;
        installingSegment = move(installingSegment, cancelled ? null : segment);
      }
    }
  }

  private void put(List<Entry> entries, Segment segment, int recordOffset) {
    int offset = recordOffset + RecordCodec.ENTRIES_OFFSET;
    for (Entry entry : entries) {
      int size = RecordCodec.sizeBytes(entry);
      if (entry.index() > mark.index()) {
        table.put(entry, segment, offset, size);
        if (entry.kind() == EntryKind.CONFIGURATION) {
          configurations.put(entry.index(), entry);
        }
      }
      offset += size;
    }
  }

  private void setState(HardState newState, Segment segment, boolean isRemoved) {
    state = newState;
    removed = isRemoved;
    stateSegment = move(stateSegment, segment);
  }

  private void setMark(LogRecord.Mark newMark, Segment segment) {
    LogRecord.Mark waiting = durableMark;
    SnapshotMark newest = waiting == null ? mark : waiting.mark();
    if (!newMark.reset() && newMark.mark().index() < newest.index()) {
      // A log that begins later needs no cut there.
      return;
    }
    boolean rewritten = !newMark.reset() && newMark.mark().equals(newest);
    if (!rewritten) {
      durableMark =
          waiting != null && waiting.reset()
              ? new LogRecord.Mark(group, newMark.mark(), true)
              : newMark;
    }
    markSegment = move(markSegment, segment);
    if (newMark.reset()) {
      installing = null;
      installingSegment = move(installingSegment, null);
    }
  }

  /// Lets the newest durable mark take effect: [#snapshot] is it, and what it replaces is gone.
  /// Called by the lane that reads this log.
  public synchronized void adoptMark() {
    LogRecord.Mark adopted = durableMark;
    if (adopted == null) {
      return;
    }
    durableMark = null;
    mark = adopted.mark();
    if (adopted.reset()) {
      table.dropAll(mark.index() + 1);
      configurations.clear();
    } else {
      table.dropThrough(mark.index());
      configurations.headMap(mark.index(), true).clear();
    }
  }

  private void clear() {
    table.dropAll(1);
    configurations.clear();
    mark = SnapshotMark.NONE;
    durableMark = null;
    installing = null;
    markSegment = move(markSegment, null);
    installingSegment = move(installingSegment, null);
  }

  private static @Nullable Segment move(@Nullable Segment from, @Nullable Segment to) {
    if (from != null) {
      from.release(SMALL_RECORD_BYTES);
    }
    if (to != null) {
      to.retain(SMALL_RECORD_BYTES);
    }
    return to;
  }

  synchronized void cache(List<Entry> entries) {
    for (Entry entry : entries) {
      if (table.has(entry.index()) && table.term(entry.index()) == entry.term()) {
        table.cache(entry);
      }
    }
  }

  synchronized void forgetCached(long fromIndex, long toIndex) {
    for (long index = fromIndex; index <= toIndex; index++) {
      table.forgetCached(index);
    }
  }

  /// Records that would let the segment go, as far as this group is concerned; entries up to a
  /// number of bytes, so that there may be more after these have been written.
  synchronized List<LogRecord> liveIn(Segment segment, long bytesMax) {
    var live = new ArrayList<LogRecord>();
    if (stateSegment == segment) {
      live.add(
          removed
              ? new LogRecord.Removed(group, state, tombstone.index(), tombstone.term())
              : new LogRecord.State(group, state));
    }
    LogRecord.Mark newest = durableMark;
    if (markSegment == segment) {
      live.add(new LogRecord.Mark(group, newest == null ? mark : newest.mark(), false));
    }
    SnapshotMark begun = installing;
    if (installingSegment == segment && begun != null) {
      live.add(new LogRecord.Installing(group, begun));
    }
    if (newest != null) {
      // Entries that the mark replaces must not come back behind it; the rest follows when it is
      // adopted.
      return live;
    }
    long from = table.firstIndex();
    while (from <= table.lastIndex() && table.segment(from) != segment) {
      from++;
    }
    long to = from;
    while (to <= table.lastIndex() && table.segment(to) == segment) {
      to++;
    }
    if (to > from) {
      live.add(new LogRecord.Rewritten(group, entries(from, to, bytesMax)));
    }
    return live;
  }

  /// The first index whose entry is missing after recovery, or 0.
  synchronized long firstHole() {
    long first = mark.index() + 1;
    if (table.lastIndex() < first) {
      return 0;
    }
    for (long index = first; index <= table.lastIndex(); index++) {
      if (!table.has(index)) {
        return index;
      }
    }
    return 0;
  }
}
