package dev.partita.node.replication;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.partita.node.raft.GroupId;
import dev.partita.node.raft.Message;
import dev.partita.node.raft.MessageCodec;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import java.util.zip.CRC32C;

/// The requests by which a snapshot is carried over: one `Begin`, a `Chunk` for each piece of each file, one `End`. Each is answered
/// by one byte, [#ACCEPTED] or [#REFUSED].
///
///     BEGIN  type u8 | session u64 | group u64 | file count u32 | files (name length u16, name, size u64) | message
///     CHUNK  type u8 | session u64 | file u32 | offset u64 | CRC32C u32 | data
///     END    type u8 | session u64
final class SnapshotWire {
  static final String SERVICE = "snapshot";
  static final byte ACCEPTED = 1;
  static final byte REFUSED = 0;

  private static final byte BEGIN = 1;
  private static final byte CHUNK = 2;
  private static final byte END = 3;
  private static final int CHUNK_HEADER_BYTES = 25;
  private static final int FILES_MAX = 100_000;

  /// Names that cannot lead out of a directory.
  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9_][A-Za-z0-9._-]{0,199}");

  private SnapshotWire() {}

  sealed interface Request {
    long session();
  }

  /// Announces a snapshot.
  ///
  /// @param message for the core once all files are there
  record Begin(long session, GroupId group, List<FileEntry> files, Message.InstallSnapshot message)
      implements Request {
    Begin {
      files = List.copyOf(files);
    }
  }

  /// A piece of a file; `data` is what remains of the buffer.
  record Chunk(long session, int file, long offset, ByteBuffer data) implements Request {}

  /// All files are complete.
  record End(long session) implements Request {}

  /// A file of a snapshot.
  record FileEntry(String name, long sizeBytes) {
    FileEntry {
      if (!NAME.matcher(name).matches() || sizeBytes < 0) {
        throw new IllegalArgumentException("Not a file of a snapshot: " + name);
      }
    }
  }

  static byte[] encode(Begin begin) {
    int size = 1 + 2 * Long.BYTES + Integer.BYTES + MessageCodec.encodedSize(begin.message());
    for (FileEntry file : begin.files()) {
      size += Short.BYTES + file.name().length() + Long.BYTES;
    }
    byte[] bytes = new byte[size];
    ByteBuffer out = ByteBuffer.wrap(bytes).put(BEGIN).putLong(begin.session());
    out.putLong(begin.group().value()).putInt(begin.files().size());
    for (FileEntry file : begin.files()) {
      byte[] name = file.name().getBytes(UTF_8);
      out.putShort((short) name.length).put(name).putLong(file.sizeBytes());
    }
    MessageCodec.encode(begin.message(), out);
    return bytes;
  }

  static byte[] encode(Chunk chunk) {
    byte[] bytes = new byte[CHUNK_HEADER_BYTES + chunk.data().remaining()];
    ByteBuffer out = ByteBuffer.wrap(bytes).put(CHUNK).putLong(chunk.session());
    out.putInt(chunk.file()).putLong(chunk.offset()).putInt(crc(chunk.data()));
    out.put(chunk.data().duplicate());
    return bytes;
  }

  static byte[] encode(End end) {
    byte[] bytes = new byte[1 + Long.BYTES];
    ByteBuffer.wrap(bytes).put(END).putLong(end.session());
    return bytes;
  }

  /// Reads a request.
  ///
  /// @throws IllegalArgumentException if the bytes are none, or a chunk is damaged
  static Request decode(byte[] bytes) {
    ByteBuffer in = ByteBuffer.wrap(bytes);
    try {
      byte type = in.get();
      long session = in.getLong();
      return switch (type) {
        case BEGIN -> decodeBegin(session, in);
        case CHUNK -> decodeChunk(session, in);
        case END -> new End(session);
        default -> throw new IllegalArgumentException("Unknown request of a snapshot");
      };
    } catch (BufferUnderflowException e) {
      throw new IllegalArgumentException("A request of a snapshot ends too early", e);
    }
  }

  private static Begin decodeBegin(long session, ByteBuffer in) {
    var group = new GroupId(in.getLong());
    int count = in.getInt();
    if (count < 0 || count > FILES_MAX) {
      throw new IllegalArgumentException("Too many files in a snapshot");
    }
    var files = new ArrayList<FileEntry>();
    for (int i = 0; i < count; i++) {
      byte[] name = new byte[Short.toUnsignedInt(in.getShort())];
      in.get(name);
      files.add(new FileEntry(new String(name, UTF_8), in.getLong()));
    }
    if (MessageCodec.decode(in) instanceof Message.InstallSnapshot message) {
      return new Begin(session, group, files, message);
    }
    throw new IllegalArgumentException("A snapshot comes with another message");
  }

  private static Chunk decodeChunk(long session, ByteBuffer in) {
    int file = in.getInt();
    long offset = in.getLong();
    int crc = in.getInt();
    var chunk = new Chunk(session, file, offset, in.slice());
    if (crc(chunk.data()) != crc) {
      throw new IllegalArgumentException("A chunk of a snapshot is damaged");
    }
    return chunk;
  }

  private static int crc(ByteBuffer data) {
    var crc = new CRC32C();
    crc.update(data.duplicate());
    return (int) crc.getValue();
  }
}
