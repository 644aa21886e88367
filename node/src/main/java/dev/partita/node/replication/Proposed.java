package dev.partita.node.replication;

/// A command that was committed and applied on this node.
///
/// @param index its place in the group's log
/// @param result what the state machine returned for it
public record Proposed(long index, long term, Object result) {}
