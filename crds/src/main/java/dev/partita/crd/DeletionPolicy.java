package dev.partita.crd;

/// What deleting a Partition does with its rows. The constants are written as the resources write
/// them.
public enum DeletionPolicy {
  /// The replicas stop serving; the rows stay on disk and a Partition with the same bounds adopts
  /// them again.
  Retain,
  /// The rows are deleted.
  Delete
}
