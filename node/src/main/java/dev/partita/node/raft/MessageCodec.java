package dev.partita.node.raft;

import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/// The binary form of a [Message]. Peers of different versions talk to each other: each message says its format and its length, a reader skips
/// what follows the fields it knows and takes zero for numbers that are missing at the end. Fields are only ever added at the end.
///
///     format u8 | type u8 | body length varint | from, to, term varint | fields of the type
///
/// Numbers are unsigned LEB128, clock readings 8 bytes big-endian, an entry is term, index, kind, length varint and its data.
public final class MessageCodec {

  private static final byte FORMAT = 1;

  private MessageCodec() {}

  /// Bytes that [#encode] will write.
  public static int encodedSize(Message message) {
    int bodySize = bodySize(message);
    return 2 + Varint.size(bodySize) + bodySize;
  }

  /// Writes one message of [#encodedSize] bytes.
  public static void encode(Message message, ByteBuffer out) {
    out.put(FORMAT);
    out.put(type(message));
    Varint.put(out, bodySize(message));
    Varint.put(out, message.from().value());
    Varint.put(out, message.to().value());
    Varint.put(out, message.term());
    switch (message) {
      case Message.PreVoteRequest m -> putNumbers(out, m.lastIndex(), m.lastTerm());
      case Message.PreVoteResponse m -> putNumbers(out, flag(m.granted()));
      case Message.VoteRequest m ->
          putNumbers(out, m.lastIndex(), m.lastTerm(), flag(m.transfer()));
      case Message.VoteResponse m -> putNumbers(out, flag(m.granted()));
      case Message.AppendEntries m -> {
        putNumbers(out, m.previousIndex(), m.previousTerm(), m.commitIndex(), m.entries().size());
        m.entries().forEach(entry -> putEntry(out, entry));
      }
      case Message.AppendAccepted m -> putNumbers(out, m.matchIndex());
      case Message.AppendRejected m ->
          putNumbers(out, m.rejectedIndex(), m.hintIndex(), m.hintTerm());
      case Message.Heartbeat m -> {
        putNumbers(out, m.commitIndex(), m.readRound());
        out.putLong(m.sentNanos());
      }
      case Message.HeartbeatResponse m -> {
        putNumbers(out, m.readRound());
        out.putLong(m.sentNanos());
      }
      case Message.InstallSnapshot m -> {
        putNumbers(out, m.mark().index(), m.mark().term());
        m.mark().configuration().encode(out);
      }
      case Message.TimeoutNow _ -> {}
      case Message.Quiesce m -> putNumbers(out, m.commitIndex());
    }
  }

  /// Reads one message and leaves the position behind it.
  ///
  /// @throws IllegalArgumentException when the bytes are no message, or one of a format or type
  ///   this version does not know
  public static Message decode(ByteBuffer in) {
    try {
      byte format = in.get();
      if (format != FORMAT) {
        throw new IllegalArgumentException("unknown format of a message: " + format);
      }
      byte type = in.get();
      long size = Varint.get(in);
      if (size < 0 || size > in.remaining()) {
        throw new BufferUnderflowException();
      }
      ByteBuffer body = in.slice(in.position(), (int) size);
      in.position(in.position() + (int) size);
      return decodeBody(type, body);
    } catch (BufferUnderflowException e) {
      throw new IllegalArgumentException("a message is cut off", e);
    }
  }

  private static Message decodeBody(byte type, ByteBuffer in) {
    var from = new NodeId(Varint.get(in));
    var to = new NodeId(Varint.get(in));
    long term = Varint.get(in);
    return switch (type) {
      case 1 -> new Message.PreVoteRequest(from, to, term, number(in), number(in));
      case 2 -> new Message.PreVoteResponse(from, to, term, number(in) != 0);
      case 3 -> new Message.VoteRequest(from, to, term, number(in), number(in), number(in) != 0);
      case 4 -> new Message.VoteResponse(from, to, term, number(in) != 0);
      case 5 ->
          new Message.AppendEntries(
              from, to, term, number(in), number(in), number(in), entries(in));
      case 6 -> new Message.AppendAccepted(from, to, term, number(in));
      case 7 -> new Message.AppendRejected(from, to, term, number(in), number(in), number(in));
      case 8 -> new Message.Heartbeat(from, to, term, number(in), number(in), in.getLong());
      case 9 -> new Message.HeartbeatResponse(from, to, term, number(in), in.getLong());
      case 10 ->
          new Message.InstallSnapshot(
              from, to, term, new SnapshotMark(number(in), number(in), Configuration.decode(in)));
      case 11 -> new Message.TimeoutNow(from, to, term);
      case 12 -> new Message.Quiesce(from, to, term, number(in));
      default -> throw new IllegalArgumentException("unknown type of message: " + type);
    };
  }

