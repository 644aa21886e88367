package dev.partita.crd;

/// Which pods of a Site restart only after a person has approved it. The constants are written as
/// the resources write them.
public enum Approval {
  /// A rolling restart needs nobody.
  None,
  /// Pods that lead a group wait, and keep their leaders until then; all others restart by
  /// themselves.
  Leaders,
  /// Every pod waits.
  All
}
