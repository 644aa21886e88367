package dev.partita.tls;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.ByteArrayInputStream;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.InvalidKeySpecException;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Certificates and private keys as text (RFC 7468).
public final class Pem {
  /// Many times what a chain and a bundle need.
  private static final int CHARACTERS_MAX = 1 << 20;

  private static final int LINE_CHARACTERS = 64;

  private static final Pattern BLOCK =
      Pattern.compile("-----BEGIN ([A-Z0-9 ]+)-----([A-Za-z0-9+/=\\s]*)-----END \\1-----");

  private static final String CERTIFICATE = "CERTIFICATE";
  private static final String PRIVATE_KEY = "PRIVATE KEY";

  /// Tried one after the other: a PKCS #8 key names its algorithm inside.
  private static final List<String> ALGORITHMS = List.of("EC", "RSA", "EdDSA");

  private Pem() {}

  /// All certificates of a text, in their order.
  ///
  /// @throws CertificateException if there is none, or one that cannot be read
  public static List<X509Certificate> certificates(String text) throws CertificateException {
    CertificateFactory factory = CertificateFactory.getInstance("X.509");
    List<X509Certificate> certificates = new ArrayList<>();
    for (Block block : blocks(text)) {
      if (block.label().equals(CERTIFICATE)) {
        certificates.add(
            (X509Certificate)
                factory.generateCertificate(new ByteArrayInputStream(block.content())));
      }
    }
    if (certificates.isEmpty()) {
      throw new CertificateException("there is no certificate in it");
    }
    return certificates;
  }

  /// The private key of a text.
  ///
  /// @throws InvalidKeySpecException if there is none, or not in PKCS #8; never with a part of the
  ///   key
  public static PrivateKey privateKey(String text) throws GeneralSecurityException {
    String other = "";
    for (Block block : blocks(text)) {
      if (block.label().equals(PRIVATE_KEY)) {
        return privateKey(block.content());
      }
      other = block.label().endsWith(PRIVATE_KEY) ? block.label() : other;
    }
    throw new InvalidKeySpecException(
        other.isEmpty()
            ? "there is no private key in it"
            : "'%s' is not supported: convert it with 'openssl pkcs8 -topk8 -nocrypt', or give a cert-manager Certificate 'privateKey: {encoding: PKCS8}'"
                .formatted(other));
  }

  private static PrivateKey privateKey(byte[] content) throws GeneralSecurityException {
    InvalidKeySpecException last = null;
    for (String algorithm : ALGORITHMS) {
      try {
        return KeyFactory.getInstance(algorithm).generatePrivate(new PKCS8EncodedKeySpec(content));
      } catch (InvalidKeySpecException e) {
        last = e; // of another algorithm, or damaged
      }
    }
    throw new InvalidKeySpecException(
        "the private key is of none of the algorithms " + ALGORITHMS, last);
  }

  /// A certificate as text.
  public static String text(X509Certificate certificate) {
    try {
      return text(CERTIFICATE, certificate.getEncoded());
    } catch (CertificateException e) {
      throw new IllegalArgumentException("a certificate without an encoding", e);
    }
  }

  /// Certificates as text, one after the other.
  public static String text(List<X509Certificate> certificates) {
    StringBuilder text = new StringBuilder();
    certificates.forEach(certificate -> text.append(text(certificate)));
    return text.toString();
  }

  /// A private key as text, unencrypted, in PKCS #8. To be written into a Secret and nowhere else.
  public static String text(PrivateKey key) {
    return text(PRIVATE_KEY, key.getEncoded());
  }

  private static String text(String label, byte[] content) {
    String body = Base64.getMimeEncoder(LINE_CHARACTERS, new byte[] {'\n'}).encodeToString(content);
    return "-----BEGIN " + label + "-----\n" + body + "\n-----END " + label + "-----\n";
  }

  private static List<Block> blocks(String text) {
    List<Block> blocks = new ArrayList<>();
    if (text.length() > CHARACTERS_MAX) {
      return blocks;
    }
    Matcher matcher = BLOCK.matcher(text);
    while (matcher.find()) {
      blocks.add(
          new Block(
              matcher.group(1),
              Base64.getMimeDecoder().decode(matcher.group(2).getBytes(US_ASCII))));
    }
    return blocks;
  }

  @SuppressWarnings("ArrayRecordComponent") // never compared, never kept
  private record Block(String label, byte[] content) {}
}