  private static byte type(Message message) {
    return switch (message) {
      case Message.PreVoteRequest _ -> 1;
      case Message.PreVoteResponse _ -> 2;
      case Message.VoteRequest _ -> 3;
      case Message.VoteResponse _ -> 4;
      case Message.AppendEntries _ -> 5;
      case Message.AppendAccepted _ -> 6;
      case Message.AppendRejected _ -> 7;
      case Message.Heartbeat _ -> 8;
      case Message.HeartbeatResponse _ -> 9;
      case Message.InstallSnapshot _ -> 10;
      case Message.TimeoutNow _ -> 11;
      case Message.Quiesce _ -> 12;
    };
  }

  private static int bodySize(Message message) {
    int size =
        Varint.size(message.from().value())
            + Varint.size(message.to().value())
            + Varint.size(message.term());
    return size
        + switch (message) {
          case Message.PreVoteRequest m -> sizeOf(m.lastIndex(), m.lastTerm());
          case Message.PreVoteResponse _, Message.VoteResponse _ -> 1;
          case Message.VoteRequest m -> sizeOf(m.lastIndex(), m.lastTerm()) + 1;
          case Message.AppendEntries m ->
              sizeOf(m.previousIndex(), m.previousTerm(), m.commitIndex(), m.entries().size())
                  + m.entries().stream().mapToInt(MessageCodec::entrySize).sum();
          case Message.AppendAccepted m -> sizeOf(m.matchIndex());
          case Message.AppendRejected m -> sizeOf(m.rejectedIndex(), m.hintIndex(), m.hintTerm());
          case Message.Heartbeat m -> sizeOf(m.commitIndex(), m.readRound()) + Long.BYTES;
          case Message.HeartbeatResponse m -> sizeOf(m.readRound()) + Long.BYTES;
          case Message.InstallSnapshot m ->
              sizeOf(m.mark().index(), m.mark().term()) + m.mark().configuration().encodedSize();
          case Message.TimeoutNow _ -> 0;
          case Message.Quiesce m -> sizeOf(m.commitIndex());
        };
  }

  private static int sizeOf(long... numbers) {
    int size = 0;
    for (long number : numbers) {
      size += Varint.size(number);
    }
    return size;
  }

  private static void putNumbers(ByteBuffer out, long... numbers) {
    for (long number : numbers) {
      Varint.put(out, number);
    }
  }

  private static long number(ByteBuffer in) {
    return in.hasRemaining() ? Varint.get(in) : 0;
  }

  private static int flag(boolean value) {
    return value ? 1 : 0;
  }

  private static int entrySize(Entry entry) {
    return sizeOf(entry.term(), entry.index(), entry.data().length) + 1 + entry.data().length;
  }

  private static void putEntry(ByteBuffer out, Entry entry) {
    Varint.put(out, entry.term());
    Varint.put(out, entry.index());
    out.put(entry.kind().code());
    Varint.put(out, entry.data().length);
    out.put(entry.data());
  }

  private static List<Entry> entries(ByteBuffer in) {
    long count = Varint.get(in);
    if (count < 0 || count > in.remaining()) {
      throw new BufferUnderflowException();
    }
    var entries = new ArrayList<Entry>((int) count);
    for (long i = 0; i < count; i++) {
      entries.add(entry(in));
    }
    return entries;
  }

  private static Entry entry(ByteBuffer in) {
    long term = Varint.get(in);
    long index = Varint.get(in);
    EntryKind kind = EntryKind.ofCode(in.get());
    long length = Varint.get(in);
    if (length < 0 || length > in.remaining()) {
      throw new BufferUnderflowException();
    }
    byte[] data = new byte[(int) length];
    in.get(data);
    return new Entry(term, index, kind, data);
  }
}
