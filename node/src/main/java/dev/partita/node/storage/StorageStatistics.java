package dev.partita.node.storage;

import java.util.List;

/// Figures of a storage for metrics. Counters begin at 0 when the storage is opened.
///
/// @param blockCacheHits counter: blocks found in the cache
/// @param blockCacheMisses counter: blocks read from a file
/// @param blockCacheUsageBytes what the cache holds
/// @param blockCacheCapacityBytes what it may hold
/// @param bloomFilterUseful counter: files that a lookup did not have to open
/// @param memtableBytes memory of what is not flushed yet
/// @param immutableMemtables memtables that are full and wait for a flush
/// @param tableReaderBytes memory of open files outside the cache
/// @param fileBytes disk space of the live files
/// @param filesByLevel live files on each level, from level 0 on
/// @param flushes counter: flushes that ended
/// @param flushedBytes counter: written by flushes
/// @param compactionReadBytes counter: read by compactions
/// @param compactionWrittenBytes counter: written by compactions
/// @param pendingCompactionBytes what compactions still have to rewrite, estimated
/// @param runningCompactions compactions under way
/// @param stallMicros counter: time that writers were held back
/// @param writesStopped whether writers are held back altogether now
/// @param backgroundErrors counter: flushes and compactions that failed
/// @param openViews views, cursors and calls under way
public record StorageStatistics(
    long blockCacheHits,
    long blockCacheMisses,
    long blockCacheUsageBytes,
    long blockCacheCapacityBytes,
    long bloomFilterUseful,
    long memtableBytes,
    long immutableMemtables,
    long tableReaderBytes,
    long fileBytes,
    List<Long> filesByLevel,
    long flushes,
    long flushedBytes,
    long compactionReadBytes,
    long compactionWrittenBytes,
    long pendingCompactionBytes,
    long runningCompactions,
    long stallMicros,
    boolean writesStopped,
    long backgroundErrors,
    long openViews) {

  /// Levels that files are on, counted from 0.
  public static final int LEVELS = 7;

  public StorageStatistics {
    filesByLevel = List.copyOf(filesByLevel);
  }

  /// Share of block lookups that the cache answered, 0 to 1; 0 when there were none.
  public double blockCacheHitRatio() {
    long lookups = blockCacheHits + blockCacheMisses;
    return lookups == 0 ? 0 : (double) blockCacheHits / lookups;
  }
}
