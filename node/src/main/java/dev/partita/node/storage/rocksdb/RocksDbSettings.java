package dev.partita.node.storage.rocksdb;

import java.nio.file.Path;

/// How a node's storage is set up.
///
/// @param directory where everything lies; made when it is missing
/// @param libraryDirectory where the native library is unpacked, once for each version; may be
///   shared by nodes on one machine
/// @param blockCacheBytes the cache of file blocks, shared by everything in the storage; filters
///   and file indexes live in it too
/// @param memtableBytes about how much is held in memory before it is flushed
/// @param backgroundRate how many bytes flushes and compactions may write in a second; 0 for no
///   limit. Writers that are faster for long are held back.
public record RocksDbSettings(
    Path directory,
    Path libraryDirectory,
    long blockCacheBytes,
    long memtableBytes,
    long backgroundRate) {
  /// Default of the cache.
  public static final long BLOCK_CACHE_BYTES = 64L << 20;

  /// Default of the memtables: a flush every few seconds under full load, and a small idle node.
  public static final long MEMTABLE_BYTES = 24L << 20;

  private static final long SMALLEST = 1L << 20;

  /// Checks the sizes.
  ///
  /// @throws IllegalArgumentException when a size is below 1 MiB or the rate below zero
  public RocksDbSettings {
    if (blockCacheBytes < SMALLEST || memtableBytes < SMALLEST) {
      throw new IllegalArgumentException("block cache and memtables need 1 MiB each at least");
    }
    if (backgroundRate < 0) {
      throw new IllegalArgumentException("negative rate of background writes: " + backgroundRate);
    }
  }

  /// The defaults, with the library beside the data.
  public static RocksDbSettings of(Path directory) {
    return new RocksDbSettings(
        directory, directory.resolve("native"), BLOCK_CACHE_BYTES, MEMTABLE_BYTES, 0);
  }

  public RocksDbSettings withBlockCacheBytes(long bytes) {
    return new RocksDbSettings(directory, libraryDirectory, bytes, memtableBytes, backgroundRate);
  }

  public RocksDbSettings withMemtableBytes(long bytes) {
    return new RocksDbSettings(directory, libraryDirectory, blockCacheBytes, bytes, backgroundRate);
  }

  public RocksDbSettings withBackgroundRate(long bytesPerSecond) {
    return new RocksDbSettings(
        directory, libraryDirectory, blockCacheBytes, memtableBytes, bytesPerSecond);
  }

  public RocksDbSettings withLibraryDirectory(Path path) {
    return new RocksDbSettings(directory, path, blockCacheBytes, memtableBytes, backgroundRate);
  }

  /// Where RocksDB's own files lie.
  Path databaseDirectory() {
    return directory.resolve("rocksdb");
  }
}
