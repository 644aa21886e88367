package dev.partita.crd;

/// Whether the nodes of a Site encrypt what they say to each other and to the operator. The
/// constants are written as the resources write them.
public enum TlsMode {
  /// Only by TLS, with certificates on both sides.
  Required,
  /// In plain text, unauthenticated: for networks that nobody else can reach.
  Disabled
}
