package dev.partita.crd;

/// What a Partition survives the loss of, without losing its quorum. The constants are written as
/// the resources write them.
public enum Survive {
  /// Any one zone of a region.
  Zone,
  /// Any one region of a cloud.
  Region,
  /// Any one cloud.
  Cloud
}
