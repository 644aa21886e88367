package dev.partita.tls;

import java.security.GeneralSecurityException;
import java.security.InvalidKeyException;
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

/// What one side of a connection has: its certificate with those above it, the private key of the
/// certificate, and the authorities whose certificates it accepts.
public final class Credentials {
  private final List<X509Certificate> chain;
  private final PrivateKey key;
  private final Authorities trusted;

  private Credentials(
      List<X509Certificate> chain, PrivateKey key, List<X509Certificate> authorities)
      throws GeneralSecurityException {
    this.chain = List.copyOf(chain);
    this.key = key;
    this.trusted = new Authorities(authorities);
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

  /// The own certificate first.
  public List<X509Certificate> chain() {
    return chain;
  }

  PrivateKey key() {
    return key;
  }

  /// Those whose certificates are accepted.
  public List<X509Certificate> authorities() {
    return trusted.certificates();
  }

  /// Verifies those who show a certificate.
  Authorities trusted() {
    return trusted;
  }

  /// When the first of the certificates expires that the own side depends on.
  public Instant expiry() {
    return Stream.of(chain, authorities())
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
