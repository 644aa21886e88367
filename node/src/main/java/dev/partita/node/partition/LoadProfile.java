package dev.partita.node.partition;

import dev.partita.node.key.PrimaryKey;
import org.jspecify.annotations.Nullable;

/// What a window of requests tells about how to divide a Partition's load: at most one of the three
/// says something.
///
/// @param hotKey the key that takes so much that no split helps
/// @param sequence where all new rows go: a split in the middle would leave the load on one side
/// @param middle the key that has about half of the load before it, and half at and behind it; null
///   if there is none or too little is known
/// @param end where a sequence stands: the last key that was written of an ascending one, the first
///   of a descending one; null where there is none
public record LoadProfile(
    @Nullable HotKey hotKey,
    Direction sequence,
    @Nullable PrimaryKey middle,
    @Nullable PrimaryKey end) {

  /// Too little has happened to tell.
  public static final LoadProfile NONE = new LoadProfile(null, Direction.NONE, null, null);

  /// A key and its part of the requests, of 1; rather too low than too high.
  public record HotKey(PrimaryKey key, double share) {}

  /// Where rows are added.
  public enum Direction {
    /// Anywhere.
    NONE,
    /// Behind the last.
    ASCENDING,
    /// Before the first.
    DESCENDING
  }
}
