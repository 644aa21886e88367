package dev.partita.node.replication;

import dev.partita.node.raft.Configuration;

/// Where a replica's log ends.
///
/// @param term the latest that it has seen
/// @param lastTerm of the last entry
/// @param configuration the newest in the log, committed or not
/// @param complete whether the replica has a state; false while it waits for a snapshot
public record LogPosition(
    long term,
    long lastIndex,
    long lastTerm,
    long commitIndex,
    Configuration configuration,
    boolean complete) {}
