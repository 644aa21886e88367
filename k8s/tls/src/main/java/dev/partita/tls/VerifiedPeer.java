package dev.partita.tls;

import java.net.Socket;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.util.Set;
import java.util.function.Supplier;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedTrustManager;
import org.jspecify.annotations.Nullable;

/// Accepts who has a certificate of the authorities and, if they are given, one of the identities.
final class VerifiedPeer extends X509ExtendedTrustManager {
  private final Supplier<Authorities> trusted;
  private final @Nullable Set<Identity> accepted;

  VerifiedPeer(Supplier<Authorities> trusted, @Nullable Set<Identity> accepted) {
    this.trusted = trusted;
    this.accepted = accepted;
  }

  private void requireAccepted(X509Certificate[] chain) throws CertificateException {
    if (accepted == null) {
      return;
    }
    Identity identity =
        Identity.of(chain[0])
            .orElseThrow(
                () -> new CertificateException("the certificate of the peer names no role"));
    if (!accepted.contains(identity)) {
      throw new CertificateException("the peer is " + identity + ", not one of " + accepted);
    }
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String authType)
      throws CertificateException {
    trusted.get().verification().checkClientTrusted(chain, authType);
    requireAccepted(chain);
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String authType)
      throws CertificateException {
    trusted.get().verification().checkServerTrusted(chain, authType);
    requireAccepted(chain);
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String authType, Socket socket)
      throws CertificateException {
    checkClientTrusted(chain, authType);
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String authType, Socket socket)
      throws CertificateException {
    checkServerTrusted(chain, authType);
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String authType, SSLEngine engine)
      throws CertificateException {
    checkClientTrusted(chain, authType);
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String authType, SSLEngine engine)
      throws CertificateException {
    checkServerTrusted(chain, authType);
  }

  @Override
  public X509Certificate[] getAcceptedIssuers() {
    return trusted.get().certificates().toArray(X509Certificate[]::new);
  }
}
