package dev.partita.node.raft;

import java.nio.ByteBuffer;

/// The binary form of a [Message]. Peers of different versions talk to each other: each message says its format and its length, a reader skips
/// what follows the fields it knows and takes zero for fields that are missing at the end. Fields are only ever added at the end.
///
///     format u8 | type u8 | body length varint | from, to, term varint | fields of the type
///
/// Numbers are unsigned LEB128.
@SuppressWarnings("DoNotCallSuggester") // the bodies follow
public final class MessageCodec {

  private MessageCodec() {}

  /// Bytes that [#encode] will write.
  public static int encodedSize(Message message) {
    throw new UnsupportedOperationException();
  }

  public static void encode(Message message, ByteBuffer out) {
    throw new UnsupportedOperationException();
  }

  /// Reads one message and leaves the position behind it.
  ///
  /// @throws IllegalArgumentException when the bytes are no message or one of a type this version
  ///   does not know
  public static Message decode(ByteBuffer in) {
    throw new UnsupportedOperationException();
  }
}
