package dev.partita.tls;

import java.io.IOException;
import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.security.spec.ECGenParameterSpec;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Date;
import java.util.List;
import java.util.regex.Pattern;
import javax.security.auth.x500.X500Principal;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.ExtendedKeyUsage;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.cert.X509v3CertificateBuilder;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509ExtensionUtils;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;

/// A certificate authority: a self-signed certificate and its private key, on the curve P-256.
///
/// What it issues serves both sides of a connection.
public final class CertificateAuthority {
  private static final String SIGNATURE = "SHA256withECDSA";
  private static final int SERIAL_BITS = 127;

  /// Clocks of machines differ.
  private static final Duration CLOCK_DIFFERENCE_MAX = Duration.ofMinutes(5);

  private static final Pattern ADDRESS = Pattern.compile("[0-9.]+|[0-9a-f:]*:[0-9a-f:.]*");

  private final X509Certificate certificate;
  private final PrivateKey key;

  private CertificateAuthority(X509Certificate certificate, PrivateKey key) {
    this.certificate = certificate;
    this.key = key;
  }

  /// A certificate that was issued, and its private key.
  ///
  /// @param chain the issued certificate, as text
  /// @param key in PKCS #8, as text
  public record Issued(String chain, String key) {
    /// Without the key.
    @Override
    public String toString() {
      return "Issued[" + chain + "]";
    }
  }

  /// A new authority.
  ///
  /// @param realm the database that it is for
  public static CertificateAuthority create(String realm, Instant now, Duration life) {
    KeyPair pair = newKey();
    X500Principal name = new X500Principal("CN=Partita CA of " + realm);
    JcaX509v3CertificateBuilder builder =
        new JcaX509v3CertificateBuilder(
            name, serial(), start(now), Date.from(now.plus(life)), name, pair.getPublic());
    try {
      JcaX509ExtensionUtils extensions = new JcaX509ExtensionUtils();
      builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(0));
      builder.addExtension(
          Extension.keyUsage, true, new KeyUsage(KeyUsage.keyCertSign | KeyUsage.cRLSign));
      builder.addExtension(
          Extension.subjectKeyIdentifier,
          false,
          extensions.createSubjectKeyIdentifier(pair.getPublic()));
      return new CertificateAuthority(sign(builder, pair.getPrivate()), pair.getPrivate());
    } catch (GeneralSecurityException | IOException e) {
      throw new IllegalStateException("a certificate of known parts can be made", e);
    }
  }

  /// An authority that was made before.
  ///
  /// @throws GeneralSecurityException if the key is not that of the certificate, or one of them
  ///   cannot be read
  public static CertificateAuthority of(String certificate, String key)
      throws GeneralSecurityException {
    Credentials credentials = Credentials.of(certificate, key, certificate);
    return new CertificateAuthority(credentials.chain().getFirst(), credentials.key());
  }

  public X509Certificate certificate() {
    return certificate;
  }

  /// The private key as text, for the Secret of the authority and nothing else.
  public String keyText() {
    return Pem.text(key);
  }

  /// A certificate for a new key.
  ///
  /// @param hosts names and addresses under which its holder is reached
  /// @param life at most that of the authority
  public Issued issue(Identity identity, List<String> hosts, Instant now, Duration life) {
    KeyPair pair = newKey();
    Instant end = now.plus(life);
    Instant last = certificate.getNotAfter().toInstant();
    JcaX509v3CertificateBuilder builder =
        new JcaX509v3CertificateBuilder(
            certificate,
            serial(),
            start(now),
            Date.from(end.isBefore(last) ? end : last),
            new X500Principal("O=" + identity.realm() + ", CN=" + identity.role().text()),
            pair.getPublic());
    try {
      JcaX509ExtensionUtils extensions = new JcaX509ExtensionUtils();
      builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(false));
      builder.addExtension(Extension.keyUsage, true, new KeyUsage(KeyUsage.digitalSignature));
      builder.addExtension(
          Extension.extendedKeyUsage,
          false,
          new ExtendedKeyUsage(
              new KeyPurposeId[] {KeyPurposeId.id_kp_serverAuth, KeyPurposeId.id_kp_clientAuth}));
      builder.addExtension(
          Extension.authorityKeyIdentifier,
          false,
          extensions.createAuthorityKeyIdentifier(certificate));
      builder.addExtension(Extension.subjectAlternativeName, false, names(identity, hosts));
      return new Issued(Pem.text(sign(builder, key)), Pem.text(pair.getPrivate()));
    } catch (GeneralSecurityException | IOException e) {
      throw new IllegalStateException("a certificate of known parts can be made", e);
    }
  }

  private static GeneralNames names(Identity identity, List<String> hosts) {
    List<GeneralName> names = new ArrayList<>();
    names.add(new GeneralName(GeneralName.uniformResourceIdentifier, identity.uri().toString()));
    for (String host : hosts) {
      int kind = ADDRESS.matcher(host).matches() ? GeneralName.iPAddress : GeneralName.dNSName;
      names.add(new GeneralName(kind, host));
    }
    return new GeneralNames(names.toArray(GeneralName[]::new));
  }

  private static KeyPair newKey() {
    try {
      KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
      generator.initialize(new ECGenParameterSpec("secp256r1"));
      return generator.generateKeyPair();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every Java platform has the curve P-256", e);
    }
  }

  private static BigInteger serial() {
    return new BigInteger(SERIAL_BITS, new SecureRandom()).add(BigInteger.ONE);
  }

  private static Date start(Instant now) {
    return Date.from(now.minus(CLOCK_DIFFERENCE_MAX));
  }

  private static X509Certificate sign(X509v3CertificateBuilder builder, PrivateKey key)
      throws GeneralSecurityException {
    try {
      return new JcaX509CertificateConverter()
          .getCertificate(builder.build(new JcaContentSignerBuilder(SIGNATURE).build(key)));
    } catch (OperatorCreationException e) {
      throw new GeneralSecurityException("the key cannot sign", e);
    }
  }

  @Override
  public String toString() {
    return "CertificateAuthority[" + certificate.getSubjectX500Principal() + "]";
  }
}
