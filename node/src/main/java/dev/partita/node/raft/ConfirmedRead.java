package dev.partita.node.raft;

/// A read whose leader was confirmed by a quorum: it may be served by a state machine that has
/// applied `readIndex`.
public record ConfirmedRead(long contextId, long readIndex) {}
