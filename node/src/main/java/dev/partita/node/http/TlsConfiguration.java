package dev.partita.node.http;

import io.smallrye.config.ConfigSourceContext;
import io.smallrye.config.ConfigSourceFactory;
import io.smallrye.config.ConfigValue;
import io.smallrye.config.PropertiesConfigSource;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import org.eclipse.microprofile.config.spi.ConfigSource;
import org.jspecify.annotations.Nullable;

/// Derives the HTTP server's settings from `partita.tls.directory`, so that one setting secures all
/// ports of a node; the certificate itself comes from [HttpCertificates]. Plain HTTP is served
/// beside it only where `partita.http.plain` is true.
public final class TlsConfiguration implements ConfigSourceFactory {
  /// Below the environment, above the built-in settings.
  private static final int ORDINAL = 260;

  @Override
  public Iterable<ConfigSource> getConfigSources(ConfigSourceContext context) {
    String directory = value(context, "partita.tls.directory");
    if (directory == null || directory.isBlank()) {
      return List.of();
    }
    String plain = value(context, "partita.http.plain");
    Map<String, String> settings =
        Map.of(
            "quarkus.tls.protocols",
            "TLSv1.3",
            "quarkus.http.insecure-requests",
            Boolean.parseBoolean(plain) ? "enabled" : "disabled");
    return List.of(new PropertiesConfigSource(settings, "partita-tls", ORDINAL));
  }

  private static @Nullable String value(ConfigSourceContext context, String name) {
    ConfigValue value = context.getValue(name);
    return value == null ? null : value.getValue();
  }

  @Override
  public OptionalInt getPriority() {
    return OptionalInt.of(ORDINAL);
  }
}
