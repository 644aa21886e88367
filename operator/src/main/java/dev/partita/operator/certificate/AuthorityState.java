package dev.partita.operator.certificate;

import dev.partita.tls.CertificateAuthority;
import dev.partita.tls.Pem;
import java.security.GeneralSecurityException;
import java.security.cert.X509Certificate;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/// Pure: the certificate authority of a namespace, as it lies in a Secret.
///
/// It is replaced in three steps, each at least one overlap after the one before: a successor is
/// made and trusted beside the present one; the successor signs, and all certificates are issued
/// anew; the old one is trusted no more. At every moment both ends of a connection trust whoever
/// may have signed the other's certificate.
///
/// @param current signs
/// @param successor will sign; trusted already
/// @param previous has signed; trusted still
/// @param since when the last step was
record AuthorityState(
    CertificateAuthority current,
    Optional<CertificateAuthority> successor,
    Optional<X509Certificate> previous,
    Instant since) {

  private static final String CERTIFICATE = "tls.crt";
  private static final String KEY = "tls.key";
  private static final String SUCCESSOR_CERTIFICATE = "next.crt";
  private static final String SUCCESSOR_KEY = "next.key";
  private static final String PREVIOUS_CERTIFICATE = "previous.crt";
  private static final String TRUSTED = "ca.crt";
  private static final String SINCE = "since";

  /// The first authority of a namespace.
  static AuthorityState first(String realm, CertificateLives lives, Instant now) {
    return new AuthorityState(
        CertificateAuthority.create(realm, now, lives.authority()),
        Optional.empty(),
        Optional.empty(),
        now);
  }

  /// Reads the texts of a Secret.
  ///
  /// @throws GeneralSecurityException if they were changed to something else
  static AuthorityState of(Map<String, String> texts) throws GeneralSecurityException {
    try {
      return new AuthorityState(
          CertificateAuthority.of(text(texts, CERTIFICATE), text(texts, KEY)),
          texts.containsKey(SUCCESSOR_CERTIFICATE)
              ? Optional.of(
                  CertificateAuthority.of(
                      text(texts, SUCCESSOR_CERTIFICATE), text(texts, SUCCESSOR_KEY)))
              : Optional.empty(),
          texts.containsKey(PREVIOUS_CERTIFICATE)
              ? Optional.of(Pem.certificates(text(texts, PREVIOUS_CERTIFICATE)).getFirst())
              : Optional.empty(),
          Instant.parse(text(texts, SINCE)));
    } catch (DateTimeException e) {
      throw new GeneralSecurityException(SINCE + " is no time", e);
    }
  }

  private static String text(Map<String, String> texts, String name)
      throws GeneralSecurityException {
    String text = texts.get(name);
    if (text == null) {
      throw new GeneralSecurityException("it has no " + name);
    }
    return text;
  }

  /// What is written into the Secret.
  Map<String, String> texts() {
    Map<String, String> texts = new TreeMap<>();
    texts.put(CERTIFICATE, Pem.text(current.certificate()));
    texts.put(KEY, current.keyText());
    successor.ifPresent(next -> {
      texts.put(SUCCESSOR_CERTIFICATE, Pem.text(next.certificate()));
      texts.put(SUCCESSOR_KEY, next.keyText());
    });
    previous.ifPresent(old -> texts.put(PREVIOUS_CERTIFICATE, Pem.text(old)));
    texts.put(TRUSTED, trusted());
    texts.put(SINCE, since.toString());
    return texts;
  }

  /// The certificates of all authorities that are trusted now, as text.
  String trusted() {
    List<X509Certificate> trusted = new ArrayList<>(List.of(current.certificate()));
    successor.map(CertificateAuthority::certificate).ifPresent(trusted::add);
    previous.ifPresent(trusted::add);
    return Pem.text(trusted);
  }

  /// The state after the step that is due; this one if none is.
  ///
  /// @param requested whether somebody has asked for another authority
  AuthorityState advance(String realm, CertificateLives lives, Instant now, boolean requested) {
    boolean settled = !now.isBefore(since.plus(lives.overlap()));
    if (successor.isPresent()) {
      return settled
          ? new AuthorityState(
              successor.get(), Optional.empty(), Optional.of(current.certificate()), now)
          : this;
    }
    if (previous.isPresent()) {
      return settled ? new AuthorityState(current, Optional.empty(), Optional.empty(), now) : this;
    }
    X509Certificate certificate = current.certificate();
    boolean due =
        CertificateLives.isDue(
            certificate.getNotBefore().toInstant(), certificate.getNotAfter().toInstant(), now);
    return due || requested
        ? new AuthorityState(
            current,
            Optional.of(CertificateAuthority.create(realm, now, lives.authority())),
            Optional.empty(),
            now)
        : this;
  }

  /// Without keys.
  @Override
  public String toString() {
    return "AuthorityState[%s, successor %s, previous %s, since %s]"
        .formatted(current, successor.isPresent(), previous.isPresent(), since);
  }
}
