package dev.partita.node.transport;

import dev.partita.node.raft.NodeId;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.SimpleChannelInboundHandler;
import java.util.concurrent.CompletionException;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// A connection that a peer has dialled: answers its handshake, passes its messages on, executes
/// its requests. Confined to the channel's event loop, except that responses are queued from any
/// thread.
@SuppressWarnings(
    "FutureReturnValueIgnored") // what becomes of a close or write is seen by channelInactive
final class AcceptedConnection extends SimpleChannelInboundHandler<Frame> {
  private final LinkContext context;
  private final FrameDecoder decoder;
  private final SendQueue responses;
  private final Outlet outlet;
  private @Nullable NodeId remote;
  private boolean announced;

  AcceptedConnection(LinkContext context, FrameDecoder decoder) {
    this.context = context;
    this.decoder = decoder;
    this.responses = new SendQueue(context.settings().queuedBytesMax(), context.traffic());
    this.outlet = new Outlet(responses, _ -> true, context.traffic());
  }

  @Override
  public void channelActive(ChannelHandlerContext handlerContext) {
    var _ =
        handlerContext
            .executor()
            .schedule(
                () -> {
                  if (remote == null) {
                    handlerContext.close();
                  }
                },
                context.settings().connectTimeout().toMillis(),
                TimeUnit.MILLISECONDS);
  }

  @Override
  protected void channelRead0(ChannelHandlerContext handlerContext, Frame frame) {
    NodeId from = remote;
    Channel channel = handlerContext.channel();
    if (from != null && context.exclusion().excludes(from)) {
      // It dials again, and is told why in the handshake.
      channel.close();
      return;
    }
    switch (frame) {
      case Frame.Hello hello when from == null -> greet(channel, hello);
      case Frame.OneWay(byte[] payload) when from != null ->
          context.services().receive(from, payload);
      case Frame.Request(long id, String service, byte[] payload) when from != null ->
          execute(channel, from, id, service, payload);
      case Frame.Ping _ when from != null -> Outlet.writeNow(channel, new Frame.Pong());
      default -> channel.close();
    }
  }

  private void greet(Channel channel, Frame.Hello hello) {
    String refusal = refusalOf(hello);
    if (refusal != null) {
      ByteBuf buffer = channel.alloc().buffer();
      FrameCodec.encode(new Frame.Refused(refusal), buffer);
      channel.writeAndFlush(buffer).addListener(ChannelFutureListener.CLOSE);
      return;
    }
    var node = new NodeId(hello.node());
    remote = node;
    decoder.handshakeDone();
    Outlet.writeNow(channel, new Frame.Welcome(context.self().value(), context.cluster().get()));
    announced = hello.expected() != 0 && !node.equals(context.self());
    if (announced) {
      context.listener().connected(node);
    }
  }

  private @Nullable String refusalOf(Frame.Hello hello) {
    if (hello.version() != FrameCodec.VERSION) {
      return "This node speaks version " + FrameCodec.VERSION;
    }
    if (hello.node() <= 0) {
      return "Not a node id";
    }
    if (hello.expected() != 0 && hello.expected() != context.self().value()) {
      return "This is another node";
    }
    if (!context.acceptsCluster(hello.cluster())) {
      return "This node is in another cluster";
    }
    return context.exclusion().excludes(new NodeId(hello.node())) ? Frame.Refused.EXCLUDED : null;
  }

  private void execute(Channel channel, NodeId from, long id, String service, byte[] payload) {
    var _ =
        context
            .services()
            .execute(from, service, payload)
            .handle((response, failure) -> {
              respond(
                  channel,
                  failure == null ? new Frame.Response(id, response) : failureFrame(id, failure));
              return null;
            });
  }

  private static Frame failureFrame(long id, Throwable failure) {
    Throwable cause =
        failure instanceof CompletionException && failure.getCause() != null
            ? failure.getCause()
            : failure;
    return cause instanceof CallFailure callFailure
        ? new Frame.Failure(id, callFailure.kind(), String.valueOf(callFailure.getMessage()))
        : new Frame.Failure(id, CallFailure.Kind.FAILED, String.valueOf(cause));
  }

  private void respond(Channel channel, Frame frame) {
    Frame fitting =
        frame instanceof Frame.Response(long id, byte[] _)
                && FrameCodec.sizeBytes(frame) > context.settings().frameBytesMax()
            ? new Frame.Failure(id, CallFailure.Kind.FAILED, "The response is larger than a frame")
            : frame;
    if (!responses.offer(fitting)) {
      // A peer that asks and does not read what it gets.
      channel.close();
      return;
    }
    if (outlet.wake()) {
      try {
        channel
            .eventLoop()
            .execute(() -> {
              outlet.awake();
              outlet.flush(channel);
            });
      } catch (RejectedExecutionException e) {
        responses.clear();
      }
    }
  }

  @Override
  public void channelWritabilityChanged(ChannelHandlerContext handlerContext) {
    outlet.flush(handlerContext.channel());
  }

  @Override
  public void channelInactive(ChannelHandlerContext handlerContext) {
    responses.clear();
    NodeId node = remote;
    if (announced && node != null) {
      context.listener().lost(node);
    }
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext handlerContext, Throwable cause) {
    handlerContext.close();
  }
}
