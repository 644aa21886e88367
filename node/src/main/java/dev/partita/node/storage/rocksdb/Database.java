package dev.partita.node.storage.rocksdb;

import dev.partita.node.key.Key;
import dev.partita.node.key.KeyRange;
import dev.partita.node.storage.StorageFailure;
import java.io.IOException;
import java.nio.file.Files;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import org.jspecify.annotations.Nullable;
import org.rocksdb.AbstractEventListener;
import org.rocksdb.BlockBasedTableConfig;
import org.rocksdb.BloomFilter;
import org.rocksdb.Cache;
import org.rocksdb.ColumnFamilyDescriptor;
import org.rocksdb.ColumnFamilyHandle;
import org.rocksdb.ColumnFamilyOptions;
import org.rocksdb.CompressionType;
import org.rocksdb.DBOptions;
import org.rocksdb.DataBlockIndexType;
import org.rocksdb.FlushOptions;
import org.rocksdb.HistogramType;
import org.rocksdb.InfoLogLevel;
import org.rocksdb.LRUCache;
import org.rocksdb.Options;
import org.rocksdb.RateLimiter;
import org.rocksdb.ReadOptions;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksDBException;
import org.rocksdb.Slice;
import org.rocksdb.Snapshot;
import org.rocksdb.Statistics;
import org.rocksdb.TablePropertiesCollectorFactory;
import org.rocksdb.WriteBatch;
import org.rocksdb.WriteBufferManager;
import org.rocksdb.WriteOptions;

/// The one RocksDB of a node with its column families, options and caches: owns every native object
/// that lives as long as the database. For any thread.
final class Database implements AutoCloseable {
  private static final int BLOCK_SIZE_BYTES = 8 << 10;
  private static final int BLOOM_BITS_PER_KEY = 10;

  /// Share of the block cache where filters and file indexes are not driven out by data.
  private static final double HIGH_PRIORITY_SHARE = 0.3;

  /// Memory that a column family takes with its first record; the default of 1 MiB would cost an
  /// idle node 5 MiB.
  private static final long ARENA_BLOCK_BYTES = 64L << 10;

  private static final long FILE_BYTES = 32L << 20;
  private static final long LEVEL_BASE_BYTES = 128L << 20;
  private static final int OPEN_FILES_MAX = 1_000;
  private static final long INFO_LOG_BYTES = 4L << 20;
  private static final int INFO_LOGS_MAX = 3;

  /// A file is rewritten soon when so many of so many neighbouring records are deletions, as
  /// collection leaves them.
  private static final long DELETION_WINDOW = 4_096;

  private static final long DELETION_TRIGGER = 2_048;

  private static final long FLUSH_POLL_NANOS = Duration.ofMillis(1).toNanos();
  private static final int FLUSH_POLLS = 1_000;

  final Lifetime lifetime = new Lifetime();

  /// Counters only: histograms would read the clock twice for each lookup.
  final Statistics statistics;

  final Cache blockCache;

  /// Shared by commits, taken alone by collection.
  final ReadWriteLock commitLock = new ReentrantReadWriteLock();

  private final Lock flushing = new ReentrantLock(true);
  private final RocksDbSettings settings;
  private final Deque<AutoCloseable> owned = new ArrayDeque<>();
  private final Map<ColumnFamily, ColumnFamilyHandle> handles = new EnumMap<>(ColumnFamily.class);
  private final Map<ColumnFamily, ColumnFamilyOptions> columnOptions =
      new EnumMap<>(ColumnFamily.class);
  private final DBOptions options;
  private final WriteOptions writeOptions;
  private final RocksDB db;

  /// Opens or creates the database.
  ///
  /// @param listener told of flushes; owned from here on
  Database(RocksDbSettings settings, AbstractEventListener listener) {
    this.settings = settings;
    owned.push(listener);
    try {
      statistics = own(new Statistics(EnumSet.allOf(HistogramType.class)));
      blockCache = own(new LRUCache(settings.blockCacheBytes(), -1, false, HIGH_PRIORITY_SHARE));
      options = own(databaseOptions(settings, listener));
      writeOptions = own(new WriteOptions().setDisableWAL(true));
      for (ColumnFamily column : ColumnFamily.values()) {
        columnOptions.put(column, own(columnOptions(column)));
      }
      db = own(open());
    } catch (RocksDBException | IOException e) {
      closeOwned();
      throw new StorageFailure("cannot open the storage in " + settings.directory(), e);
    }
  }

