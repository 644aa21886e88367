package dev.partita.node.system;

import dev.partita.node.config.HostPort;
import dev.partita.node.raft.NodeId;
import java.util.List;

/// To which cluster a node belongs, and where it first found it: enough to reach the system
/// partition before the catalog is there.
///
/// @param founder whether this node is one of the first members; they begin with the same
///   configuration
/// @param peers the first members, or those that answered when this node joined
public record Membership(String clusterId, boolean founder, List<Peer> peers) {
  public Membership {
    peers = List.copyOf(peers);
    if (clusterId.isBlank()) {
      throw new IllegalArgumentException("a cluster has an id");
    }
  }

  /// A node and where it was reached.
  public record Peer(NodeId id, HostPort address) {}
}
