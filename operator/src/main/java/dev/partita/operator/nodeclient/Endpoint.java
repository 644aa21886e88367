package dev.partita.operator.nodeclient;

/// Where a node's administration API listens.
///
/// @param node name of the node's pod
/// @param address `host:port`
public record Endpoint(String node, String address) {}
