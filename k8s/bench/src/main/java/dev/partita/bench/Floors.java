package dev.partita.bench;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;
import org.rocksdb.BlockBasedTableConfig;
import org.rocksdb.BloomFilter;
import org.rocksdb.Cache;
import org.rocksdb.FlushOptions;
import org.rocksdb.LRUCache;
import org.rocksdb.Options;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksDBException;

/// What this machine can do at best, measured with as little as possible in between.
final class Floors {
  private static final int SEGMENT_BYTES = 64 << 20;
  private static final int WRITE_BYTES = 4 << 10;

  private Floors() {}

  /// One writer appending 4 KiB to a preallocated file, each followed by fdatasync.
  static Load.Result fsync(Path directory, Duration duration) throws IOException {
    Path file = Files.createDirectories(directory).resolve("fsync");
    try (FileChannel channel =
        FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
      ByteBuffer zeros = ByteBuffer.allocateDirect(1 << 20);
      for (long at = 0; at < SEGMENT_BYTES; at += zeros.capacity()) {
        channel.write(zeros.clear(), at);
      }
      channel.force(true);
      ByteBuffer block = ByteBuffer.allocateDirect(WRITE_BYTES);
      return Load.run(
          1,
          duration,
          number ->
              sequence -> {
                channel.write(block.clear(), sequence * WRITE_BYTES % SEGMENT_BYTES);
                channel.force(false);
              });
    }
  }

  /// Point gets of documents that lie in the block cache, straight from RocksDB.
  static Load.Result gets(
      Path directory, int documents, byte[] value, int clients, Duration duration)
      throws RocksDBException, IOException {
    RocksDB.loadLibrary();
    Path data = Files.createDirectories(directory.resolve("rocksdb"));
    try (Cache cache = new LRUCache(64 << 20);
        BloomFilter filter = new BloomFilter(10, false);
        Options options =
            new Options()
                .setCreateIfMissing(true)
                .setTableFormatConfig(
                    new BlockBasedTableConfig().setBlockCache(cache).setFilterPolicy(filter));
        RocksDB rocks = RocksDB.open(options, data.toString());
        FlushOptions flush = new FlushOptions()) {
      for (int i = 0; i < documents; i++) {
        rocks.put(key(i), value);
      }
      rocks.flush(flush);
      return Load.run(
          clients,
          duration,
          number ->
              sequence -> {
                if (rocks.get(key(ThreadLocalRandom.current().nextInt(documents))) == null) {
                  throw new IllegalStateException("a key is missing");
                }
              });
    }
  }

  private static byte[] key(int number) {
    return String.format("key-%010d", number).getBytes(StandardCharsets.UTF_8);
  }
}
