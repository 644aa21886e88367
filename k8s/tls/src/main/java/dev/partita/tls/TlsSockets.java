package dev.partita.tls;

import java.security.GeneralSecurityException;
import java.util.Set;
import java.util.function.Supplier;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509ExtendedKeyManager;
import javax.net.ssl.X509ExtendedTrustManager;

/// TLS 1.3 in which the peer must show a certificate that says that it has a role in a realm, and
/// in general the own side shows one as well.
///
/// The credentials are looked up at each handshake, so new ones are used by all connections that
/// are made after them. Names of hosts are not compared: a node is reached under the address of its
/// pod or under its name, all nodes have the same rights, and which node answers is part of their
/// own handshake.
public final class TlsSockets {
  private static final String[] PROTOCOLS = {"TLSv1.3"};

  /// A session is resumed without verifying the certificate again, so not for long.
  private static final int SESSION_SECONDS_MAX = 600;

  private final SSLContext context;

  private TlsSockets(SSLContext context) {
    this.context = context;
  }

  /// Sockets of one side.
  ///
  /// @param own the credentials at the time of a handshake
  /// @param peers the only ones that are talked to
  public static TlsSockets of(Supplier<Credentials> own, Set<Identity> peers) {
    return of(
        new KeyManager[] {new OwnKey(own)},
        new VerifiedPeer(() -> own.get().trusted(), Set.copyOf(peers)));
  }

  /// Sockets of a side that connects and shows no certificate: it says who it is by other means.
  ///
  /// @param peers the only ones that are talked to
  public static TlsSockets withoutCertificate(Authorities trusted, Set<Identity> peers) {
    return of(new KeyManager[0], new VerifiedPeer(() -> trusted, Set.copyOf(peers)));
  }

  private static TlsSockets of(KeyManager[] own, TrustManager peers) {
    try {
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(own, new TrustManager[] {peers}, null);
      context.getServerSessionContext().setSessionTimeout(SESSION_SECONDS_MAX);
      context.getClientSessionContext().setSessionTimeout(SESSION_SECONDS_MAX);
      return new TlsSockets(context);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every Java platform has TLS", e);
    }
  }

  /// Shows the credentials of the time of a handshake; for libraries that take no context.
  public static X509ExtendedKeyManager keyManager(Supplier<Credentials> own) {
    return new OwnKey(own);
  }

  /// Accepts every holder of a certificate of the authorities, whatever its role; who uses it
  /// decides by the [Identity] afterwards.
  public static X509ExtendedTrustManager trustManager(Supplier<Credentials> own) {
    return new VerifiedPeer(() -> own.get().trusted(), null);
  }

  /// For libraries that make their engines themselves. They have to ask for TLS 1.3 and, on the
  /// side of the server, for the client's certificate.
  public SSLContext context() {
    return context;
  }

  /// The engine of the side that connects. It resumes no session.
  public SSLEngine client() {
    SSLEngine engine = context.createSSLEngine();
    engine.setUseClientMode(true);
    engine.setEnabledProtocols(PROTOCOLS.clone());
    return engine;
  }

  /// The engine of the side that is connected to.
  public SSLEngine server() {
    SSLEngine engine = context.createSSLEngine();
    engine.setUseClientMode(false);
    engine.setNeedClientAuth(true);
    engine.setEnabledProtocols(PROTOCOLS.clone());
    return engine;
  }
}
