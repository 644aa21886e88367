package dev.partita.node.transport;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.partita.node.raft.NodeId;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

final class NettyTransportTest {
  private static final NodeId A = new NodeId(1);
  private static final NodeId B = new NodeId(2);
  private static final Duration TIMEOUT = Duration.ofSeconds(10);
  private static final TransportSettings SMALL =
      new TransportSettings(
          1,
          64 << 10,
          256 << 10,
          16,
          8,
          128 << 10,
          16,
          Duration.ofMillis(500),
          Duration.ofMillis(5),
          Duration.ofMillis(50),
          Duration.ofSeconds(4),
          Duration.ofSeconds(30));

  private final Map<NodeId, PeerAddress> addresses = new ConcurrentHashMap<>();
  private final List<NettyTransport> open = new ArrayList<>();

  private NettyTransport start(NodeId node, String cluster) throws IOException {
    var transport =
        new NettyTransport(
            SMALL,
            node,
            () -> cluster,
            new PeerAddress("127.0.0.1", 0),
            addresses::get,
            NameLookup.system());
    open.add(transport);
    addresses.put(node, new PeerAddress("127.0.0.1", transport.port()));
    return transport;
  }

  @AfterEach
  void closeAll() {
    open.forEach(NettyTransport::close);
  }

  private static byte[] bytes(String text) {
    return text.getBytes(UTF_8);
  }

  private static CallFailure.Kind kindOf(CompletableFuture<byte[]> call) {
    assertThat(call).failsWithin(TIMEOUT);
    return ((CallFailure) call.exceptionNow()).kind();
  }

  @Test
  void messagesArriveInOrder() throws Exception {
    NettyTransport a = start(A, "c");
    NettyTransport b = start(B, "c");
    var received = new CopyOnWriteArrayList<Integer>();
    b.onMessage((from, message) -> {
      assertThat(from).isEqualTo(A);
      received.add(ByteBuffer.wrap(message).getInt());
    });
    a.send(B, ByteBuffer.allocate(4).putInt(0).array());
    await().until(() -> received.size() == 1);
    for (int i = 1; i < 1000; i++) {
      a.send(B, ByteBuffer.allocate(4).putInt(i).array());
    }
    await().until(() -> received.size() == 1000);
    assertThat(received).isSorted();
  }

  @Test
  void callsBringResponsesAndFailures() throws Exception {
    NettyTransport a = start(A, "c");
    NettyTransport b = start(B, "c");
    b.register("echo", (_, request) -> CompletableFuture.completedFuture(request));
    b.register(
        "fail", (_, _) -> CompletableFuture.failedFuture(new IllegalStateException("broken")));
    b.register("silent", (_, _) -> new CompletableFuture<>());
    assertThat(a.call(B, "echo", bytes("hello"), TIMEOUT)).succeedsWithin(TIMEOUT);
    assertThat(a.call(B, "echo", bytes("hello"), TIMEOUT).get(10, TimeUnit.SECONDS))
        .isEqualTo(bytes("hello"));
    PeerAddress address = new PeerAddress("localhost", b.port());
    assertThat(a.call(address, "echo", bytes("x"), TIMEOUT).get(10, TimeUnit.SECONDS))
        .isEqualTo(bytes("x"));
    assertThat(kindOf(a.call(B, "fail", bytes(""), TIMEOUT))).isEqualTo(CallFailure.Kind.FAILED);
    assertThat(kindOf(a.call(B, "none", bytes(""), TIMEOUT)))
        .isEqualTo(CallFailure.Kind.NO_SUCH_SERVICE);
    assertThat(kindOf(a.call(B, "silent", bytes(""), Duration.ofMillis(50))))
        .isEqualTo(CallFailure.Kind.UNKNOWN);
  }

  @Test
  void aPeerThatIsNotThereFailsCallsAsNotSent() throws Exception {
    NettyTransport a = start(A, "c");
    NettyTransport b = start(B, "c");
    b.close();
    assertThat(kindOf(a.call(B, "echo", bytes(""), TIMEOUT))).isEqualTo(CallFailure.Kind.NOT_SENT);
    assertThat(kindOf(a.call(new NodeId(9), "echo", bytes(""), TIMEOUT)))
        .isEqualTo(CallFailure.Kind.NOT_SENT);
  }

  @Test
  void aLostConnectionLeavesTheOutcomeOpenAndIsReported() throws Exception {
    NettyTransport a = start(A, "c");
    NettyTransport b = start(B, "c");
    var events = new CopyOnWriteArrayList<String>();
    a.addPeerListener(
        new PeerListener() {
          @Override
          public void connected(NodeId peer) {
            events.add("connected " + peer);
          }

          @Override
          public void lost(NodeId peer) {
            events.add("lost " + peer);
          }

          @Override
          public void unreachable(NodeId peer) {
            events.add("unreachable " + peer);
          }
        });
    var asked = new CompletableFuture<Void>();
    b.register(
        "silent",
        (_, _) -> {
          asked.complete(null);
          return new CompletableFuture<>();
        });
    CompletableFuture<byte[]> call = a.call(B, "silent", bytes(""), TIMEOUT);
    asked.get(10, TimeUnit.SECONDS);
    b.close();
    assertThat(kindOf(call)).isEqualTo(CallFailure.Kind.UNKNOWN);
    await()
        .untilAsserted(
            () -> assertThat(events).containsExactly("connected 2", "lost 2", "unreachable 2"));
  }

