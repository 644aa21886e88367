package dev.partita.node;

import dev.partita.tls.CertificateAuthority;
import dev.partita.tls.CredentialDirectory;
import dev.partita.tls.Credentials;
import dev.partita.tls.Identity;
import dev.partita.tls.Pem;
import dev.partita.tls.Role;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;

/// The certificates of one database on this machine.
public final class TestCertificates {
  public static final String REALM = "db";
  public static final Identity NODE = new Identity(REALM, Role.NODE);
  public static final Identity OPERATOR = new Identity(REALM, Role.OPERATOR);

  private static final Duration LIFE = Duration.ofDays(1);

  private final CertificateAuthority authority =
      CertificateAuthority.create(REALM, Instant.now(), LIFE);

  public CertificateAuthority authority() {
    return authority;
  }

  /// New credentials that trust this authority.
  public Credentials issue(Identity identity) {
    CertificateAuthority.Issued issued = issued(identity);
    try {
      return Credentials.of(issued.chain(), issued.key(), Pem.text(authority.certificate()));
    } catch (GeneralSecurityException e) {
      throw new AssertionError(e);
    }
  }

  private CertificateAuthority.Issued issued(Identity identity) {
    return authority.issue(
        identity, List.of("localhost", "127.0.0.1"), Instant.now(), Duration.ofHours(1));
  }

  /// Writes new credentials into a directory, over those that may be there.
  public void write(Path directory, Identity identity) {
    CertificateAuthority.Issued issued = issued(identity);
    try {
      Files.createDirectories(directory);
      replace(
          directory.resolve(CredentialDirectory.AUTHORITIES_FILE),
          Pem.text(authority.certificate()));
      replace(directory.resolve(CredentialDirectory.CHAIN_FILE), issued.chain());
      replace(directory.resolve(CredentialDirectory.KEY_FILE), issued.key());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void replace(Path file, String content) throws IOException {
    Path written = Files.writeString(file.resolveSibling(file.getFileName() + ".new"), content);
    Files.move(written, file, StandardCopyOption.ATOMIC_MOVE);
  }
}
