package dev.partita.crd;

/// How a label is compared, as in Kubernetes. The constants are written as the resources write
/// them.
public enum SelectorOperator {
  /// The label is there and has one of the values.
  In,
  /// The label has none of the values, or is not there.
  NotIn,
  /// The label is there.
  Exists,
  /// The label is not there.
  DoesNotExist
}
