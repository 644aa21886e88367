package dev.partita.node.http;

import dev.partita.node.TestCertificates;
import io.quarkus.test.common.QuarkusTestResourceLifecycleManager;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/// Gives the node under test an empty directory and a certificate.
public final class SecureDirectory implements QuarkusTestResourceLifecycleManager {
  private final FreshDirectory data = new FreshDirectory();
  private final TestCertificates certificates = new TestCertificates();
  private final Path directory = Files.createTempDirectory("partita-tls");

  public SecureDirectory() throws IOException {}

  @Override
  public Map<String, String> start() {
    certificates.write(directory, TestCertificates.NODE);
    return Map.of(
        "partita.data",
        data.start().getOrDefault("partita.data", ""),
        "partita.tls.directory",
        directory.toString(),
        "partita.tls.realm",
        TestCertificates.REALM,
        "partita.tls.reload",
        "PT0.1S",
        "quarkus.http.test-ssl-port",
        "0");
  }

  @Override
  public void inject(Object test) {
    if (test instanceof SecureHttpTest secured) {
      secured.certificates = certificates;
      secured.directory = directory;
    }
  }

  @Override
  public void stop() {
    data.stop();
  }
}
