package dev.partita.tls;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult;
import javax.net.ssl.SSLException;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509TrustManager;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Handshakes between two engines in memory.
class TlsSocketsTest {
  private final Instant now = Instant.now();
  private static final Duration DAY = Duration.ofDays(1);
  private static final Identity NODE = new Identity("db", Role.NODE);
  private static final Identity OPERATOR = new Identity("db", Role.OPERATOR);

  private final CertificateAuthority authority = CertificateAuthority.create("db", now, DAY);
  private final CertificateAuthority stranger = CertificateAuthority.create("db", now, DAY);

  private Credentials credentials(CertificateAuthority issuer, Identity identity) {
    return credentials(issuer, identity, List.of(authority.certificate()), now);
  }

  private static Credentials credentials(
      CertificateAuthority issuer,
      Identity identity,
      List<X509Certificate> trusted,
      Instant issued) {
    CertificateAuthority.Issued leaf =
        issuer.issue(identity, List.of("localhost", "127.0.0.1"), issued, Duration.ofHours(1));
    try {
      return Credentials.of(leaf.chain(), leaf.key(), Pem.text(trusted));
    } catch (GeneralSecurityException e) {
      throw new AssertionError(e);
    }
  }

  private static TlsSockets sockets(Credentials own, Identity... peers) {
    return TlsSockets.of(() -> own, Set.of(peers));
  }

  @Test
  void nodesAcceptEachOther() throws Exception {
    TlsSockets one = sockets(credentials(authority, NODE), NODE);
    TlsSockets other = sockets(credentials(authority, NODE), NODE);

    SSLEngine client = one.client();
    handshake(client, other.server());

    assertThat(client.getSession().getProtocol()).isEqualTo("TLSv1.3");
  }

  @Test
  void aPeerOfAnotherRoleIsRefusedByTheServer() {
    assertRefused(
        sockets(credentials(authority, OPERATOR), NODE),
        sockets(credentials(authority, NODE), NODE));
  }

  @Test
  void aPeerOfAnotherRoleIsRefusedByTheClient() {
    assertRefused(
        sockets(credentials(authority, NODE), NODE),
        sockets(credentials(authority, OPERATOR), NODE));
  }

  @Test
  void aNodeOfAnotherDatabaseIsRefused() {
    assertRefused(
        sockets(credentials(authority, new Identity("other", Role.NODE)), NODE),
        sockets(credentials(authority, NODE), NODE));
  }

  @Test
  void aCertificateOfAnotherAuthorityIsRefusedByBothSides() {
    assertRefused(
        sockets(credentials(stranger, NODE), NODE), sockets(credentials(authority, NODE), NODE));
    assertRefused(
        sockets(credentials(authority, NODE), NODE), sockets(credentials(stranger, NODE), NODE));
  }

  @Test
  void anExpiredCertificateIsRefused() {
    Credentials expired =
        credentials(authority, NODE, List.of(authority.certificate()), now.minus(DAY));
    assertRefused(sockets(expired, NODE), sockets(credentials(authority, NODE), NODE));
  }

  @Test
  void aClientWithoutCertificateIsRefused() throws Exception {
    SSLContext context = SSLContext.getInstance("TLSv1.3");
    context.init(null, new TrustManager[] {new TrustsEverybody()}, null);
    SSLEngine client = context.createSSLEngine();
    client.setUseClientMode(true);
    SSLEngine server = sockets(credentials(authority, NODE), NODE).server();

    assertThatThrownBy(() -> handshake(client, server)).isInstanceOf(SSLException.class);
  }

  /// The overlap of a change of authorities: both are trusted, either signs.
  @Test
  void whileAuthoritiesChangeOldAndNewCertificatesWork() throws Exception {
    List<X509Certificate> both = List.of(authority.certificate(), stranger.certificate());
    TlsSockets old = sockets(credentials(authority, NODE, both, now), NODE);
    TlsSockets renewed = sockets(credentials(stranger, NODE, both, now), NODE);

    handshake(old.client(), renewed.server());
    handshake(renewed.client(), old.server());
  }

  @Test
  void theNextHandshakeUsesRenewedCredentials() throws Exception {
    AtomicReference<Credentials> current = new AtomicReference<>(credentials(authority, NODE));
    TlsSockets server = TlsSockets.of(current::get, Set.of(NODE));
    TlsSockets client = sockets(credentials(authority, NODE), NODE);
    SSLEngine before = client.client();
    handshake(before, server.server());

    Credentials renewed = credentials(authority, NODE);
    current.set(renewed);
    SSLEngine after = client.client();
    handshake(after, server.server());

    assertThat(after.getSession().getPeerCertificates()[0]).isEqualTo(renewed.chain().getFirst());
    assertThat(before.getSession().getPeerCertificates()[0])
        .isNotEqualTo(renewed.chain().getFirst());
  }

