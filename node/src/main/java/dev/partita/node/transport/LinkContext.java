package dev.partita.node.transport;

import dev.partita.node.raft.NodeId;
import dev.partita.tls.TlsSockets;
import io.netty.bootstrap.Bootstrap;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// What all links and accepted connections of a transport share.
///
/// @param bootstrap dials; its group is replaced by the link's event loop
/// @param cluster the cluster of this node, empty while it belongs to none
/// @param exclusion who has no part in the cluster any more
/// @param listener told of all connections
/// @param traffic counts what they carry
/// @param tls how connections are encrypted and peers are known; null for plain text
record LinkContext(
    TransportSettings settings,
    NodeId self,
    Supplier<String> cluster,
    Exclusion exclusion,
    Bootstrap bootstrap,
    NameLookup lookup,
    PeerListener listener,
    Services services,
    Traffic traffic,
    @Nullable TlsSockets tls) {

  /// Whether nodes of these two clusters may talk: a node without a cluster may talk to all, to
  /// join one.
  boolean acceptsCluster(String other) {
    String own = cluster.get();
    return own.isEmpty() || other.isEmpty() || own.equals(other);
  }
}
