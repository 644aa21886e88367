package dev.partita.node.time;

/// Consecutive timestamps that belong to whoever asked for them.
public record TimestampBlock(Timestamp first, int count) {
  /// Checks the size.
  ///
  /// @throws IllegalArgumentException when the block is empty
  public TimestampBlock {
    if (count < 1) {
      throw new IllegalArgumentException("empty block of timestamps");
    }
  }

  /// The timestamp at a 0-based position.
  ///
  /// @throws IndexOutOfBoundsException when the position is outside the block
  public Timestamp get(int position) {
    if (position < 0 || position >= count) {
      throw new IndexOutOfBoundsException(position);
    }
    return first.plus(position);
  }

  /// The largest timestamp of the block.
  public Timestamp last() {
    return get(count - 1);
  }
}
