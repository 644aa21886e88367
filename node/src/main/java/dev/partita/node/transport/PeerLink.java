package dev.partita.node.transport;

import dev.partita.node.raft.NodeId;
import dev.partita.tls.TlsSockets;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoop;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.handler.codec.DecoderException;
import io.netty.handler.ssl.SslHandler;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Iterator;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/// The way to one peer: dials when there is something to send, backs off when that fails, and dials
/// again at once when a connection breaks.
///
/// [#send], [#call] and [#close] may be called from any thread; everything else, and all fields
/// that are not final, belong to the event loop.
@SuppressWarnings(
    "FutureReturnValueIgnored") // what becomes of a close or write is seen by channelInactive
final class PeerLink {
  private static final Logger LOGGER = System.getLogger(PeerLink.class.getName());

  /// How precise the timeouts of calls are.
  private static final long SWEEP_MILLIS = 20;

  private static final int PINGS_PER_SILENCE = 4;

  private enum State {
    IDLE,
    DIALLING,
    READY,
    CLOSED
  }

  private final LinkContext context;
  private final @Nullable NodeId expected;
  private final Supplier<@Nullable PeerAddress> address;
  private final EventLoop loop;
  private final SendQueue queue;
  private final Outlet outlet;
  private final ConcurrentHashMap<Long, OpenCall> calls = new ConcurrentHashMap<>();
  private final AtomicLong nextCallId = new AtomicLong(1);

  private State state = State.IDLE;

  /// Whether it is connected, for others to see.
  private volatile boolean ready;

  private @Nullable Channel channel;
  private long backoffNanos;
  private long nextDialNanos;
  private long heardNanos;
  private long usedNanos;
  private boolean sweeping;
  private String complaint = "";

  /// @param expected who is dialled, or null if only the address is known
  /// @param address where, asked for each dialling; null if nobody knows
  PeerLink(
      LinkContext context,
      EventLoop loop,
      @Nullable NodeId expected,
      Supplier<@Nullable PeerAddress> address) {
    this.context = context;
    this.loop = loop;
    this.expected = expected;
    this.address = address;
    this.queue = new SendQueue(context.settings().queuedBytesMax(), context.traffic());
    this.outlet = new Outlet(queue, this::claim, context.traffic());
    this.nextDialNanos = System.nanoTime();
  }

  void send(byte[] message) {
    queue.offerMessage(new Frame.OneWay(message));
    wake();
  }

  CompletableFuture<byte[]> call(String service, byte[] request, Duration timeout) {
    var call = new OpenCall(System.nanoTime() + timeout.toNanos());
    long id = nextCallId.getAndIncrement();
    var frame = new Frame.Request(id, service, request);
    if (FrameCodec.sizeBytes(frame) > context.settings().frameBytesMax()) {
      return CompletableFuture.failedFuture(
          new CallFailure(CallFailure.Kind.NOT_SENT, "The request is larger than a frame"));
    }
    calls.put(id, call);
    if (calls.size() > context.settings().openCallsMax() || !queue.offer(frame)) {
      calls.remove(id);
      context.traffic().refusedCalls.increment();
      return CompletableFuture.failedFuture(
          new CallFailure(CallFailure.Kind.OVERLOADED, "Too much is queued for the peer"));
    }
    wake();
    return call.result;
  }

  boolean isReady() {
    return ready;
  }

  int openCalls() {
    return calls.size();
  }

  long queuedBytes() {
    return queue.bytes();
  }

  void close() {
    execute(() -> {
      state = State.CLOSED;
      if (channel != null) {
        channel.close();
      }
      failCalls(CallFailure.Kind.UNKNOWN, "The transport was closed");
    });
  }

  private void wake() {
    if (outlet.wake()) {
      execute(this::flush);
    }
  }

  private void execute(Runnable task) {
    try {
      loop.execute(task);
    } catch (RejectedExecutionException e) {
      // The event loop has ended with the transport.
      failCalls(CallFailure.Kind.UNKNOWN, "The transport was closed");
    }
  }

  private void flush() {
    outlet.awake();
    usedNanos = System.nanoTime();
    switch (state) {
      case READY -> flushTo(channel);
      case IDLE -> dial();
      case CLOSED -> giveUpQueued("The transport was closed");
      case DIALLING -> {}
    }
    if (!sweeping && !calls.isEmpty()) {
      sweeping = true;
      schedule(this::sweep, SWEEP_MILLIS);
    }
  }

