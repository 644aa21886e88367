package dev.partita.node.raft;

import org.jspecify.annotations.Nullable;

/// What a replica must remember besides its log.
///
/// @param term the latest term it has seen
/// @param vote whom it voted for in that term
/// @param commitIndex the highest index it knew to be committed. Only a hint that speeds up a
///   restart: it may be lost or stale, so a change of it alone needs no fsync.
public record HardState(long term, @Nullable NodeId vote, long commitIndex) {

  /// The state of a replica that has seen nothing.
  public static final HardState NONE = new HardState(0, null, 0);

  public HardState {
    if (term < 0 || commitIndex < 0) {
      throw new IllegalArgumentException(
          "term and commit index are not negative: " + term + ", " + commitIndex);
    }
  }
}
