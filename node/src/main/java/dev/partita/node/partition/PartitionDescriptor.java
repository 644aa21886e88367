package dev.partita.node.partition;

import dev.partita.node.raft.Configuration;

/// A Partition as the partition map or one of its replicas knows it.
///
/// @param name the name of its resource
/// @param collectionId the number that its rows' storage keys begin with, 32 bits unsigned
/// @param epoch raised whenever bounds or members change
/// @param members voters and learners
/// @param columnGroup of a Partition of columns its number in the collection, from 1; else 0
public record PartitionDescriptor(
    PartitionId id,
    String name,
    long collectionId,
    String collection,
    Bounds bounds,
    Epoch epoch,
    Configuration members,
    int columnGroup) {

  /// What may be in the keys of rows.
  public static final int COLUMN_GROUP_MAX = 0xffff;

  /// One that has all columns of its rows.
  public PartitionDescriptor(
      PartitionId id,
      String name,
      long collectionId,
      String collection,
      Bounds bounds,
      Epoch epoch,
      Configuration members) {
    this(id, name, collectionId, collection, bounds, epoch, members, 0);
  }

  public PartitionDescriptor {
    if (collectionId < 0 || collectionId > 0xffff_ffffL) {
      throw new IllegalArgumentException("a collection id has 32 bits: " + collectionId);
    }
    if (name.isEmpty() || collection.isEmpty()) {
      throw new IllegalArgumentException("a partition has a name and a collection");
    }
    boolean grouped = columnGroup > 0 && columnGroup <= COLUMN_GROUP_MAX;
    if (bounds instanceof Bounds.Columns ? !grouped : columnGroup != 0) {
      throw new IllegalArgumentException("the number of the column group is wrong: " + columnGroup);
    }
  }

  /// The same with another epoch.
  PartitionDescriptor withEpoch(Epoch newEpoch) {
    return withMembers(members, newEpoch);
  }

  public PartitionDescriptor withMembers(Configuration other, Epoch newEpoch) {
    return new PartitionDescriptor(
        id, name, collectionId, collection, bounds, newEpoch, other, columnGroup);
  }
}
