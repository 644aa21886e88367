package dev.partita.node.config;

/// A network address by name, as `host:port`; an IPv6 address stands in brackets. The name is
/// resolved at each connection, never kept, because pods change their addresses.
///
/// @param port 0 to 65,535; 0 lets the operating system choose when binding
public record HostPort(String host, int port) {
  private static final int MAX_PORT = 65_535;

  public HostPort {
    if (host.isBlank()) {
      throw new IllegalArgumentException("the host of an address is empty");
    }
    if (port < 0 || port > MAX_PORT) {
      throw new IllegalArgumentException("port out of range: " + port);
    }
  }

  /// Parses `host:port`.
  ///
  /// @throws IllegalArgumentException when it is not of that form
  public static HostPort parse(String text) {
    int colon = text.lastIndexOf(':');
    if (colon <= 0) {
      throw new IllegalArgumentException("not host:port: " + text);
    }
    String host = text.substring(0, colon);
    if (host.startsWith("[") && host.endsWith("]")) {
      host = host.substring(1, host.length() - 1);
    }
    try {
      return new HostPort(host, Integer.parseInt(text.substring(colon + 1)));
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException("not host:port: " + text, e);
    }
  }

  @Override
  public String toString() {
    return host.indexOf(':') >= 0 ? "[" + host + "]:" + port : host + ":" + port;
  }
}
