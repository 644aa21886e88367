package dev.partita.node.replication;

import java.time.Duration;

/// How snapshots are carried from node to node.
///
/// @param chunkBytes one call's share of a file
/// @param bytesPerSecond throttle of one node's outgoing snapshots together
/// @param outgoingMax snapshots sent at once; more wait for the next request of their leader
/// @param incomingMax snapshots received at once
/// @param chunkTimeout for one chunk; the last one includes the installation
public record SnapshotSettings(
    int chunkBytes, long bytesPerSecond, int outgoingMax, int incomingMax, Duration chunkTimeout) {
  /// Chunks of 256 KiB, 64 MiB a second, two snapshots at a time in each direction.
  public static final SnapshotSettings DEFAULT =
      new SnapshotSettings(256 << 10, 64L << 20, 2, 2, Duration.ofSeconds(30));

  public SnapshotSettings {
    if (chunkBytes < 1 || bytesPerSecond < 1 || outgoingMax < 1 || incomingMax < 1) {
      throw new IllegalArgumentException("Every limit is positive");
    }
  }
}
