package dev.partita.node.replication.log;

/// The tunable numbers of the shared log.
///
/// @param segmentBytes size of a segment file, preallocated
/// @param batchBytesMax most bytes written by one write and fsync
/// @param recordBytesMax largest record, that is, the most one group writes in one turn
/// @param cacheBytesMax recently written entries kept in memory, all groups together
/// @param queuedBytesMax bytes waiting for the writer before `SharedLog.busy` says so
/// @param logBytesMax size of the log above which the live tail of groups that pin its oldest
///   segments is rewritten at its end
public record LogSettings(
    int segmentBytes,
    int batchBytesMax,
    int recordBytesMax,
    long cacheBytesMax,
    long queuedBytesMax,
    long logBytesMax) {
  /// Segments of 32 MiB, 256 MiB altogether, 32 MiB of cache.
  public static final LogSettings DEFAULT =
      new LogSettings(32 << 20, 4 << 20, 12 << 20, 32 << 20, 64 << 20, 256 << 20);

  private static final long SEGMENTS_MIN = 8;
  private static final long SEGMENT_BYTES_MIN = 8L << 20;

  /// Another size of the whole log. Its segments become smaller with it, as far as the largest
  /// batch allows.
  public LogSettings withLogBytes(long bytes) {
    long segment = Math.clamp(bytes / SEGMENTS_MIN, SEGMENT_BYTES_MIN, segmentBytes);
    return new LogSettings(
        Math.toIntExact(segment),
        batchBytesMax,
        recordBytesMax,
        cacheBytesMax,
        queuedBytesMax,
        bytes);
  }

  public LogSettings {
    if (segmentBytes < 4096
        || batchBytesMax < 1
        || recordBytesMax < 1
        || cacheBytesMax < 0
        || queuedBytesMax < 1
        || logBytesMax < 2L * segmentBytes) {
      throw new IllegalArgumentException(
          "A log has at least two segments, and every limit is positive");
    }
  }
}
