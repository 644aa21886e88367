package dev.partita.node.cluster;

import org.jspecify.annotations.Nullable;

/// How far one Partition is with one index.
///
/// @param progress of the build, 0 to 100
/// @param failure why it can never be ready; null while it can
public record IndexReport(
    long index, boolean ready, int progress, long entries, @Nullable String failure) {}
