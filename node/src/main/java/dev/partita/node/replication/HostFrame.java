package dev.partita.node.replication;

import dev.partita.node.raft.GroupId;
import dev.partita.node.raft.Message;
import dev.partita.node.raft.MessageCodec;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/// What one host sends another in one piece: messages of any number of groups. A frame without messages says that the
/// node is alive.
///
///     format u8 | incarnation u64 | for each message: group u64, message
///
/// @param incarnation a random number that a host takes when it starts, so that a restart is noticed
record HostFrame(long incarnation, List<GroupMessage> messages) {
  private static final byte FORMAT = 1;
  private static final int HEADER_BYTES = 9;

  /// A message and the group it belongs to.
  record GroupMessage(GroupId group, Message message) {
    int sizeBytes() {
      return Long.BYTES + MessageCodec.encodedSize(message);
    }
  }

  HostFrame {
    messages = List.copyOf(messages);
  }

  static byte[] encode(long incarnation, List<GroupMessage> messages) {
    int size = HEADER_BYTES;
    for (GroupMessage message : messages) {
      size = Math.addExact(size, message.sizeBytes());
    }
    byte[] bytes = new byte[size];
    ByteBuffer out = ByteBuffer.wrap(bytes).put(FORMAT).putLong(incarnation);
    for (GroupMessage message : messages) {
      out.putLong(message.group().value());
      MessageCodec.encode(message.message(), out);
    }
    return bytes;
  }

  /// Reads a frame.
  ///
  /// @throws IllegalArgumentException if the bytes are none
  static HostFrame decode(byte[] bytes) {
    ByteBuffer in = ByteBuffer.wrap(bytes);
    try {
      if (in.get() != FORMAT) {
        throw new IllegalArgumentException("Unknown format of a frame");
      }
      long incarnation = in.getLong();
      var messages = new ArrayList<GroupMessage>();
      while (in.hasRemaining()) {
        messages.add(new GroupMessage(new GroupId(in.getLong()), MessageCodec.decode(in)));
      }
      return new HostFrame(incarnation, messages);
    } catch (BufferUnderflowException e) {
      throw new IllegalArgumentException("A frame ends too early", e);
    }
  }
}
