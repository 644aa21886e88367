package dev.partita.node.catalog;

import org.jspecify.annotations.Nullable;

/// A collection: it comes into being with its first Partition or Index and goes with its last.
///
/// @param id stands in row keys; 32 bits, never reused
/// @param partitioning null until the first Partition fixes it
/// @param columnGroups how many column groups it has had so far: the number of the last one, which
///   stands in row keys. Null if there was none
public record CollectionEntry(
    long id, String name, @Nullable Partitioning partitioning, @Nullable Integer columnGroups) {

  /// How the keys of a collection are divided; all its Partitions do it in the same way, because
  /// row keys of hash collections begin with the hash.
  public enum Partitioning {
    /// By ranges or intervals of the key.
    RANGE,
    /// By a hash of the key.
    HASH,
    /// Not by keys: each Partition has some columns of every document.
    COLUMNS
  }

  /// One that has had no column groups.
  public CollectionEntry(long id, String name, @Nullable Partitioning partitioning) {
    this(id, name, partitioning, null);
  }

  /// With one more column group.
  CollectionEntry withColumnGroup() {
    return new CollectionEntry(id, name, partitioning, columnGroups == null ? 1 : columnGroups + 1);
  }
}
