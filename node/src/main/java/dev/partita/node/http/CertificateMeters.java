package dev.partita.node.http;

import dev.partita.tls.CredentialDirectory;
import dev.partita.tls.Credentials;
import io.micrometer.core.instrument.MeterRegistry;
import io.quarkus.runtime.Startup;
import jakarta.inject.Singleton;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.List;
import java.util.function.Function;

/// Tells metrics when certificates expire; nothing for a node without any.
@Singleton
@Startup
final class CertificateMeters {
  CertificateMeters(NodeLifecycle lifecycle, MeterRegistry registry) {
    lifecycle
        .node()
        .credentials()
        .ifPresent(directory -> {
          expiry(directory, "own", Credentials::chain, registry);
          expiry(directory, "authority", Credentials::authorities, registry);
        });
  }

  private static void expiry(
      CredentialDirectory directory,
      String holder,
      Function<Credentials, List<X509Certificate>> certificates,
      MeterRegistry registry) {
    NodeMetric.CERTIFICATE_EXPIRY.bind(
        registry,
        directory,
        current ->
            certificates.apply(current.get()).stream()
                .map(certificate -> certificate.getNotAfter().toInstant())
                .mapToLong(Instant::getEpochSecond)
                .min()
                .orElse(0),
        holder);
  }
}
