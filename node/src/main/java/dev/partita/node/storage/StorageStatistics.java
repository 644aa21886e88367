package dev.partita.node.storage;

/// Figures of a storage for metrics. Counters begin at 0 when the storage is opened.
///
/// @param blockCacheHits counter: blocks found in the cache
/// @param blockCacheMisses counter: blocks read from a file
/// @param blockCacheUsageBytes what the cache holds
/// @param blockCacheCapacityBytes what it may hold
/// @param bloomFilterUseful counter: files that a lookup did not have to open
/// @param memtableBytes memory of what is not flushed yet
/// @param tableReaderBytes memory of open files outside the cache
/// @param fileBytes disk space of the live files
/// @param flushedBytes counter: written by flushes
/// @param compactionReadBytes counter: read by compactions
/// @param compactionWrittenBytes counter: written by compactions
/// @param pendingCompactionBytes what compactions still have to rewrite, estimated
/// @param stallMicros counter: time that writers were held back
/// @param openViews views, cursors and calls under way
public record StorageStatistics(
    long blockCacheHits,
    long blockCacheMisses,
    long blockCacheUsageBytes,
    long blockCacheCapacityBytes,
    long bloomFilterUseful,
    long memtableBytes,
    long tableReaderBytes,
    long fileBytes,
    long flushedBytes,
    long compactionReadBytes,
    long compactionWrittenBytes,
    long pendingCompactionBytes,
    long stallMicros,
    long openViews) {

  /// Share of block lookups that the cache answered, 0 to 1; 0 when there were none.
  public double blockCacheHitRatio() {
    long lookups = blockCacheHits + blockCacheMisses;
    return lookups == 0 ? 0 : (double) blockCacheHits / lookups;
  }
}