  private void flushTo(@Nullable Channel target) {
    if (target != null) {
      outlet.flush(target);
    }
  }

  /// Whether the request's call is still open; it counts as sent from here on.
  private boolean claim(Frame.Request request) {
    OpenCall call = calls.get(request.id());
    if (call == null) {
      return false;
    }
    call.sent = true;
    return true;
  }

  private void dial() {
    if (System.nanoTime() - nextDialNanos < 0) {
      giveUpQueued("The peer cannot be reached");
      return;
    }
    PeerAddress target = address.get();
    if (target == null) {
      giveUpQueued("The peer's address is not known");
      return;
    }
    state = State.DIALLING;
    Thread.ofVirtual().name("lookup").start(() -> resolveAndConnect(target));
  }

  private void resolveAndConnect(PeerAddress target) {
    try {
      var resolved = new InetSocketAddress(context.lookup().lookup(target.host()), target.port());
      execute(() -> connect(resolved));
    } catch (IOException | RuntimeException e) {
      execute(() -> disconnected(false));
    }
  }

  private void connect(InetSocketAddress target) {
    if (state == State.CLOSED) {
      return;
    }
    var decoder = new FrameDecoder(context.settings().frameBytesMax(), context.traffic());
    ChannelFuture connecting =
        context.bootstrap().clone(loop).handler(new LinkInitializer(decoder)).connect(target);
    channel = connecting.channel();
    connecting.addListener(future -> {
      if (future.isSuccess()) {
        greet(connecting.channel());
      } else {
        disconnected(false);
      }
    });
  }

  private void greet(Channel connected) {
    if (state == State.CLOSED) {
      connected.close();
      return;
    }
    long expectedId = expected == null ? 0 : expected.value();
    Outlet.writeNow(
        connected,
        new Frame.Hello(
            FrameCodec.VERSION, context.self().value(), expectedId, context.cluster().get()));
    schedule(
        () -> {
          if (state == State.DIALLING && connected.equals(channel)) {
            connected.close();
          }
        },
        context.settings().connectTimeout().toMillis());
  }

  private void welcomed(Channel connected, FrameDecoder decoder, Frame.Welcome welcome) {
    if (welcome.node() <= 0
        || (expected != null && expected.value() != welcome.node())
        || !context.acceptsCluster(welcome.cluster())) {
      connected.close();
      return;
    }
    decoder.handshakeDone();
    state = State.READY;
    ready = true;
    context.traffic().connects.increment();
    backoffNanos = 0;
    complaint = "";
    heardNanos = System.nanoTime();
    schedule(() -> keepAlive(connected), pingMillis());
    if (expected != null) {
      context.listener().connected(expected);
    }
    outlet.flush(connected);
  }

  private void received(Frame frame) {
    heardNanos = System.nanoTime();
    switch (frame) {
      case Frame.Response(long id, byte[] payload) -> {
        OpenCall call = calls.remove(id);
        if (call != null) {
          call.result.complete(payload);
        }
      }
      case Frame.Failure(long id, CallFailure.Kind kind, String message) -> {
        OpenCall call = calls.remove(id);
        if (call != null) {
          call.result.completeExceptionally(new CallFailure(kind, message));
        }
      }
      case Frame.Pong _ -> {}
      case Frame.Hello _,
          Frame.Welcome _,
          Frame.Refused _,
          Frame.OneWay _,
          Frame.Request _,
          Frame.Ping _ ->
          throw new IllegalArgumentException("A frame that the dialled side does not send");
    }
  }

  /// A connection that fails by its certificates goes on failing until a person acts, so that has
  /// to be told, once.
  private void complain(Channel failed, Throwable cause) {
    Throwable reason =
        cause instanceof DecoderException && cause.getCause() != null ? cause.getCause() : cause;
    if (reason instanceof SSLException && !String.valueOf(reason.getMessage()).equals(complaint)) {
      complaint = String.valueOf(reason.getMessage());
      LOGGER.log(
          Level.WARNING,
          "no TLS connection to node "
              + expected
              + " at "
              + failed.remoteAddress()
              + ": "
              + complaint);
    }
  }

