package dev.partita.node.raft;

/// How a leader feeds a peer.
public enum PeerState {
  /// Looks for the place where the logs match, one append at a time.
  PROBE,
  /// Streams entries without waiting for answers, inside the limits of [RaftSettings].
  REPLICATE,
  /// Waits until a snapshot has been handed over.
  SNAPSHOT
}
