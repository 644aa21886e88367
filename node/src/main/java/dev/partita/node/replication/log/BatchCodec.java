package dev.partita.node.replication.log;

import java.nio.ByteBuffer;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/// The bytes of a batch: everything that was written by one write and made durable by one sync.
///
///     magic u32 | body length u32 | sequence u64 | CRC32C of the body u32 | CRC32C of salt and all before u32 | body
///
/// The body is records and zeros up to a multiple of 8 bytes. A batch is valid as a whole or not at all. The next one is
/// written only when this one is durable, so a valid batch proves that all before it were, and damage before it
/// cannot come from a crash.
final class BatchCodec {
  static final int HEADER_BYTES = 24;
  static final int ALIGNMENT = 8;
  private static final int MAGIC = 0x50425448;
  private static final int HEADER_CRC_OFFSET = 20;

  private BatchCodec() {}

  /// A header that was found valid.
  record Header(int bodyBytes, long sequence, int bodyCrc) {}

  static int aligned(int bytes) {
    return Math.addExact(bytes, ALIGNMENT - 1) & -ALIGNMENT;
  }

  /// Writes the header in front of a body that lies in the buffer from [#HEADER_BYTES] up to its
  /// position, after padding it, and flips the buffer.
  static void seal(ByteBuffer buffer, long sequence, long salt) {
    while (buffer.position() % ALIGNMENT != 0) {
      buffer.put((byte) 0);
    }
    int end = buffer.position();
    var crc = new CRC32C();
    crc.update(buffer.duplicate().position(HEADER_BYTES).limit(end));
    buffer.putInt(0, MAGIC).putInt(4, end - HEADER_BYTES).putLong(8, sequence);
    buffer.putInt(16, (int) crc.getValue());
    buffer.putInt(HEADER_CRC_OFFSET, headerCrc(buffer, 0, salt));
    buffer.flip();
  }

  /// The header at an offset of the buffer, or null if there is no valid one.
  static @Nullable Header header(ByteBuffer buffer, int offset, long salt) {
    if (buffer.getInt(offset) != MAGIC
        || buffer.getInt(offset + HEADER_CRC_OFFSET) != headerCrc(buffer, offset, salt)) {
      return null;
    }
    return new Header(
        buffer.getInt(offset + 4), buffer.getLong(offset + 8), buffer.getInt(offset + 16));
  }

  static boolean bodyMatches(ByteBuffer body, Header header) {
    var crc = new CRC32C();
    crc.update(body.duplicate());
    return (int) crc.getValue() == header.bodyCrc();
  }

  private static int headerCrc(ByteBuffer buffer, int offset, long salt) {
    var salted = ByteBuffer.allocate(Long.BYTES + HEADER_CRC_OFFSET).putLong(salt);
    for (int i = 0; i < HEADER_CRC_OFFSET; i += Integer.BYTES) {
      salted.putInt(buffer.getInt(offset + i));
    }
    var crc = new CRC32C();
    crc.update(salted.flip());
    return (int) crc.getValue();
  }
}
