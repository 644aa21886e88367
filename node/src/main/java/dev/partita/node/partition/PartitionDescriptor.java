package dev.partita.node.partition;

import dev.partita.node.raft.Configuration;

/// A Partition as the partition map or one of its replicas knows it.
///
/// @param name the name of its resource
/// @param collectionId the number that its rows' storage keys begin with, 32 bits unsigned
/// @param epoch raised whenever bounds or members change
/// @param members voters and learners
public record PartitionDescriptor(
    PartitionId id,
    String name,
    long collectionId,
    String collection,
    Bounds bounds,
    Epoch epoch,
    Configuration members) {

  public PartitionDescriptor {
    if (collectionId < 0 || collectionId > 0xffff_ffffL) {
      throw new IllegalArgumentException("a collection id has 32 bits: " + collectionId);
    }
    if (name.isEmpty() || collection.isEmpty()) {
      throw new IllegalArgumentException("a partition has a name and a collection");
    }
  }

  /// The same with another epoch.
  PartitionDescriptor withEpoch(Epoch newEpoch) {
    return withMembers(members, newEpoch);
  }

  public PartitionDescriptor withMembers(Configuration other, Epoch newEpoch) {
    return new PartitionDescriptor(id, name, collectionId, collection, bounds, newEpoch, other);
  }
}
