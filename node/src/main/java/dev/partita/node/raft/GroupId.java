package dev.partita.node.raft;

/// The identity of a Raft group. Group 0 is the system partition, every other one belongs to a
/// Partition; ids are never reused.
///
/// @param value zero or greater
public record GroupId(long value) implements Comparable<GroupId> {

  /// The group of the system partition.
  public static final GroupId SYSTEM = new GroupId(0);

  public GroupId {
    if (value < 0) {
      throw new IllegalArgumentException("a group id is not negative: " + value);
    }
  }

  @Override
  public int compareTo(GroupId other) {
    return Long.compare(value, other.value);
  }

  @Override
  public String toString() {
    return Long.toString(value);
  }
}
