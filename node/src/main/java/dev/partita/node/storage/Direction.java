package dev.partita.node.storage;

/// Which way a cursor walks over keys.
public enum Direction {
  /// From the start of the range to its end.
  FORWARD,
  /// From the end of the range to its start.
  BACKWARD;

  public Direction opposite() {
    return this == FORWARD ? BACKWARD : FORWARD;
  }
}
