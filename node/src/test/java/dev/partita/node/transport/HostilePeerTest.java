package dev.partita.node.transport;

import static org.assertj.core.api.Assertions.assertThat;

import dev.partita.node.TestCertificates;
import dev.partita.node.raft.NodeId;
import dev.partita.tls.Credentials;
import dev.partita.tls.TlsSockets;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// Bytes at the port of nodes that no node sends. Every such connection is closed, and nodes go on
/// talking to each other. `-Dpartita.fuzz.seed=` repeats a run.
final class HostilePeerTest {
  private static final System.Logger LOG = System.getLogger(HostilePeerTest.class.getName());

  private static final long SEED = Long.getLong("partita.fuzz.seed", System.nanoTime());
  private static final int ROUNDS = Integer.getInteger("partita.fuzz.rounds", 200);
  private static final int PATIENCE_MILLIS = 60_000;
  private static final Duration TIMEOUT = Duration.ofSeconds(60);
  private static final NodeId A = new NodeId(1);
  private static final NodeId B = new NodeId(2);

  private final TestCertificates certificates = new TestCertificates();
  private final Map<NodeId, PeerAddress> addresses = new ConcurrentHashMap<>();
  private final List<NettyTransport> open = new ArrayList<>();

  private NettyTransport start(NodeId node, @Nullable TlsSockets tls) throws IOException {
    var transport =
        new NettyTransport(
            TransportSettings.DEFAULT,
            node,
            () -> "c",
            Exclusion.NONE,
            new PeerAddress("127.0.0.1", 0),
            addresses::get,
            NameLookup.system(),
            tls);
    open.add(transport);
    addresses.put(node, new PeerAddress("127.0.0.1", transport.port()));
    transport.register("echo", (_, request) -> CompletableFuture.completedFuture(request));
    return transport;
  }

  private @Nullable TlsSockets sockets(boolean secured) {
    Credentials own = certificates.issue(TestCertificates.NODE);
    return secured ? TlsSockets.of(() -> own, Set.of(TestCertificates.NODE)) : null;
  }

  @AfterEach
  void closeAll() {
    open.forEach(NettyTransport::close);
  }

  @Test
  void rubbishOnAPlainPortIsHungUpOn() throws Exception {
    fuzz(false, "127.0.0.1");
  }

  @Test
  void rubbishOnASecuredPortIsHungUpOn() throws Exception {
    fuzz(true, "127.0.0.1");
  }

  private void fuzz(boolean secured, String host) throws Exception {
    System.out.println("seed " + SEED);
    NettyTransport a = start(A, sockets(secured));
    NettyTransport b = start(B, sockets(secured));
    SplittableRandom random = new SplittableRandom(SEED);
    for (int round = 0; round < ROUNDS; round++) {
      byte[] sent = hostile(random);
      try (Socket socket = new Socket(host, b.port())) {
        socket.setSoTimeout(PATIENCE_MILLIS);
        socket.getOutputStream().write(sent);
        socket.shutdownOutput();
        byte[] answer = socket.getInputStream().readNBytes(1 << 20);
        assertThat(answer.length).as("seed " + SEED + " round " + round).isLessThan(1 << 16);
      } catch (SocketException e) {
        LOG.log(System.Logger.Level.DEBUG, "Reset while still writing", e);
      }
    }
    assertThat(a.call(B, "echo", new byte[] {1}, TIMEOUT).get()).containsExactly(1);
  }

  private static byte[] hostile(SplittableRandom random) {
    byte[] noise = new byte[random.nextInt(1, 8192)];
    random.nextBytes(noise);
    byte[] hello = encoded(new Frame.Hello(FrameCodec.VERSION, 1, 2, "c"));
    return switch (random.nextInt(6)) {
      case 0 -> noise;
      case 1 -> Arrays.copyOf(hello, random.nextInt(1, hello.length));
      case 2 -> {
        hello[random.nextInt(hello.length)] = (byte) random.nextInt();
        yield hello;
      }
      case 3 -> joined(hello, noise);
      case 4 ->
          // A frame that says it is as long as can be.
          joined(hello, new byte[] {(byte) 0x7f, -1, -1, -1, 5});
      default -> joined(hello, encoded(new Frame.Welcome(random.nextLong(), "x")));
    };
  }

  private static byte[] encoded(Frame frame) {
    ByteBuf buffer = Unpooled.buffer();
    FrameCodec.encode(frame, buffer);
    byte[] bytes = new byte[buffer.readableBytes()];
    buffer.readBytes(bytes);
    return bytes;
  }

  private static byte[] joined(byte[] first, byte[] second) {
    byte[] both = Arrays.copyOf(first, first.length + second.length);
    System.arraycopy(second, 0, both, first.length, second.length);
    return both;
  }

  @Test
  void connectionsBeyondTheBoundAreClosedAndThoseThatSayNothingMakeRoom() throws Exception {
    NettyTransport a = start(A, sockets(true));
    NettyTransport b = start(B, sockets(true));
    List<Socket> silent = new ArrayList<>();
    try {
      for (int i = 0; i < TransportSettings.DEFAULT.connectionsMax() + 50; i++) {
        silent.add(new Socket(InetAddress.getLoopbackAddress(), b.port()));
      }
      // As soon as the silent ones are closed for saying nothing, a node gets through.
      CompletableFuture<byte[]> call = new CompletableFuture<>();
      long end = System.nanoTime() + TIMEOUT.toNanos();
      while (!call.isDone() && System.nanoTime() < end) {
        a.call(B, "echo", new byte[] {1}, Duration.ofSeconds(5))
            .thenAccept(call::complete)
            .exceptionally(_ -> null)
            .join();
      }
      assertThat(call).isDone();
    } finally {
      for (Socket socket : silent) {
        socket.close();
      }
    }
  }
}
