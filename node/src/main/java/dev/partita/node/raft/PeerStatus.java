package dev.partita.node.raft;

/// How far another member is, as the leader sees it.
///
/// @param matchIndex known to be durable and equal there
/// @param active heard of within the last election timeout
public record PeerStatus(NodeId node, long matchIndex, PeerState state, boolean active) {}
