package dev.partita.node.transport;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.partita.node.TestCertificates;
import dev.partita.node.raft.NodeId;
import dev.partita.tls.Credentials;
import dev.partita.tls.TlsSockets;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import javax.net.ssl.SSLSession;
import javax.net.ssl.SSLSocket;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// The transport with certificates.
final class TlsTransportTest {
  private static final NodeId A = new NodeId(1);
  private static final NodeId B = new NodeId(2);
  private static final Duration TIMEOUT = Duration.ofSeconds(60);

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

  private static TlsSockets nodes(Credentials own) {
    return TlsSockets.of(() -> own, Set.of(TestCertificates.NODE));
  }

  private TlsSockets node() {
    return nodes(certificates.issue(TestCertificates.NODE));
  }

  @AfterEach
  void closeAll() {
    open.forEach(NettyTransport::close);
  }

  private static boolean echoes(NettyTransport from, NodeId to, int sizeBytes) {
    byte[] request = new byte[sizeBytes];
    new SplittableRandom(sizeBytes).nextBytes(request);
    return from.call(to, "echo", request, TIMEOUT)
        .thenApply(answer -> Arrays.equals(answer, request))
        .exceptionally(_ -> false)
        .join();
  }

  @Test
  void nodesTalkAndLargeFramesPass() throws Exception {
    NettyTransport a = start(A, node());
    NettyTransport b = start(B, node());

    assertThat(echoes(a, B, 10)).isTrue();
    assertThat(echoes(b, A, 3 << 20)).isTrue();
    List<CompletableFuture<byte[]>> many = new ArrayList<>();
    for (int i = 0; i < 200; i++) {
      many.add(a.call(B, "echo", new byte[20_000], TIMEOUT));
    }
    for (CompletableFuture<byte[]> call : many) {
      assertThat(call.get(60, TimeUnit.SECONDS)).hasSize(20_000);
    }
  }

  @Test
  void nothingReachesANodeWithoutTheCertificateOfANode() throws Exception {
    NettyTransport guarded = start(B, node());
    NettyTransport plain = start(A, null);
    NettyTransport operator = start(A, nodes(certificates.issue(TestCertificates.OPERATOR)));
    NettyTransport stranger = start(A, nodes(new TestCertificates().issue(TestCertificates.NODE)));

    assertThat(echoes(plain, B, 1)).isFalse();
    assertThat(echoes(operator, B, 1)).isFalse();
    assertThat(echoes(stranger, B, 1)).isFalse();
    assertThat(echoes(guarded, B, 1)).isTrue();
    assertThat(echoes(start(A, node()), B, 1)).isTrue();
  }

  @Test
  void aNodeDoesNotTalkToAnybodyElse() throws Exception {
    NettyTransport a = start(A, node());
    start(B, null);
    assertThat(echoes(a, B, 1)).isFalse();
    start(B, nodes(certificates.issue(TestCertificates.OPERATOR)));
    assertThat(echoes(a, B, 1)).isFalse();
    start(B, node());
    await().atMost(TIMEOUT).until(() -> echoes(a, B, 1));
  }

  @Test
  void whatIsSentIsNotReadable() throws Exception {
    NettyTransport a = start(A, node());
    start(B, node());
    byte[] secret = "a document that nobody may read".repeat(10).getBytes(UTF_8);
    try (Wiretap tap = new Wiretap(requirePort(B))) {
      addresses.put(B, new PeerAddress("127.0.0.1", tap.port()));
      assertThat(a.call(B, "echo", secret, TIMEOUT).get(60, TimeUnit.SECONDS)).isEqualTo(secret);
      assertThat(new String(tap.heard(), UTF_8)).hasSizeGreaterThan(600).doesNotContain("document");
    }
  }

  private int requirePort(NodeId node) {
    return Objects.requireNonNull(addresses.get(node)).port();
  }

  @Test
  void renewedCredentialsAreShownToTheNextConnection() throws Exception {
    AtomicReference<Credentials> current =
        new AtomicReference<>(certificates.issue(TestCertificates.NODE));
    start(B, TlsSockets.of(current::get, Set.of(TestCertificates.NODE)));
    try (Socket before = connect(B)) {
      assertThat(shown(before)).isEqualTo(current.get().chain().getFirst());

      current.set(certificates.issue(TestCertificates.NODE));
      try (Socket after = connect(B)) {
        assertThat(shown(after)).isEqualTo(current.get().chain().getFirst());
      }
    }
  }

  @Test
  void aConnectionThatSaysNothingIsClosed() throws Exception {
    start(B, node());
    try (Socket silent = new Socket(InetAddress.getLoopbackAddress(), requirePort(B))) {
      silent.setSoTimeout((int) TIMEOUT.toMillis());
      assertThat(silent.getInputStream().read()).isEqualTo(-1);
    }
  }

  private Socket connect(NodeId node) throws IOException {
    return node().context().getSocketFactory().createSocket("127.0.0.1", requirePort(node));
  }

  private static Object shown(Socket socket) throws IOException {
    SSLSocket secured = (SSLSocket) socket;
    secured.startHandshake();
    SSLSession session = secured.getSession();
    assertThat(session.getProtocol()).isEqualTo("TLSv1.3");
    return session.getPeerCertificates()[0];
  }
}
