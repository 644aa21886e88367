package dev.partita.node.partition;

import dev.partita.node.raft.GroupId;

/// The identity of a Partition, the same number as its Raft group's. Assigned by the catalog and
/// never reused.
///
/// @param value greater than zero
public record PartitionId(long value) implements Comparable<PartitionId> {

  public PartitionId {
    if (value <= 0) {
      throw new IllegalArgumentException("a partition id is positive: " + value);
    }
  }

  public GroupId group() {
    return new GroupId(value);
  }

  @Override
  public int compareTo(PartitionId other) {
    return Long.compare(value, other.value);
  }

  @Override
  public String toString() {
    return Long.toString(value);
  }
}
