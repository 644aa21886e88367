package dev.partita.tls;

import java.io.IOException;
import java.security.GeneralSecurityException;
import java.security.InvalidKeyException;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;
import java.security.SignatureException;
import java.security.cert.X509Certificate;
import java.security.interfaces.RSAPublicKey;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.stream.Stream;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509TrustManager;

/// What one side of a connection has: its certificate with those above it, the private key of the
/// certificate, and the authorities whose certificates it accepts.
public final class Credentials {
  private final List<X509Certificate> chain;
  private final PrivateKey key;
  private final List<X509Certificate> authorities;
  private final X509TrustManager verification;

  private Credentials(
      List<X509Certificate> chain, PrivateKey key, List<X509Certificate> authorities)
      throws GeneralSecurityException {
    this.chain = List.copyOf(chain);
    this.key = key;
    this.authorities = List.copyOf(authorities);
    this.verification = verification(authorities);
    requireKeyOf(chain.getFirst(), key);
  }

  /// Credentials as they lie in a Secret of the type `kubernetes.io/tls`.
  ///
  /// @param chain certificates, the own one first
  /// @param key its private key, in PKCS #8
  /// @param authorities certificates of the authorities
  /// @throws GeneralSecurityException saying which of the three is wrong, and never what is in the
  ///   key
  public static Credentials of(String chain, String key, String authorities)
      throws GeneralSecurityException {
    return new Credentials(
        named("certificate", () -> Pem.certificates(chain)),
        named("private key", () -> Pem.privateKey(key)),
        named("authorities", () -> Pem.certificates(authorities)));
  }

  private static <T> T named(String part, Reading<T> reading) throws GeneralSecurityException {
    try {
      return reading.read();
    } catch (GeneralSecurityException e) {
      throw new GeneralSecurityException("the " + part + " cannot be used: " + e.getMessage(), e);
    }
  }

  private interface Reading<T> {
    T read() throws GeneralSecurityException;
  }

  /// A half-replaced Secret has the key of one certificate beside another.
  private static void requireKeyOf(X509Certificate certificate, PrivateKey key)
      throws GeneralSecurityException {
    PublicKey publicKey = certificate.getPublicKey();
    Signature signature = Signature.getInstance(signatureOf(publicKey));
    byte[] probe = {1};
    try {
      signature.initSign(key);
      signature.update(probe);
      byte[] signed = signature.sign();
      signature.initVerify(publicKey);
      signature.update(probe);
      if (signature.verify(signed)) {
        return;
      }
    } catch (InvalidKeyException | SignatureException e) {
      throw new InvalidKeyException("the private key is not that of the certificate", e);
    }
    throw new InvalidKeyException("the private key is not that of the certificate");
  }

  private static String signatureOf(PublicKey key) {
    return key instanceof RSAPublicKey
        ? "SHA256withRSA"
        : key.getAlgorithm().equals("EC") ? "SHA256withECDSA" : "EdDSA";
  }

  private static X509TrustManager verification(List<X509Certificate> authorities)
      throws GeneralSecurityException {
    KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
    try {
      store.load(null, null);
    } catch (IOException e) {
      throw new IllegalStateException("an empty key store needs no input", e);
    }
    for (int i = 0; i < authorities.size(); i++) {
      store.setCertificateEntry("authority-" + i, authorities.get(i));
    }
    TrustManagerFactory factory = TrustManagerFactory.getInstance("PKIX");
    factory.init(store);
    for (TrustManager manager : factory.getTrustManagers()) {
      if (manager instanceof X509TrustManager found) {
        return found;
      }
    }
    throw new IllegalStateException("every Java platform verifies certificates");
  }

  /// The own certificate first.
  public List<X509Certificate> chain() {
    return chain;
  }

  PrivateKey key() {
    return key;
  }

  /// Those whose certificates are accepted.
  public List<X509Certificate> authorities() {
    return authorities;
  }

  /// Verifies chains up to the authorities: signatures, dates, usages.
  X509TrustManager verification() {
    return verification;
  }

  /// When the first of the certificates expires that the own side depends on.
  public Instant expiry() {
    return Stream.of(chain, authorities)
        .flatMap(Collection::stream)
        .map(certificate -> certificate.getNotAfter().toInstant())
        .min(Instant::compareTo)
        .orElseThrow();
  }

  /// When the own certificate expires.
  public Instant certificateExpiry() {
    return chain.getFirst().getNotAfter().toInstant();
  }

  @Override
  public String toString() {
    return "Credentials[" + chain.getFirst().getSubjectX500Principal() + "]";
  }
}