  @Test
  void aDirectoryIsReadAgainAndHalfAReplacementChangesNothing(@TempDir Path directory)
      throws Exception {
    CertificateAuthority.Issued first = authority.issue(NODE, List.of(), now, DAY);
    CertificateAuthority.Issued second = authority.issue(NODE, List.of(), now, DAY);
    Files.writeString(directory.resolve("ca.crt"), Pem.text(authority.certificate()));
    Files.writeString(directory.resolve("tls.crt"), first.chain());
    Files.writeString(directory.resolve("tls.key"), first.key());
    List<Credentials> heard = new ArrayList<>();
    try (CredentialDirectory opened = CredentialDirectory.open(directory, Duration.ofDays(1))) {
      opened.onChange(heard::add);

      Files.writeString(directory.resolve("tls.crt"), second.chain());
      assertThat(opened.refresh()).contains("not that of the certificate");
      assertThat(Pem.text(opened.get().chain())).isEqualTo(first.chain());

      Files.writeString(directory.resolve("tls.key"), second.key());
      assertThat(opened.refresh()).isEmpty();
      assertThat(Pem.text(opened.get().chain())).isEqualTo(second.chain());
      assertThat(heard).containsExactly(opened.get());
    }
  }

  @Test
  void whatCannotBeReadIsNamedAndNoKeyIsShown() {
    CertificateAuthority.Issued issued = authority.issue(NODE, List.of(), now, DAY);
    String authorities = Pem.text(authority.certificate());
    assertThatThrownBy(() -> Credentials.of("", issued.key(), authorities))
        .hasMessageContaining("certificate");
    assertThatThrownBy(() -> Credentials.of(issued.chain(), issued.key(), "x"))
        .hasMessageContaining("authorities");
    String damaged = issued.key().substring(0, 60) + "\n-----END PRIVATE KEY-----";
    assertThatThrownBy(() -> Credentials.of(issued.chain(), damaged, authorities))
        .hasMessageContaining("private key")
        .message()
        .doesNotContain(issued.key().substring(30, 50));
    assertThatThrownBy(() ->
            Credentials.of(
                issued.chain(), issued.key().replace("PRIVATE", "RSA PRIVATE"), authorities))
        .hasMessageContaining("PKCS8");
    assertThat(issued.toString()).doesNotContain(issued.key().substring(30, 60));
  }

  @Test
  void anAuthorityIsKeptAsText() throws Exception {
    CertificateAuthority again =
        CertificateAuthority.of(Pem.text(authority.certificate()), authority.keyText());

    handshake(
        sockets(credentials(again, NODE), NODE).client(),
        sockets(credentials(authority, NODE), NODE).server());
    assertThatThrownBy(
            () -> CertificateAuthority.of(Pem.text(stranger.certificate()), authority.keyText()))
        .isInstanceOf(GeneralSecurityException.class);
  }

  private static void assertRefused(TlsSockets client, TlsSockets server) {
    assertThatThrownBy(() -> handshake(client.client(), server.server()))
        .isInstanceOf(SSLException.class);
  }

  /// Exchanges messages until both sides have finished.
  ///
  /// @throws SSLException if one of them refuses the other
  private static void handshake(SSLEngine client, SSLEngine server) throws SSLException {
    ByteBuffer toServer = ByteBuffer.allocate(1 << 16);
    ByteBuffer toClient = ByteBuffer.allocate(1 << 16);
    client.beginHandshake();
    server.beginHandshake();
    for (int round = 0; round < 50; round++) {
      advance(client, toClient, toServer);
      advance(server, toServer, toClient);
    }
    assertThat(client.getSession().isValid()).isTrue();
    assertThat(client.getHandshakeStatus())
        .isEqualTo(SSLEngineResult.HandshakeStatus.NOT_HANDSHAKING);
    assertThat(server.getHandshakeStatus())
        .isEqualTo(SSLEngineResult.HandshakeStatus.NOT_HANDSHAKING);
  }

  private static void advance(SSLEngine engine, ByteBuffer in, ByteBuffer out) throws SSLException {
    ByteBuffer plain = ByteBuffer.allocate(1 << 16);
    in.flip();
    if (in.hasRemaining()) {
      engine.unwrap(in, plain);
    }
    in.compact();
    Runnable task = engine.getDelegatedTask();
    while (task != null) {
      task.run();
      task = engine.getDelegatedTask();
    }
    if (engine.getHandshakeStatus() == SSLEngineResult.HandshakeStatus.NEED_WRAP) {
      engine.wrap(ByteBuffer.allocate(0), out);
    }
  }

  /// An X.509 client that does not care who answers.
  private static final class TrustsEverybody implements X509TrustManager {
    @Override
    public void checkClientTrusted(X509Certificate[] chain, String authType) {}

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType) {}

    @Override
    public X509Certificate[] getAcceptedIssuers() {
      return new X509Certificate[0];
    }
  }
}