  private void keepAlive(Channel connected) {
    if (state != State.READY || !connected.equals(channel)) {
      return;
    }
    long now = System.nanoTime();
    boolean silent = now - heardNanos > context.settings().silenceMax().toNanos();
    boolean idle =
        expected == null
            && calls.isEmpty()
            && now - usedNanos > context.settings().idleMax().toNanos();
    boolean forgotten = expected != null && address.get() == null;
    if (silent || idle || forgotten) {
      connected.close();
      return;
    }
    Outlet.writeNow(connected, new Frame.Ping());
    schedule(() -> keepAlive(connected), pingMillis());
  }

  private long pingMillis() {
    return Math.max(1, context.settings().silenceMax().toMillis() / PINGS_PER_SILENCE);
  }

  /// The connection ended, or an attempt to make one failed.
  private void disconnected(boolean wasReady) {
    channel = null;
    ready = false;
    if (state == State.CLOSED) {
      return;
    }
    state = State.IDLE;
    long now = System.nanoTime();
    if (wasReady) {
      if (expected != null) {
        context.traffic().losses.increment();
      }
      failCalls(CallFailure.Kind.UNKNOWN, "The connection was lost");
      queue.clear();
      nextDialNanos = now;
      if (expected != null) {
        context.listener().lost(expected);
        dial();
      }
      return;
    }
    context.traffic().connectFailures.increment();
    backoffNanos =
        Math.clamp(
            backoffNanos * 2,
            context.settings().backoffMin().toNanos(),
            context.settings().backoffMax().toNanos());
    nextDialNanos = now + backoffNanos;
    giveUpQueued("The peer cannot be reached");
    if (expected != null) {
      context.listener().unreachable(expected);
    }
  }

  private void giveUpQueued(String reason) {
    queue.clear();
    failCalls(CallFailure.Kind.UNKNOWN, reason);
  }

  private void failCalls(CallFailure.Kind ifSent, String reason) {
    Iterator<OpenCall> open = calls.values().iterator();
    while (open.hasNext()) {
      OpenCall call = open.next();
      open.remove();
      call.fail(ifSent, CallFailure.Kind.NOT_SENT, reason);
    }
  }

  private void sweep() {
    long now = System.nanoTime();
    Iterator<OpenCall> open = calls.values().iterator();
    while (open.hasNext()) {
      OpenCall call = open.next();
      if (now - call.deadlineNanos >= 0) {
        open.remove();
        call.fail(CallFailure.Kind.UNKNOWN, CallFailure.Kind.NOT_SENT, "No response in time");
      }
    }
    sweeping = !calls.isEmpty();
    if (sweeping) {
      schedule(this::sweep, SWEEP_MILLIS);
    }
  }

  private void schedule(Runnable task, long millis) {
    var _ = loop.schedule(task, millis, TimeUnit.MILLISECONDS);
  }

  private final class LinkInitializer extends ChannelInitializer<Channel> {
    private final FrameDecoder decoder;

    LinkInitializer(FrameDecoder decoder) {
      this.decoder = decoder;
    }

    @Override
    protected void initChannel(Channel created) {
      TlsSockets tls = context.tls();
      if (tls != null) {
        created.pipeline().addLast(new SslHandler(tls.client()));
      }
      created.pipeline().addLast(decoder, new LinkHandler(decoder));
    }
  }

  private final class LinkHandler extends SimpleChannelInboundHandler<Frame> {
    private final FrameDecoder decoder;
    private boolean ready;

    LinkHandler(FrameDecoder decoder) {
      this.decoder = decoder;
    }

    @Override
    protected void channelRead0(ChannelHandlerContext handlerContext, Frame frame) {
      if (ready) {
        received(frame);
      } else if (frame instanceof Frame.Welcome welcome) {
        welcomed(handlerContext.channel(), decoder, welcome);
        ready = state == State.READY;
      } else if (frame instanceof Frame.Refused(String reason)
          && reason.equals(Frame.Refused.EXCLUDED)) {
        context.exclusion().excluded();
        handlerContext.close();
      } else {
        handlerContext.close();
      }
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext handlerContext) {
      if (ready) {
        outlet.flush(handlerContext.channel());
      }
    }

    @Override
    public void channelInactive(ChannelHandlerContext handlerContext) {
      if (handlerContext.channel().equals(channel)) {
        disconnected(ready);
      }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext handlerContext, Throwable cause) {
      complain(handlerContext.channel(), cause);
      handlerContext.close();
    }
  }
}
