package dev.partita.node.admin;

/// What becomes of the rows of a Partition that is dropped.
public enum RowsPolicy {
  /// They stay on disk; a Partition of the same collection and bounds may adopt them.
  RETAIN,
  /// They are deleted.
  DELETE
}
