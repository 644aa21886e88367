package dev.partita.node.replication.log;

import dev.partita.node.raft.Configuration;
import dev.partita.node.raft.Entry;
import dev.partita.node.raft.EntryKind;
import dev.partita.node.raft.GroupId;
import dev.partita.node.raft.HardState;
import dev.partita.node.raft.NodeId;
import dev.partita.node.raft.SnapshotMark;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.CRC32C;

/// The bytes of a [LogRecord]:
///
///     kind u8 | group u64 | fields of the kind
///
///     ENTRIES, REWRITTEN  count u32 | entries
///     STATE               term u64 | vote u64 (0: none) | commit index u64
///     REMOVED             as STATE, then last index u64 | last term u64
///     MARK, RESET, INSTALLING  index u64 | term u64 | length u32 | configuration
///
///     entry               kind u8 | term u64 | index u64 | length u32 | CRC32C u32 | data
///
/// Numbers are big-endian. The data of an entry has a checksum of its own, because it is read back alone; its
/// term and index are compared with what the reader expects.
final class RecordCodec {
  /// Where the first entry of a record begins.
  static final int ENTRIES_OFFSET = 13;

  static final int ENTRY_HEADER_BYTES = 25;
  private static final int RECORD_HEADER_BYTES = 9;

  private static final byte ENTRIES = 1;
  private static final byte REWRITTEN = 2;
  private static final byte STATE = 3;
  private static final byte MARK = 4;
  private static final byte RESET = 5;
  private static final byte INSTALLING = 6;
  private static final byte REMOVED = 7;

  private static final byte COMMAND = 1;
  private static final byte CONFIGURATION = 2;
  private static final byte EMPTY = 3;

  private RecordCodec() {}

  static int sizeBytes(LogRecord record) {
    return RECORD_HEADER_BYTES
        + switch (record) {
          case LogRecord.Entries(GroupId _, List<Entry> entries) -> sizeBytes(entries);
          case LogRecord.Rewritten(GroupId _, List<Entry> entries) -> sizeBytes(entries);
          case LogRecord.State _ -> 3 * Long.BYTES;
          case LogRecord.Removed _ -> 5 * Long.BYTES;
          case LogRecord.Mark(GroupId _, SnapshotMark mark, boolean _) -> sizeBytes(mark);
          case LogRecord.Installing(GroupId _, SnapshotMark mark) -> sizeBytes(mark);
        };
  }

  private static int sizeBytes(List<Entry> entries) {
    int size = Integer.BYTES;
    for (Entry entry : entries) {
      size += sizeBytes(entry);
    }
    return size;
  }

  static int sizeBytes(Entry entry) {
    return ENTRY_HEADER_BYTES + entry.data().length;
  }

  private static int sizeBytes(SnapshotMark mark) {
    return 2 * Long.BYTES + Integer.BYTES + mark.configuration().encode().length;
  }

  static void encode(LogRecord record, ByteBuffer out) {
    switch (record) {
      case LogRecord.Entries(GroupId group, List<Entry> entries) -> {
        begin(out, ENTRIES, group);
        putEntries(out, entries);
      }
      case LogRecord.Rewritten(GroupId group, List<Entry> entries) -> {
        begin(out, REWRITTEN, group);
        putEntries(out, entries);
      }
      case LogRecord.State(GroupId group, HardState state) -> {
        begin(out, STATE, group);
        putState(out, state);
      }
      case LogRecord.Removed(GroupId group, HardState state, long lastIndex, long lastTerm) -> {
        begin(out, REMOVED, group);
        putState(out, state);
        out.putLong(lastIndex).putLong(lastTerm);
      }
      case LogRecord.Mark(GroupId group, SnapshotMark mark, boolean reset) -> {
        begin(out, reset ? RESET : MARK, group);
        putMark(out, mark);
      }
      case LogRecord.Installing(GroupId group, SnapshotMark mark) -> {
        begin(out, INSTALLING, group);
        putMark(out, mark);
      }
    }
  }

  private static void begin(ByteBuffer out, byte kind, GroupId group) {
    out.put(kind).putLong(group.value());
  }

