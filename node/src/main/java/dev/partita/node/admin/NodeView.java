package dev.partita.node.admin;

import org.jspecify.annotations.Nullable;

/// A node as it describes itself (`GET /admin/v1/node`).
///
/// @param clusterId the cluster it belongs to; null before it was bootstrapped or has joined
/// @param ready whether it can serve requests: it has the catalog, and the system partition has a
///   leader
/// @param registered whether the catalog knows this node
public record NodeView(
    String nodeId,
    String name,
    @Nullable String clusterId,
    String site,
    String version,
    String peerAddress,
    String httpAddress,
    boolean ready,
    boolean registered) {}