  private RocksDB open() throws RocksDBException, IOException {
    Files.createDirectories(settings.databaseDirectory());
    List<ColumnFamilyDescriptor> descriptors = new ArrayList<>();
    for (ColumnFamily column : ColumnFamily.values()) {
      descriptors.add(new ColumnFamilyDescriptor(column.nativeName(), options(column)));
    }
    List<ColumnFamilyHandle> opened = new ArrayList<>();
    RocksDB database =
        RocksDB.open(options, settings.databaseDirectory().toString(), descriptors, opened);
    Iterator<ColumnFamilyHandle> inOrder = opened.iterator();
    for (ColumnFamily column : ColumnFamily.values()) {
      handles.put(column, inOrder.next());
    }
    return database;
  }

  private DBOptions databaseOptions(RocksDbSettings settings, AbstractEventListener listener) {
    // Memtables are charged to a cache of their own, which holds nothing else, so that the block
    // cache keeps its size.
    Cache charge = own(new LRUCache(settings.memtableBytes()));
    WriteBufferManager memtables = own(new WriteBufferManager(settings.memtableBytes(), charge));
    DBOptions database =
        new DBOptions()
            .setCreateIfMissing(true)
            .setCreateMissingColumnFamilies(true)
            .setAtomicFlush(true)
            .setAvoidFlushDuringShutdown(true)
            .setWriteBufferManager(memtables)
            .setListeners(List.of(listener))
            .setStatistics(statistics)
            .setStatsDumpPeriodSec(0)
            .setMaxBackgroundJobs(2)
            .setMaxOpenFiles(OPEN_FILES_MAX)
            .setBytesPerSync(1L << 20)
            .setInfoLogLevel(InfoLogLevel.WARN_LEVEL)
            .setMaxLogFileSize(INFO_LOG_BYTES)
            .setKeepLogFileNum(INFO_LOGS_MAX);
    if (settings.backgroundRate() > 0) {
      // Flushes go before compactions.
      database.setRateLimiter(own(new RateLimiter(settings.backgroundRate())));
    }
    return database;
  }

  private ColumnFamilyOptions columnOptions(ColumnFamily column) {
    BlockBasedTableConfig table =
        new BlockBasedTableConfig()
            .setBlockCache(blockCache)
            .setBlockSize(BLOCK_SIZE_BYTES)
            .setFormatVersion(6)
            .setCacheIndexAndFilterBlocks(true)
            .setCacheIndexAndFilterBlocksWithHighPriority(true)
            .setPinL0FilterAndIndexBlocksInCache(true);
    if (column.isLookedUp()) {
      table.setFilterPolicy(own(new BloomFilter(BLOOM_BITS_PER_KEY))).setWholeKeyFiltering(true);
      table
          .setDataBlockIndexType(DataBlockIndexType.kDataBlockBinaryAndHash)
          .setDataBlockHashTableUtilRatio(0.75);
    }
    return columnOptions(!column.isLookedUp())
        .setTableFormatConfig(table)
        .setCompressionType(CompressionType.LZ4_COMPRESSION)
        .setWriteBufferSize(settings.memtableBytes())
        .setArenaBlockSize(ARENA_BLOCK_BYTES)
        .setLevelCompactionDynamicLevelBytes(true)
        .setTargetFileSizeBase(FILE_BYTES)
        .setMaxBytesForLevelBase(LEVEL_BASE_BYTES);
  }

  /// RocksDB's Java interface knows collectors of table properties on `Options` alone.
  private ColumnFamilyOptions columnOptions(boolean compactDeletions) {
    try (Options source = new Options()) {
      if (compactDeletions) {
        source.setTablePropertiesCollectorFactory(
            List.of(
                own(
                    TablePropertiesCollectorFactory.NewCompactOnDeletionCollectorFactory(
                        DELETION_WINDOW, DELETION_TRIGGER, 0))));
      }
      return new ColumnFamilyOptions(source);
    }
  }

  RocksDB db() {
    return db;
  }

  DBOptions options() {
    return options;
  }

  ColumnFamilyHandle handle(ColumnFamily column) {
    return Objects.requireNonNull(handles.get(column));
  }

  ColumnFamilyOptions options(ColumnFamily column) {
    return Objects.requireNonNull(columnOptions.get(column));
  }

  long blockCacheCapacityBytes() {
    return settings.blockCacheBytes();
  }

  byte @Nullable [] get(ColumnFamily column, ReadOptions read, byte[] key) {
    lifetime.enter();
    try {
      return db.get(handle(column), read, key);
    } catch (RocksDBException e) {
      throw failure("cannot read", e);
    } finally {
      lifetime.exit();
    }
  }

