package dev.partita.node.catalog;

import org.jspecify.annotations.Nullable;

/// A collection: it comes into being with its first Partition or Index and goes with its last.
///
/// @param id stands in row keys; 32 bits, never reused
/// @param partitioning null until the first Partition fixes it
public record CollectionEntry(long id, String name, @Nullable Partitioning partitioning) {

  /// How the keys of a collection are divided; all its Partitions do it in the same way, because
  /// row keys of hash collections begin with the hash.
  public enum Partitioning {
    /// By ranges or intervals of the key.
    RANGE,
    /// By a hash of the key.
    HASH
  }
}
