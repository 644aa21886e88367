package dev.partita.node.catalog;

import dev.partita.node.raft.NodeId;
import dev.partita.node.time.Timestamp;
import org.jspecify.annotations.Nullable;

/// The timestamps that may have been handed out.
///
/// @param end all below
/// @param owner the leader that reserved the last of them; null before the first time
public record TimestampWindow(Timestamp end, @Nullable NodeId owner) {
  /// Nothing was handed out yet.
  public static final TimestampWindow NONE = new TimestampWindow(Timestamp.MIN, null);

  /// How far a window reaches ahead of the time at which it is reserved, and of all timestamps that
  /// were handed out by then.
  public static final long LENGTH_MILLIS = 3_000;

  /// What a block may be large at most, and more.
  private static final long BLOCK_MILLIS = 1;

  /// At most what the leader hands out next, once this window is reserved.
  Timestamp start() {
    long length = (LENGTH_MILLIS + BLOCK_MILLIS) << Timestamp.LOGICAL_BITS;
    return end.value() < length ? Timestamp.MIN : new Timestamp(end.value() - length);
  }
}