  @Test
  void aPeerThatComesBackIsReachedAgain() throws Exception {
    NettyTransport a = start(A, "c");
    NettyTransport b = start(B, "c");
    b.register("echo", (_, request) -> CompletableFuture.completedFuture(request));
    assertThat(a.call(B, "echo", bytes("1"), TIMEOUT)).succeedsWithin(TIMEOUT);
    b.close();
    NettyTransport again = start(B, "c");
    again.register("echo", (_, request) -> CompletableFuture.completedFuture(request));
    await()
        .ignoreExceptions()
        .until(() -> a.call(B, "echo", bytes("2"), TIMEOUT).get(1, TimeUnit.SECONDS).length == 1);
  }

  @Test
  void nodesOfOtherClustersAndOtherNodesAreRefused() throws Exception {
    NettyTransport a = start(A, "one");
    NettyTransport b = start(B, "two");
    b.register("echo", (_, request) -> CompletableFuture.completedFuture(request));
    assertThat(kindOf(a.call(B, "echo", bytes(""), TIMEOUT))).isEqualTo(CallFailure.Kind.NOT_SENT);
    NettyTransport c = start(new NodeId(3), "one");
    c.register("echo", (_, request) -> CompletableFuture.completedFuture(request));
    addresses.put(B, new PeerAddress("127.0.0.1", c.port()));
    await()
        .during(Duration.ofMillis(100))
        .untilAsserted(() ->
            assertThat(kindOf(a.call(B, "echo", bytes(""), TIMEOUT)))
                .isEqualTo(CallFailure.Kind.NOT_SENT));
  }

  @Test
  void aNodeWithoutAClusterMayCallAnyAddress() throws Exception {
    NettyTransport a = start(A, "");
    NettyTransport b = start(B, "two");
    b.register("echo", (from, _) -> CompletableFuture.completedFuture(bytes(from.toString())));
    assertThat(
            a.call(new PeerAddress("127.0.0.1", b.port()), "echo", bytes(""), TIMEOUT)
                .get(10, TimeUnit.SECONDS))
        .isEqualTo(bytes("1"));
  }

  /// The peer may have executed it: whoever asked must not take it for undone.
  @Test
  void aCallThatWasSentHasAnUnknownFateWhenItsOwnTransportCloses() throws Exception {
    NettyTransport a = start(A, "c");
    NettyTransport b = start(B, "c");
    var asked = new CompletableFuture<Void>();
    b.register(
        "silent",
        (_, _) -> {
          asked.complete(null);
          return new CompletableFuture<>();
        });
    CompletableFuture<byte[]> call = a.call(B, "silent", bytes(""), TIMEOUT);
    asked.get(10, TimeUnit.SECONDS);
    a.close();
    assertThat(kindOf(call)).isEqualTo(CallFailure.Kind.UNKNOWN);
  }

  @Test
  void tooManyRequestsInProgressAreRefused() throws Exception {
    NettyTransport a = start(A, "c");
    NettyTransport b = start(B, "c");
    b.register("silent", (_, _) -> new CompletableFuture<>());
    var calls = new ArrayList<CompletableFuture<byte[]>>();
    for (int i = 0; i < 12; i++) {
      calls.add(a.call(B, "silent", bytes(""), Duration.ofSeconds(1)));
    }
    List<CallFailure.Kind> kinds = calls.stream().map(NettyTransportTest::kindOf).toList();
    assertThat(kinds).contains(CallFailure.Kind.OVERLOADED, CallFailure.Kind.UNKNOWN);
    assertThat(kinds.stream().filter(kind -> kind == CallFailure.Kind.OVERLOADED)).hasSize(4);
  }

  @Test
  void aFrameLargerThanAllowedIsNotSent() throws Exception {
    NettyTransport a = start(A, "c");
    start(B, "c");
    assertThat(kindOf(a.call(B, "echo", new byte[64 << 10], TIMEOUT)))
        .isEqualTo(CallFailure.Kind.NOT_SENT);
  }

  /// Random bytes, cut and damaged frames: the connection is closed, nothing reaches a handler, and
  /// others are served on.
  @Test
  void garbageIsRefused() throws Exception {
    NettyTransport a = start(A, "c");
    NettyTransport b = start(B, "c");
    b.onMessage((from, _) -> {
      throw new AssertionError("A message out of garbage from " + from);
    });
    b.register("echo", (_, request) -> CompletableFuture.completedFuture(request));
    var random = new SplittableRandom(42);
    for (int round = 0; round < 100; round++) {
      try (var socket = new Socket(InetAddress.getLoopbackAddress(), b.port())) {
        socket.setSoTimeout(10_000);
        send(socket, garbage(random, round));
        socket.shutdownOutput();
        awaitClosed(socket);
      }
    }
    assertThat(a.call(B, "echo", bytes("alive"), TIMEOUT)).succeedsWithin(TIMEOUT);
  }

  private static byte[] garbage(SplittableRandom random, int round) {
    byte[] bytes = new byte[random.nextInt(8, 4096)];
    random.nextBytes(bytes);
    if (round % 3 == 1) {
      // A plausible length in front, and a known type.
      ByteBuffer.wrap(bytes).putInt(random.nextInt(1, 64)).put((byte) random.nextInt(1, 10));
    } else if (round % 3 == 2) {
      // A length that would take a lot of memory.
      ByteBuffer.wrap(bytes).putInt(Integer.MAX_VALUE - random.nextInt(1000));
    }
    return bytes;
  }

  private static void send(Socket socket, byte[] bytes) throws IOException {
    try {
      OutputStream out = socket.getOutputStream();
      out.write(bytes);
      out.flush();
    } catch (SocketException e) {
      // Closed already: that is the point.
      assertThat(e).isNotNull();
    }
  }

  private static void awaitClosed(Socket socket) throws IOException {
    try {
      InputStream in = socket.getInputStream();
      while (in.read() >= 0) {}
    } catch (SocketException e) {
      assertThat(e).hasMessageContaining("reset");
    }
  }
}
