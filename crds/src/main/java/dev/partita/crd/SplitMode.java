package dev.partita.crd;

/// Who decides that a Partition is split. The constants are written as the resources write them.
public enum SplitMode {
  /// The operator says in the status what it would do and why, and a person approves it.
  Report,
  /// The operator does it.
  Auto
}
