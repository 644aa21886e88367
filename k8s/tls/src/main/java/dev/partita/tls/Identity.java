package dev.partita.tls;

import java.net.URI;
import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/// What a certificate says about its holder. It stands in the certificate as a subject alternative
/// name of the kind URI, `partita://{realm}/{role}` (RFC 5280, section 4.2.1.6), because names of
/// hosts say nothing about rights.
///
/// @param realm the database: the name of its namespace
public record Identity(String realm, Role role) {
  private static final String SCHEME = "partita";

  /// The code of a URI among the kinds of alternative names.
  private static final int URI_NAME = 6;

  /// A namespace is a DNS label.
  private static final Pattern REALM = Pattern.compile("[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?");

  private static final Pattern FORM =
      Pattern.compile(SCHEME + "://(" + REALM.pattern() + ")/(node|operator)");

  public Identity {
    if (!REALM.matcher(realm).matches()) {
      throw new IllegalArgumentException("not a realm: " + realm);
    }
  }

  /// The alternative name.
  public URI uri() {
    return URI.create(SCHEME + "://" + realm + "/" + role.text());
  }

  /// The identity in a certificate; empty if it has none, or more than one.
  public static Optional<Identity> of(X509Certificate certificate) {
    List<Identity> found = uris(certificate).flatMap(uri -> parse(uri).stream()).toList();
    return found.size() == 1 ? Optional.of(found.getFirst()) : Optional.empty();
  }

  private static Stream<String> uris(X509Certificate certificate) {
    try {
      Collection<List<?>> names = certificate.getSubjectAlternativeNames();
      return names == null
          ? Stream.empty()
          : names.stream()
              .filter(name -> name.getFirst().equals(URI_NAME))
              .map(name -> String.valueOf(name.getLast()));
    } catch (CertificateParsingException e) {
      // Whoever cannot be read has no role.
      return Stream.empty();
    }
  }

  private static Optional<Identity> parse(String uri) {
    Matcher matcher = FORM.matcher(uri);
    return matcher.matches()
        ? Stream.of(Role.values())
            .filter(role -> role.text().equals(matcher.group(3)))
            .findFirst()
            .map(role -> new Identity(matcher.group(1), role))
        : Optional.empty();
  }

  @Override
  public String toString() {
    return uri().toString();
  }
}
