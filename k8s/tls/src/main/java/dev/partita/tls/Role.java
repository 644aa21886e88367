package dev.partita.tls;

import java.util.Locale;

/// What the holder of a certificate may do inside a database.
public enum Role {
  /// Stores replicas, takes part in consensus, and talks to other nodes.
  NODE,
  /// Administers nodes.
  OPERATOR;

  /// As it stands in a certificate.
  String text() {
    return name().toLowerCase(Locale.ROOT);
  }
}
