package dev.partita.node.query;

/// In which direction the results of a query are given.
public enum Order {
  /// As the index or the primary key orders.
  ASCENDING,
  /// The reverse of it.
  DESCENDING
}
