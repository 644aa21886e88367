package dev.partita.node.transport;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import java.util.List;

/// The bytes of a [Frame]:
///
///     length u32 (of all that follows) | type u8 | fields of the type
///
///     HELLO    magic u32 'PRTA' | version u16 | node u64 | expected node u64 | cluster text
///     WELCOME  node u64 | cluster text
///     REFUSED  reason text
///     ONE_WAY  payload to the end
///     REQUEST  id u64 | service text | payload to the end
///     RESPONSE id u64 | payload to the end
///     FAILURE  id u64 | kind u8 | message text
///     PING, PONG
///
/// A text is a u16 length and so many bytes of UTF-8. All numbers are big-endian.
final class FrameCodec {
  static final int VERSION = 1;
  static final int LENGTH_BYTES = 4;

  /// No frame before the end of the handshake is longer.
  static final int HANDSHAKE_BYTES_MAX = 2048;

  /// What a frame adds to its payload at most, with a service name of ordinary length.
  static final int OVERHEAD_BYTES = 128;

  private static final int MAGIC = 0x50525441;
  private static final int TEXT_BYTES_MAX = 1024;

  private static final byte HELLO = 1;
  private static final byte WELCOME = 2;
  private static final byte REFUSED = 3;
  private static final byte ONE_WAY = 4;
  private static final byte REQUEST = 5;
  private static final byte RESPONSE = 6;
  private static final byte FAILURE = 7;
  private static final byte PING = 8;
  private static final byte PONG = 9;

  /// The place in this list is the code of a kind; new ones come last.
  private static final List<CallFailure.Kind> KINDS =
      List.of(
          CallFailure.Kind.NOT_SENT,
          CallFailure.Kind.OVERLOADED,
          CallFailure.Kind.NO_SUCH_SERVICE,
          CallFailure.Kind.UNKNOWN,
          CallFailure.Kind.FAILED);

  private FrameCodec() {}

  /// About how many bytes [#encode] will write; never less.
  static int sizeBytes(Frame frame) {
    return OVERHEAD_BYTES
        + switch (frame) {
          case Frame.OneWay(byte[] payload) -> payload.length;
          case Frame.Request(long _, String service, byte[] payload) ->
              payload.length + 3 * service.length();
          case Frame.Response(long _, byte[] payload) -> payload.length;
          case Frame.Failure(long _, CallFailure.Kind _, String _),
              Frame.Refused(String _),
              Frame.Hello _,
              Frame.Welcome _ ->
              TEXT_BYTES_MAX;
          case Frame.Ping _, Frame.Pong _ -> 0;
        };
  }

  static void encode(Frame frame, ByteBuf out) {
    int start = out.writerIndex();
    out.writeInt(0);
    switch (frame) {
      case Frame.Hello(int version, long node, long expected, String cluster) -> {
        out.writeByte(HELLO).writeInt(MAGIC).writeShort(version).writeLong(node);
        writeText(out.writeLong(expected), cluster);
      }
      case Frame.Welcome(long node, String cluster) ->
          writeText(out.writeByte(WELCOME).writeLong(node), cluster);
      case Frame.Refused(String reason) -> writeText(out.writeByte(REFUSED), reason);
      case Frame.OneWay(byte[] payload) -> out.writeByte(ONE_WAY).writeBytes(payload);
      case Frame.Request(long id, String service, byte[] payload) -> {
        writeText(out.writeByte(REQUEST).writeLong(id), service);
        out.writeBytes(payload);
      }
      case Frame.Response(long id, byte[] payload) ->
          out.writeByte(RESPONSE).writeLong(id).writeBytes(payload);
      case Frame.Failure(long id, CallFailure.Kind kind, String message) ->
          writeText(out.writeByte(FAILURE).writeLong(id).writeByte(KINDS.indexOf(kind)), message);
      case Frame.Ping _ -> out.writeByte(PING);
      case Frame.Pong _ -> out.writeByte(PONG);
    }
    out.setInt(start, out.writerIndex() - start - LENGTH_BYTES);
  }

  /// Reads a frame from exactly the bytes behind its length.
  ///
  /// @throws IllegalArgumentException if they are no frame
  static Frame decode(ByteBuf in) {
    try {
      Frame frame = decodeFields(in.readByte(), in);
      if (in.isReadable()) {
        throw new IllegalArgumentException("A frame has bytes behind its end");
      }
      return frame;
    } catch (IndexOutOfBoundsException e) {
      throw new IllegalArgumentException("A frame ends too early", e);
    }
  }

  private static Frame decodeFields(byte type, ByteBuf in) {
    return switch (type) {
      case HELLO -> {
        if (in.readInt() != MAGIC) {
          throw new IllegalArgumentException("Not a node of Partita");
        }
        yield new Frame.Hello(in.readUnsignedShort(), in.readLong(), in.readLong(), readText(in));
      }
      case WELCOME -> new Frame.Welcome(in.readLong(), readText(in));
      case REFUSED -> new Frame.Refused(readText(in));
      case ONE_WAY -> new Frame.OneWay(readRest(in));
      case REQUEST -> new Frame.Request(in.readLong(), readText(in), readRest(in));
      case RESPONSE -> new Frame.Response(in.readLong(), readRest(in));
      case FAILURE -> new Frame.Failure(in.readLong(), readKind(in), readText(in));
      case PING -> new Frame.Ping();
      case PONG -> new Frame.Pong();
      default -> throw new IllegalArgumentException("Unknown type of frame");
    };
  }

  private static CallFailure.Kind readKind(ByteBuf in) {
    int code = in.readUnsignedByte();
    return code < KINDS.size() ? KINDS.get(code) : CallFailure.Kind.FAILED;
  }

  private static void writeText(ByteBuf out, String text) {
    byte[] bytes = text.getBytes(UTF_8);
    int length = Math.min(bytes.length, TEXT_BYTES_MAX);
    out.writeShort(length).writeBytes(bytes, 0, length);
  }

  private static String readText(ByteBuf in) {
    int length = in.readUnsignedShort();
    if (length > TEXT_BYTES_MAX) {
      throw new IllegalArgumentException("A text is too long");
    }
    return in.readCharSequence(length, UTF_8).toString();
  }

  private static byte[] readRest(ByteBuf in) {
    return ByteBufUtil.getBytes(in.readSlice(in.readableBytes()));
  }
}
