package dev.partita.node.transport;

import dev.partita.node.raft.NodeId;
import dev.partita.tls.TlsSockets;
import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.channel.nio.NioEventLoopGroup;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.handler.ssl.SslHandler;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// The [Transport] over TCP.
///
/// A peer is dialled when there is first something to send to it. While it cannot be reached,
/// one-way messages to it are dropped and calls fail at once, until the backoff allows the next
/// attempt.
@SuppressWarnings(
    "FutureReturnValueIgnored") // what becomes of a close or write is seen by channelInactive
public final class NettyTransport implements Transport {
  private static final WriteBufferWaterMark WATER_MARK =
      new WriteBufferWaterMark(512 << 10, 1 << 20);
  private static final long CLOSE_SECONDS_MAX = 5;

  private final NodeId self;
  private final PeerDirectory directory;
  private final LinkContext context;
  private final NioEventLoopGroup eventLoops;
  private final Channel serverChannel;
  private final ConcurrentHashMap<NodeId, PeerLink> links = new ConcurrentHashMap<>();
  private final ConcurrentHashMap<PeerAddress, PeerLink> addressLinks = new ConcurrentHashMap<>();
  private final AtomicBoolean closed = new AtomicBoolean();
  private final Traffic traffic = new Traffic();
  private final List<PeerListener> listeners = new CopyOnWriteArrayList<>();

  /// A transport in plain text.
  ///
  /// @throws IOException if the address cannot be listened on
  public NettyTransport(
      TransportSettings settings,
      NodeId self,
      Supplier<String> cluster,
      PeerAddress bind,
      PeerDirectory directory,
      NameLookup lookup)
      throws IOException {
    this(settings, self, cluster, Exclusion.NONE, bind, directory, lookup, null);
  }

  /// Listens on an address and is ready to dial.
  ///
  /// @param bind where to listen; port 0 takes any free one, see [#port]
  /// @param cluster the cluster of this node, asked at each handshake; empty while it belongs to
  ///   none
  /// @param exclusion who has no part in the cluster any more
  /// @param tls encrypts all connections and knows the peers; null for plain text
  /// @throws IOException if the address cannot be listened on
  public NettyTransport(
      TransportSettings settings,
      NodeId self,
      Supplier<String> cluster,
      Exclusion exclusion,
      PeerAddress bind,
      PeerDirectory directory,
      NameLookup lookup,
      @Nullable TlsSockets tls)
      throws IOException {
    this.self = self;
    this.directory = directory;
    this.eventLoops =
        new NioEventLoopGroup(settings.eventLoops(), new DefaultThreadFactory("transport", true));
    this.context =
        new LinkContext(
            settings,
            self,
            cluster,
            exclusion,
            dialler(settings),
            lookup,
            new Listeners(),
            new Services(settings.requestsMax(), settings.requestBytesMax(), traffic),
            traffic,
            tls);
    try {
      var address = new InetSocketAddress(lookup.lookup(bind.host()), bind.port());
      this.serverChannel = server().bind(address).syncUninterruptibly().channel();
    } catch (IOException | RuntimeException e) {
      eventLoops.shutdownGracefully(0, 0, TimeUnit.SECONDS);
      throw e;
    }
  }

