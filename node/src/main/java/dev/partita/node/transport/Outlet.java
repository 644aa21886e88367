package dev.partita.node.transport;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Predicate;

/// Writes a [SendQueue] to a channel: everything that waits goes out with few writes and one flush,
/// and nothing is taken from the queue while the socket does not take more. Runs on the channel's
/// event loop, except [#wake].
@SuppressWarnings(
    "FutureReturnValueIgnored") // what becomes of a close or write is seen by channelInactive
final class Outlet {
  private static final int BATCH_BYTES = 256 << 10;

  private final SendQueue queue;
  private final Predicate<Frame.Request> claim;
  private final Traffic traffic;
  private final AtomicBoolean scheduled = new AtomicBoolean();

  /// @param claim whether a request in the queue is still wanted; it is sent if so
  Outlet(SendQueue queue, Predicate<Frame.Request> claim, Traffic traffic) {
    this.traffic = traffic;
    this.queue = queue;
    this.claim = claim;
  }

  /// Whether the caller has to arrange for a [#flush] on the event loop; true once until it has
  /// happened.
  boolean wake() {
    return !scheduled.get() && scheduled.compareAndSet(false, true);
  }

  /// Takes back a [#wake], before the queue is looked at.
  void awake() {
    scheduled.set(false);
  }

  void flush(Channel channel) {
    boolean wrote = false;
    while (channel.isWritable() && !queue.isEmpty()) {
      ByteBuf batch = channel.alloc().directBuffer(queue.nextBatchBytes(BATCH_BYTES));
      queue.drainTo(batch, BATCH_BYTES, claim);
      traffic.sentBytes.add(batch.readableBytes());
      channel.write(batch, channel.voidPromise());
      wrote = true;
    }
    if (wrote) {
      channel.flush();
    }
  }

  static void writeNow(Channel channel, Frame frame) {
    ByteBuf buffer = channel.alloc().buffer(FrameCodec.sizeBytes(frame));
    FrameCodec.encode(frame, buffer);
    channel.writeAndFlush(buffer, channel.voidPromise());
  }
}
