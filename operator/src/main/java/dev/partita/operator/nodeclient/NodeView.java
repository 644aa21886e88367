package dev.partita.operator.nodeclient;

import org.jspecify.annotations.Nullable;

/// A node as it describes itself.
///
/// @param clusterId null before it was bootstrapped or has joined
/// @param registered whether the catalog knows it
public record NodeView(
    String nodeId,
    String name,
    @Nullable String clusterId,
    String peerAddress,
    boolean ready,
    boolean registered) {}
