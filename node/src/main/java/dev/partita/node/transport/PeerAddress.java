package dev.partita.node.transport;

import static java.util.Objects.requireNonNull;

/// A host (name or literal address) and a TCP port.
public record PeerAddress(String host, int port) {
  private static final int PORT_MAX = 65_535;

  public PeerAddress {
    requireNonNull(host, "host");
    if (host.isEmpty()) {
      throw new IllegalArgumentException("A peer address needs a host");
    }
    if (port < 0 || port > PORT_MAX) {
      throw new IllegalArgumentException("Not a TCP port: " + port);
    }
  }

  /// Reads `host:port`; an IPv6 literal stands in brackets.
  ///
  /// @throws IllegalArgumentException if the text is not of that form
  public static PeerAddress parse(String text) {
    int colon = text.lastIndexOf(':');
    if (colon <= 0 || colon == text.length() - 1) {
      throw new IllegalArgumentException("Not of the form host:port: " + text);
    }
    String host = text.substring(0, colon);
    if (host.startsWith("[") && host.endsWith("]")) {
      host = host.substring(1, host.length() - 1);
    }
    try {
      return new PeerAddress(host, Integer.parseInt(text.substring(colon + 1)));
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException("Not of the form host:port: " + text, e);
    }
  }

  @Override
  public String toString() {
    return host.indexOf(':') >= 0 ? "[" + host + "]:" + port : host + ":" + port;
  }
}
