package dev.partita.operator.certificate;

import dev.partita.tls.CertificateAuthority;
import dev.partita.tls.CredentialDirectory;
import dev.partita.tls.Credentials;
import dev.partita.tls.Identity;
import java.security.GeneralSecurityException;
import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/// Pure: a certificate that the operator issues, as it shall lie in a Secret.
///
/// @param hosts names and addresses under which its holder is reached
record Leaf(Identity identity, List<String> hosts) {

  /// Codes of a host's name and of an address among the kinds of alternative names.
  private static final Set<Integer> HOST_NAMES = Set.of(2, 7);

  /// What the Secret shall contain.
  ///
  /// @param present what it contains; kept as long as it is what is wanted and not due
  Map<String, String> wanted(
      Map<String, String> present, AuthorityState authority, CertificateLives lives, Instant now) {
    String trusted = authority.trusted();
    if (usable(present).filter(found -> isWanted(found, authority, now)).isPresent()) {
      return Map.of(
          CredentialDirectory.CHAIN_FILE, text(present, CredentialDirectory.CHAIN_FILE),
          CredentialDirectory.KEY_FILE, text(present, CredentialDirectory.KEY_FILE),
          CredentialDirectory.AUTHORITIES_FILE, trusted);
    }
    CertificateAuthority.Issued issued =
        authority.current().issue(identity, hosts, now, lives.leaf());
    return Map.of(
        CredentialDirectory.CHAIN_FILE, issued.chain(),
        CredentialDirectory.KEY_FILE, issued.key(),
        CredentialDirectory.AUTHORITIES_FILE, trusted);
  }

  private static String text(Map<String, String> texts, String name) {
    return texts.getOrDefault(name, "");
  }

  /// The credentials that texts are; empty if they are none.
  static Optional<Credentials> usable(Map<String, String> texts) {
    try {
      return Optional.of(credentials(texts));
    } catch (GeneralSecurityException _) {
      return Optional.empty();
    }
  }

  /// The credentials that texts are.
  ///
  /// @throws GeneralSecurityException if they are none
  static Credentials credentials(Map<String, String> texts) throws GeneralSecurityException {
    return Credentials.of(
        text(texts, CredentialDirectory.CHAIN_FILE),
        text(texts, CredentialDirectory.KEY_FILE),
        text(texts, CredentialDirectory.AUTHORITIES_FILE));
  }

  private boolean isWanted(Credentials found, AuthorityState authority, Instant now) {
    X509Certificate certificate = found.chain().getFirst();
    return isSignedBy(certificate, authority.current().certificate())
        && Identity.of(certificate).filter(identity::equals).isPresent()
        && hostsOf(certificate).equals(Set.copyOf(hosts))
        && !CertificateLives.isDue(
            certificate.getNotBefore().toInstant(), certificate.getNotAfter().toInstant(), now);
  }

  private static boolean isSignedBy(X509Certificate certificate, X509Certificate authority) {
    try {
      certificate.verify(authority.getPublicKey());
      return true;
    } catch (GeneralSecurityException _) {
      return false;
    }
  }

  private static Set<String> hostsOf(X509Certificate certificate) {
    try {
      Collection<List<?>> names = certificate.getSubjectAlternativeNames();
      return names == null
          ? Set.of()
          : names.stream()
              .filter(name -> name.getFirst() instanceof Integer kind && HOST_NAMES.contains(kind))
              .map(name -> String.valueOf(name.getLast()))
              .collect(Collectors.toUnmodifiableSet());
    } catch (CertificateParsingException _) {
      return Set.of();
    }
  }
}
