package dev.partita.operator.nodeclient;

import dev.partita.tls.Credentials;
import dev.partita.tls.Identity;
import dev.partita.tls.Role;
import dev.partita.tls.TlsSockets;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/// The operator's own certificate in each database, kept in memory. Thread-safe.
public final class OperatorCredentials {

  private final Map<String, Credentials> byRealm = new ConcurrentHashMap<>();

  /// Uses these for all connections made from now on.
  public void put(String realm, Credentials credentials) {
    byRealm.put(realm, credentials);
  }

  /// Whether there are any for a database.
  public boolean has(String realm) {
    return byRealm.containsKey(realm);
  }

  /// What connects to the nodes of a database; empty before there are credentials.
  Optional<TlsSockets> sockets(String realm) {
    return has(realm)
        ? Optional.of(
            TlsSockets.of(
                () -> Objects.requireNonNull(byRealm.get(realm)),
                Set.of(new Identity(realm, Role.NODE))))
        : Optional.empty();
  }
}
