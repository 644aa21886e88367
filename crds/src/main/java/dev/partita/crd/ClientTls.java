package dev.partita.crd;

/// How clients reach the nodes of a Site. The constants are written as the resources write them.
public enum ClientTls {
  /// Only by TLS.
  Required,
  /// By TLS, and on the plain port as well: for clients on the same machine or behind a mesh of
  /// their own.
  Optional
}
