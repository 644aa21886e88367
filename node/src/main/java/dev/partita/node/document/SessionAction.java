package dev.partita.node.document;

import java.util.Locale;

/// What a client asks of a transaction whose statements come one by one.
public enum SessionAction {
  BEGIN,
  READ,
  QUERY,
  WRITE,
  COMMIT,
  ABORT;

  /// As it stands in a URL.
  public String path() {
    return name().toLowerCase(Locale.ROOT);
  }
}