  private static void putEntries(ByteBuffer out, List<Entry> entries) {
    out.putInt(entries.size());
    for (Entry entry : entries) {
      out.put(codeOf(entry.kind())).putLong(entry.term()).putLong(entry.index());
      out.putInt(entry.data().length).putInt(checksum(entry.data())).put(entry.data());
    }
  }

  private static void putState(ByteBuffer out, HardState state) {
    NodeId vote = state.vote();
    out.putLong(state.term()).putLong(vote == null ? 0 : vote.value()).putLong(state.commitIndex());
  }

  private static void putMark(ByteBuffer out, SnapshotMark mark) {
    byte[] configuration = mark.configuration().encode();
    out.putLong(mark.index()).putLong(mark.term()).putInt(configuration.length).put(configuration);
  }

  private static int checksum(byte[] data) {
    var crc = new CRC32C();
    crc.update(data);
    return (int) crc.getValue();
  }

  /// Reads one record and leaves the position behind it.
  ///
  /// @throws IllegalArgumentException if the bytes are no record
  static LogRecord decode(ByteBuffer in) {
    try {
      byte kind = in.get();
      var group = new GroupId(in.getLong());
      return switch (kind) {
        case ENTRIES -> new LogRecord.Entries(group, getEntries(in));
        case REWRITTEN -> new LogRecord.Rewritten(group, getEntries(in));
        case STATE -> new LogRecord.State(group, getState(in));
        case REMOVED -> new LogRecord.Removed(group, getState(in), in.getLong(), in.getLong());
        case MARK -> new LogRecord.Mark(group, getMark(in), false);
        case RESET -> new LogRecord.Mark(group, getMark(in), true);
        case INSTALLING -> new LogRecord.Installing(group, getMark(in));
        default -> throw new IllegalArgumentException("Unknown kind of record");
      };
    } catch (BufferUnderflowException e) {
      throw new IllegalArgumentException("A record ends too early", e);
    }
  }

  private static List<Entry> getEntries(ByteBuffer in) {
    int count = in.getInt();
    if (count < 1 || count > in.remaining() / ENTRY_HEADER_BYTES) {
      throw new IllegalArgumentException("Impossible number of entries");
    }
    var entries = new ArrayList<Entry>(count);
    for (int i = 0; i < count; i++) {
      entries.add(getEntry(in));
    }
    return entries;
  }

  /// Reads one entry and leaves the position behind it.
  ///
  /// @throws IllegalArgumentException if the checksum does not match
  static Entry getEntry(ByteBuffer in) {
    byte kind = in.get();
    long term = in.getLong();
    long index = in.getLong();
    int length = in.getInt();
    int checksum = in.getInt();
    if (length < 0 || length > in.remaining()) {
      throw new IllegalArgumentException("Impossible length of an entry");
    }
    var data = new byte[length];
    in.get(data);
    if (checksum(data) != checksum) {
      throw new IllegalArgumentException("Wrong checksum of an entry");
    }
    return new Entry(term, index, kindOf(kind), data);
  }

  private static HardState getState(ByteBuffer in) {
    long term = in.getLong();
    long vote = in.getLong();
    return new HardState(term, vote == 0 ? null : new NodeId(vote), in.getLong());
  }

  private static SnapshotMark getMark(ByteBuffer in) {
    long index = in.getLong();
    long term = in.getLong();
    int length = in.getInt();
    if (length < 0 || length > in.remaining()) {
      throw new IllegalArgumentException("Impossible length of a configuration");
    }
    var configuration = new byte[length];
    in.get(configuration);
    return new SnapshotMark(index, term, Configuration.decode(configuration));
  }

  private static byte codeOf(EntryKind kind) {
    return switch (kind) {
      case COMMAND -> COMMAND;
      case CONFIGURATION -> CONFIGURATION;
      case EMPTY -> EMPTY;
    };
  }

  private static EntryKind kindOf(byte code) {
    return switch (code) {
      case COMMAND -> EntryKind.COMMAND;
      case CONFIGURATION -> EntryKind.CONFIGURATION;
      case EMPTY -> EntryKind.EMPTY;
      default -> throw new IllegalArgumentException("Unknown kind of entry");
    };
  }
}
