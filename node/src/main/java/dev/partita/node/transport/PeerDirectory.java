package dev.partita.node.transport;

import dev.partita.node.raft.NodeId;
import org.jspecify.annotations.Nullable;

/// Where nodes are reached. Asked anew for each connection, so a changed address is picked up by
/// itself.
@FunctionalInterface
public interface PeerDirectory {
  /// The peer address of a node, or null if the node is not known. Must not block.
  @Nullable PeerAddress addressOf(NodeId node);
}
