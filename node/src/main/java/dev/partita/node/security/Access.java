package dev.partita.node.security;

/// What a user may do with a collection. None of them includes another.
public enum Access {
  /// Read and query documents.
  READ,
  /// Write and delete documents.
  WRITE,
  /// Create and delete partitions and indexes.
  ADMIN
}
