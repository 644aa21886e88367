package dev.partita.tls;

import java.net.Socket;
import java.security.Principal;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.util.function.Supplier;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedKeyManager;
import org.jspecify.annotations.Nullable;

/// Shows the one certificate there is, whatever is asked for.
final class OwnKey extends X509ExtendedKeyManager {
  private static final String NAME = "own-";

  private final Supplier<Credentials> own;

  /// The chain and the key are asked for one after the other in one handshake: of the same
  /// credentials, as long as those that were current before are remembered.
  private @Nullable Named now;

  private @Nullable Named before;
  private int renewals;

  private record Named(String alias, Credentials credentials) {}

  OwnKey(Supplier<Credentials> own) {
    this.own = own;
  }

  private synchronized Named newest() {
    Credentials current = own.get();
    Named known = now;
    if (known != null && known.credentials().equals(current)) {
      return known;
    }
    Named named = new Named(NAME + renewals++, current);
    before = known;
    now = named;
    return named;
  }

  private synchronized @Nullable Credentials of(@Nullable String alias) {
    Named newest = now;
    if (newest != null && newest.alias().equals(alias)) {
      return newest.credentials();
    }
    Named older = before;
    return older != null && older.alias().equals(alias) ? older.credentials() : null;
  }

  /// The alias, if the key is of one of these kinds.
  private @Nullable String choose(String... keyTypes) {
    Named newest = newest();
    String algorithm = newest.credentials().key().getAlgorithm();
    for (String type : keyTypes) {
      // Older names of key types add who signs it, as in EC_RSA.
      if (type.equals(algorithm) || type.startsWith(algorithm + "_")) {
        return newest.alias();
      }
    }
    return null;
  }

  @Override
  public String @Nullable [] getClientAliases(String keyType, Principal @Nullable [] issuers) {
    String alias = choose(keyType);
    return alias == null ? null : new String[] {alias};
  }

  @Override
  public @Nullable String chooseClientAlias(
      String[] keyTypes, Principal @Nullable [] issuers, @Nullable Socket socket) {
    return choose(keyTypes);
  }

  @Override
  public @Nullable String chooseEngineClientAlias(
      String[] keyTypes, Principal @Nullable [] issuers, @Nullable SSLEngine engine) {
    return choose(keyTypes);
  }

  @Override
  public String @Nullable [] getServerAliases(String keyType, Principal @Nullable [] issuers) {
    return getClientAliases(keyType, issuers);
  }

  @Override
  public @Nullable String chooseServerAlias(
      String keyType, Principal @Nullable [] issuers, @Nullable Socket socket) {
    return choose(keyType);
  }

  @Override
  public @Nullable String chooseEngineServerAlias(
      String keyType, Principal @Nullable [] issuers, @Nullable SSLEngine engine) {
    return choose(keyType);
  }

  @Override
  public X509Certificate @Nullable [] getCertificateChain(@Nullable String alias) {
    Credentials credentials = of(alias);
    return credentials == null ? null : credentials.chain().toArray(X509Certificate[]::new);
  }

  @Override
  public @Nullable PrivateKey getPrivateKey(@Nullable String alias) {
    Credentials credentials = of(alias);
    return credentials == null ? null : credentials.key();
  }
}
