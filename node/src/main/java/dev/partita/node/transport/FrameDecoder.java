package dev.partita.node.transport;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.ByteToMessageDecoder;
import java.util.List;

/// Cuts the bytes of a connection into frames. The length is checked before anything of the frame
/// is buffered, against a small bound until the handshake is over.
final class FrameDecoder extends ByteToMessageDecoder {
  private final int frameBytesMax;
  private final Traffic traffic;
  private int limitBytes = FrameCodec.HANDSHAKE_BYTES_MAX;

  FrameDecoder(int frameBytesMax, Traffic traffic) {
    this.traffic = traffic;
    this.frameBytesMax = frameBytesMax;
  }

  /// Allows frames of full size from now on.
  void handshakeDone() {
    limitBytes = frameBytesMax;
  }

  @Override
  protected void decode(ChannelHandlerContext context, ByteBuf in, List<Object> out) {
    if (in.readableBytes() < FrameCodec.LENGTH_BYTES) {
      return;
    }
    int length = in.getInt(in.readerIndex());
    if (length < 1 || length > limitBytes) {
      // Nothing after this can be trusted; the exception makes the handler close the connection.
      in.skipBytes(in.readableBytes());
      throw new IllegalArgumentException("A frame has an impossible length");
    }
    if (in.readableBytes() >= FrameCodec.LENGTH_BYTES + length) {
      in.skipBytes(FrameCodec.LENGTH_BYTES);
      traffic.receivedBytes.add(FrameCodec.LENGTH_BYTES + length);
      out.add(FrameCodec.decode(in.readSlice(length)));
    }
  }
}
