package dev.partita.node.raft;

/// How far another member is, as the leader sees it.
///
/// @param matchIndex known to be durable and equal there
/// @param active heard of since the leader has counted its quorum last, an election timeout ago or
///   less: right after it has, nobody is
/// @param heardLately active, or was when the quorum was counted last: what to show and to plan
///   with
public record PeerStatus(
    NodeId node, long matchIndex, PeerState state, boolean active, boolean heardLately) {}