  /// Writes a batch beside others.
  void write(WriteBatch batch) {
    lifetime.enter();
    commitLock.readLock().lock();
    try {
      db.write(writeOptions, batch);
    } catch (RocksDBException e) {
      throw failure("cannot write", e);
    } finally {
      commitLock.readLock().unlock();
      lifetime.exit();
    }
  }

  /// Writes a batch while the caller holds the commit lock alone and is in the lifetime.
  void writeExclusively(WriteBatch batch) {
    try {
      db.write(writeOptions, batch);
    } catch (RocksDBException e) {
      throw failure("cannot write", e);
    }
  }

  /// Makes everything durable that was written before.
  ///
  /// RocksDB's word that a flush has ended is not enough. While another one is under way, it takes
  /// the memtables of one column family for those of another (11.8.1: what
  /// `DBImpl::AtomicFlushMemTables` waits for pairs a list with an unordered map), and returns when
  /// the other one has ended. So the flushes asked for here come one after the other, each until no
  /// memtable is left that waits for one.
  void flush() {
    lifetime.enter();
    try {
      flushNow();
    } finally {
      lifetime.exit();
    }
  }

  private void flushNow() {
    flushing.lock();
    try (FlushOptions flush = new FlushOptions().setWaitForFlush(true).setAllowWriteStall(true)) {
      do {
        // Asked again, it tells why it cannot end.
        db.flush(flush, List.copyOf(handles.values()));
      } while (!awaitFlushed());
    } catch (RocksDBException e) {
      throw failure("cannot flush", e);
    } finally {
      flushing.unlock();
    }
  }

  private boolean awaitFlushed() throws RocksDBException {
    for (int polls = 0; polls < FLUSH_POLLS; polls++) {
      if (db.getAggregatedLongProperty("rocksdb.num-immutable-mem-table") == 0) {
        return true;
      }
      LockSupport.parkNanos(FLUSH_POLL_NANOS);
    }
    return false;
  }

  /// Opens an iterator over physical keys; the caller closes it.
  Walk walk(
      ColumnFamily column,
      @Nullable Snapshot snapshot,
      @Nullable Key lower,
      @Nullable Key upper,
      boolean fillCache) {
    return new Walk(this, column, snapshot, lower, upper, fillCache);
  }

  /// Physical keys from the start of a range to its end, past the cache.
  Walk walkOnce(ColumnFamily column, @Nullable Snapshot snapshot, KeyRange range) {
    return walk(column, snapshot, range.start(), range.end(), false);
  }

  long property(String name) {
    lifetime.enter();
    try {
      return db.getAggregatedLongProperty(name);
    } catch (RocksDBException e) {
      throw failure("cannot read statistics", e);
    } finally {
      lifetime.exit();
    }
  }

  /// Live files on each level, over all column families.
  List<Long> filesByLevel(int levels) {
    lifetime.enter();
    try {
      List<Long> files = new ArrayList<>();
      for (int level = 0; level < levels; level++) {
        long onLevel = 0;
        for (ColumnFamilyHandle handle : handles.values()) {
          onLevel += Long.parseLong(db.getProperty(handle, "rocksdb.num-files-at-level" + level));
        }
        files.add(onLevel);
      }
      return files;
    } catch (RocksDBException e) {
      throw failure("cannot read statistics", e);
    } finally {
      lifetime.exit();
    }
  }

  static StorageFailure failure(String what, RocksDBException cause) {
    return new StorageFailure(what + ": " + cause.getMessage(), cause);
  }

  /// Flushes and frees everything; [Lifetime] must have ended.
  @Override
  public void close() {
    try {
      flushNow();
    } finally {
      closeOwned();
    }
  }

  /// Frees everything without a flush; [Lifetime] must have ended.
  void abandon() {
    closeOwned();
  }

  private <T extends AutoCloseable> T own(T object) {
    owned.push(object);
    return object;
  }

  /// Closes in the opposite order of creation.
  private void closeOwned() {
    handles.values().forEach(ColumnFamilyHandle::close);
    while (!owned.isEmpty()) {
      try {
        owned.pop().close();
      } catch (Exception e) {
        throw new IllegalStateException("a native object cannot be closed", e);
      }
    }
  }

  /// A native copy of a key for the bounds of an iterator.
  static Slice slice(Key key) {
    return new Slice(key.unsafeBytes());
  }
}
