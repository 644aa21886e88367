package dev.partita.node.raft;

/// The identity of a node: a positive random number, made at its first start and lost with its
/// disk.
///
/// @param value greater than zero
public record NodeId(long value) implements Comparable<NodeId> {

  public NodeId {
    if (value <= 0) {
      throw new IllegalArgumentException("a node id is positive: " + value);
    }
  }

  @Override
  public int compareTo(NodeId other) {
    return Long.compare(value, other.value);
  }

  @Override
  public String toString() {
    return Long.toString(value);
  }
}
