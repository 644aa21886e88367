package dev.partita.node.http;

import dev.partita.node.config.NodeSettings;
import dev.partita.tls.CredentialDirectory;
import dev.partita.tls.TlsSockets;
import io.quarkus.arc.lookup.LookupUnlessProperty;
import io.quarkus.tls.runtime.KeyStoreAndKeyCertOptions;
import io.quarkus.tls.runtime.KeyStoreProvider;
import io.quarkus.tls.runtime.TrustStoreAndTrustOptions;
import io.quarkus.tls.runtime.TrustStoreProvider;
import io.vertx.core.Vertx;
import io.vertx.core.net.KeyCertOptions;
import io.vertx.core.net.TrustOptions;
import jakarta.annotation.PreDestroy;
import jakarta.inject.Singleton;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.util.Objects;
import org.eclipse.microprofile.config.Config;

/// The certificate of the HTTP server, where `partita.tls.directory` is set. Each handshake looks
/// up the newest, so a renewed one takes effect without the server being touched.
///
/// A client may show a certificate of the same authorities; only the administration asks whose.
@Singleton
@LookupUnlessProperty(name = "partita.tls.directory", stringValue = "")
final class HttpCertificates implements KeyStoreProvider, TrustStoreProvider {
  private final CredentialDirectory credentials;

  HttpCertificates(Config config) {
    NodeSettings.Tls tls =
        Objects.requireNonNull(
            NodeSettings.of(name -> config.getOptionalValue(name, String.class).orElse(null))
                .tls());
    try {
      credentials = CredentialDirectory.open(tls.directory(), tls.reload());
    } catch (IOException e) {
      throw new UncheckedIOException("the HTTP server has no certificate", e);
    }
  }

  @Override
  public KeyStoreAndKeyCertOptions getKeyStore(Vertx vertx) {
    return new KeyStoreAndKeyCertOptions(
        emptyStore(), KeyCertOptions.wrap(TlsSockets.keyManager(credentials)));
  }

  @Override
  public TrustStoreAndTrustOptions getTrustStore(Vertx vertx) {
    return new TrustStoreAndTrustOptions(
        emptyStore(), TrustOptions.wrap(TlsSockets.trustManager(credentials)));
  }

  /// The contract wants one; the options are what the server uses.
  private static KeyStore emptyStore() {
    try {
      KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
      store.load(null, null);
      return store;
    } catch (GeneralSecurityException | IOException e) {
      throw new IllegalStateException("an empty key store needs no input", e);
    }
  }

  @PreDestroy
  void close() {
    credentials.close();
  }
}
