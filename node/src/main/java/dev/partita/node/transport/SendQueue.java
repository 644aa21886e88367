package dev.partita.node.transport;

import io.netty.buffer.ByteBuf;
import java.util.ArrayDeque;
import java.util.function.Predicate;

/// Frames that wait for one connection, bounded by their bytes. One-way messages go first, and are
/// dropped, oldest first, when the bound is passed; other frames are refused then. Thread-safe.
final class SendQueue {
  private final long bytesMax;
  private final Traffic traffic;
  private final ArrayDeque<Frame.OneWay> messages = new ArrayDeque<>();
  private final ArrayDeque<Frame> others = new ArrayDeque<>();
  private long bytes;

  SendQueue(long bytesMax, Traffic traffic) {
    this.traffic = traffic;
    this.bytesMax = bytesMax;
  }

  synchronized void offerMessage(Frame.OneWay message) {
    messages.add(message);
    bytes += FrameCodec.sizeBytes(message);
    while (bytes > bytesMax && !messages.isEmpty()) {
      bytes -= FrameCodec.sizeBytes(messages.remove());
      traffic.droppedMessages.increment();
    }
  }

  /// Queues a frame that is not a one-way message.
  ///
  /// @return false if the bound does not allow it
  synchronized boolean offer(Frame frame) {
    int size = FrameCodec.sizeBytes(frame);
    if (bytes + size > bytesMax) {
      return false;
    }
    others.add(frame);
    bytes += size;
    return true;
  }

  /// Encodes frames into the buffer until it holds about `batchBytes`.
  ///
  /// @param claim whether a request is still wanted
  synchronized void drainTo(ByteBuf out, int batchBytes, Predicate<Frame.Request> claim) {
    while (out.readableBytes() < batchBytes) {
      Frame frame = messages.isEmpty() ? others.poll() : messages.remove();
      if (frame == null) {
        break;
      }
      bytes -= FrameCodec.sizeBytes(frame);
      if (!(frame instanceof Frame.Request request) || claim.test(request)) {
        FrameCodec.encode(frame, out);
      }
    }
  }

  /// The size of a buffer that takes the next batch without growing much.
  synchronized int nextBatchBytes(int batchBytes) {
    Frame first = messages.isEmpty() ? others.peek() : messages.peek();
    int least = first == null ? 0 : FrameCodec.sizeBytes(first);
    return (int) Math.max(least, Math.min(bytes, batchBytes));
  }

  synchronized long bytes() {
    return bytes;
  }

  synchronized boolean isEmpty() {
    return messages.isEmpty() && others.isEmpty();
  }

  synchronized void clear() {
    messages.clear();
    others.clear();
    bytes = 0;
  }
}