  private static Bootstrap dialler(TransportSettings settings) {
    return new Bootstrap()
        .channel(NioSocketChannel.class)
        .option(ChannelOption.TCP_NODELAY, true)
        .option(ChannelOption.SO_KEEPALIVE, true)
        .option(ChannelOption.WRITE_BUFFER_WATER_MARK, WATER_MARK)
        .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, (int) settings.connectTimeout().toMillis());
  }

  private ServerBootstrap server() {
    return new ServerBootstrap()
        .group(eventLoops)
        .channel(NioServerSocketChannel.class)
        .option(ChannelOption.SO_REUSEADDR, true)
        .childOption(ChannelOption.TCP_NODELAY, true)
        .childOption(ChannelOption.SO_KEEPALIVE, true)
        .childOption(ChannelOption.WRITE_BUFFER_WATER_MARK, WATER_MARK)
        .childHandler(new Acceptor());
  }

  /// The port that is listened on.
  public int port() {
    return ((InetSocketAddress) serverChannel.localAddress()).getPort();
  }

  /// Figures for metrics.
  public TransportFigures figures() {
    List<PeerLink> all =
        Stream.concat(links.values().stream(), addressLinks.values().stream()).toList();
    return new TransportFigures(
        traffic.sentBytes.sum(),
        traffic.receivedBytes.sum(),
        all.stream().mapToLong(PeerLink::queuedBytes).sum(),
        all.stream().mapToLong(PeerLink::openCalls).sum(),
        all.stream().filter(PeerLink::isReady).count(),
        traffic.connects.sum(),
        traffic.losses.sum(),
        traffic.connectFailures.sum(),
        traffic.droppedMessages.sum(),
        traffic.refusedRequests.sum(),
        traffic.refusedCalls.sum());
  }

  @Override
  public NodeId self() {
    return self;
  }

  @Override
  public void send(NodeId to, byte[] message) {
    if (to.equals(self)) {
      context.services().receive(self, message);
    } else {
      link(to).send(message);
    }
  }

  @Override
  public CompletableFuture<byte[]> call(
      NodeId to, String service, byte[] request, Duration timeout) {
    return to.equals(self)
        ? context.services().execute(self, service, request)
        : link(to).call(service, request, timeout);
  }

  @Override
  public CompletableFuture<byte[]> call(
      PeerAddress address, String service, byte[] request, Duration timeout) {
    return addressLinks
        .computeIfAbsent(
            address, _ -> new PeerLink(context, eventLoops.next(), null, () -> address))
        .call(service, request, timeout);
  }

  private PeerLink link(NodeId to) {
    PeerLink link = links.get(to);
    return link != null
        ? link
        : links.computeIfAbsent(
            to, _ -> new PeerLink(context, eventLoops.next(), to, () -> directory.addressOf(to)));
  }

  @Override
  public void register(String service, CallHandler handler) {
    context.services().register(service, handler);
  }

  @Override
  public void onMessage(MessageHandler handler) {
    context.services().onMessage(handler);
  }

  @Override
  public void addPeerListener(PeerListener listener) {
    listeners.add(listener);
  }

  @Override
  public void close() {
    if (!closed.compareAndSet(false, true)) {
      return;
    }
    serverChannel.close().syncUninterruptibly();
    links.values().forEach(PeerLink::close);
    addressLinks.values().forEach(PeerLink::close);
    eventLoops
        .shutdownGracefully(0, CLOSE_SECONDS_MAX, TimeUnit.SECONDS)
        .awaitUninterruptibly(CLOSE_SECONDS_MAX, TimeUnit.SECONDS);
  }

  /// Sets up accepted connections, up to their bound.
  private final class Acceptor extends ChannelInitializer<Channel> {
    private final AtomicInteger connections = new AtomicInteger();

    @Override
    protected void initChannel(Channel accepted) {
      accepted.closeFuture().addListener(_ -> connections.decrementAndGet());
      if (connections.incrementAndGet() > context.settings().connectionsMax()) {
        accepted.close();
        return;
      }
      TlsSockets tls = context.tls();
      if (tls != null) {
        accepted.pipeline().addLast(new SslHandler(tls.server()));
      }
      var decoder = new FrameDecoder(context.settings().frameBytesMax(), traffic);
      accepted.pipeline().addLast(decoder, new AcceptedConnection(context, decoder));
    }
  }

  /// Passes events on to the listeners there are at the time.
  private final class Listeners implements PeerListener {
    @Override
    public void connected(NodeId peer) {
      listeners.forEach(listener -> listener.connected(peer));
    }

    @Override
    public void lost(NodeId peer) {
      listeners.forEach(listener -> listener.lost(peer));
    }

    @Override
    public void unreachable(NodeId peer) {
      listeners.forEach(listener -> listener.unreachable(peer));
    }
  }
}
