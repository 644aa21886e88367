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
}
