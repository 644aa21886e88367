package dev.partita.node.storage;

/// The kinds of things stored, each with its own space of keys.
public enum Family {
  /// Rows with all their versions, by storage key.
  ROWS,
  /// Index entries with all their versions, by entry key.
  ENTRIES,
  /// Records without versions.
  META
}
