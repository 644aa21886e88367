package dev.partita.node.partition;

import org.jspecify.annotations.Nullable;

/// What a replica tells about one of its indexes.
///
/// @param ready whether it is exact from here on
/// @param progress per cent of the build, 0 to 100
/// @param entries live entries in this Partition
/// @param failure why it will never be ready, null otherwise
public record IndexReport(
    long id, boolean ready, int progress, long entries, @Nullable String failure) {

  static IndexReport of(IndexState index, long rows) {
    return new IndexReport(
        index.index().id(),
        index.isReadable(),
        index.progress(rows),
        index.knownEntries(),
        index.phase() instanceof IndexState.Failed(String message) ? message : null);
  }
}
