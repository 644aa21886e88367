package dev.partita.node.replication;

/// A committed command. The array is shared with the log's cache and must not be changed.
///
/// @param index its place in the group's log, 1-based
/// @param term of the leader that appended it
/// @param payload as proposed
@SuppressWarnings(
    "ArrayRecordComponent") // compared by nobody, copied by nobody: it is on the hot path
public record Command(long index, long term, byte[] payload) {}
