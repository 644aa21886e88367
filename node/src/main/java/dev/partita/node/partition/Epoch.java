package dev.partita.node.partition;

/// Counts the changes of a Partition's bounds and members. It is part of the replicated state; a
/// request that carries another one is refused with [Response.WrongEpoch].
///
/// @param value from 1
public record Epoch(long value) implements Comparable<Epoch> {

  public static final Epoch FIRST = new Epoch(1);

  public Epoch {
    if (value < 1) {
      throw new IllegalArgumentException("an epoch is positive: " + value);
    }
  }

  public Epoch next() {
    return new Epoch(Math.addExact(value, 1));
  }

  @Override
  public int compareTo(Epoch other) {
    return Long.compare(value, other.value);
  }

  @Override
  public String toString() {
    return Long.toString(value);
  }
}
