package dev.partita.node.storage.rocksdb;

import dev.partita.node.key.Key;
import dev.partita.node.key.KeyRange;
import dev.partita.node.storage.Batch;
import dev.partita.node.storage.CollectProgress;
import dev.partita.node.storage.ExportedFile;
import dev.partita.node.storage.Family;
import dev.partita.node.storage.ReadView;
import dev.partita.node.storage.Span;
import dev.partita.node.storage.Storage;
import dev.partita.node.storage.StorageFailure;
import dev.partita.node.storage.StorageStatistics;
import dev.partita.node.time.Timestamp;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.rocksdb.ColumnFamilyHandle;
import org.rocksdb.Range;
import org.rocksdb.ReadOptions;
import org.rocksdb.ReadTier;
import org.rocksdb.SizeApproximationFlag;
import org.rocksdb.Slice;
import org.rocksdb.TickerType;

/// [Storage] in one RocksDB on the local disk. For any thread.
public final class RocksDbStorage extends VersionReader implements Storage {
  private static final Logger LOGGER = System.getLogger(RocksDbStorage.class.getName());

  /// How long [#close] waits for views and cursors: longer than any read has time.
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  private final Database database;
  private final FlushNotifier flushes;
  private final ReadOptions latest;
  private final ReadOptions durable = new ReadOptions().setReadTier(ReadTier.PERSISTED_TIER);
  private final SpanFiles files;
  private final AtomicBoolean flushing = new AtomicBoolean();

  RocksDbStorage(Database database, FlushNotifier flushes, ReadOptions latest) {
    super(database, null, latest);
    this.database = database;
    this.flushes = flushes;
    this.latest = latest;
    this.files = new SpanFiles(database);
  }

  /// Opens the storage in a directory, which no other process has open, or creates it.
  ///
  /// @throws dev.partita.node.storage.StorageFailure when that is not possible
  public static RocksDbStorage open(RocksDbSettings settings) {
    NativeLibrary.load(settings.libraryDirectory());
    FlushNotifier flushes = new FlushNotifier();
    return new RocksDbStorage(new Database(settings, flushes), flushes, new ReadOptions());
  }

  @Override
  public ReadView view() {
    return RocksDbView.open(database);
  }

  @Override
  public Batch newBatch() {
    return new RocksDbBatch(database, this);
  }

  @Override
  public void flush() {
    database.flush();
  }

  @Override
  public void flushSoon() {
    if (flushing.compareAndSet(false, true)) {
      Thread.ofPlatform().daemon().name("storage-flush").start(this::flushAsked);
    }
  }

  private void flushAsked() {
    try {
      flush();
    } catch (StorageFailure e) {
      // The next apply fails on it as well, and that ends the node.
      LOGGER.log(Level.ERROR, "The storage cannot be flushed", e);
    } catch (IllegalStateException e) {
      LOGGER.log(Level.DEBUG, "Closed before the flush", e);
    } finally {
      flushing.set(false);
    }
  }

  @Override
  public void onFlush(Runnable listener) {
    flushes.add(listener);
  }

  @Override
  public byte @Nullable [] durableMeta(Key key) {
    return database.get(ColumnFamily.META, durable, key.unsafeBytes());
  }

  @Override
  public CollectProgress collect(Span rows, Span entries, Timestamp safePoint, int budget) {
    if (rows.family() != Family.ROWS || entries.family() != Family.ENTRIES) {
      throw new IllegalArgumentException("spans of rows and of entries, in this order");
    }
    try (VersionCollector collector = new VersionCollector(database, safePoint, budget)) {
      return collector.collect(rows, entries);
    }
  }

  @Override
  public List<ExportedFile> exportFiles(ReadView view, List<Span> spans, Path directory) {
    if (!(view instanceof RocksDbView opened)) {
      throw new IllegalArgumentException("a view of another storage");
    }
    return files.write(opened.snapshot(), spans, directory);
  }

  @Override
  public void importFiles(Path directory, List<Span> spans) {
    spans.forEach(files::clear);
    // Here only the caller waits; left to the import, all who write would.
    database.flush();
    files.read(directory);
    database.flush();
  }

  @Override
  public void clear(Span span) {
    files.clear(span);
  }

  @Override
  public long approximateBytes(Family family, KeyRange range) {
    if (range.isEmpty()) {
      return 0;
    }
    database.lifetime.enter();
    Key last = range.end() == null ? Layout.lastKey() : range.end();
    try (Slice start = Database.slice(range.start());
        Slice end = Database.slice(last)) {
      long bytes = 0;
      for (ColumnFamily column : ColumnFamily.of(family)) {
        ColumnFamilyHandle handle = database.handle(column);
        bytes +=
            database.db()
                .getApproximateSizes(
                    handle,
                    List.of(new Range(start, end)),
                    SizeApproximationFlag.INCLUDE_FILES,
                    SizeApproximationFlag.INCLUDE_MEMTABLES)[0];
      }
      return bytes;
    } finally {
      database.lifetime.exit();
    }
  }

  @Override
  public StorageStatistics statistics() {
    return new StorageStatistics(
        count(TickerType.BLOCK_CACHE_HIT),
        count(TickerType.BLOCK_CACHE_MISS),
        cacheUsageBytes(),
        database.blockCacheCapacityBytes(),
        count(TickerType.BLOOM_FILTER_USEFUL),
        database.property("rocksdb.cur-size-all-mem-tables"),
        database.property("rocksdb.num-immutable-mem-table"),
        database.property("rocksdb.estimate-table-readers-mem"),
        database.property("rocksdb.live-sst-files-size"),
        database.filesByLevel(StorageStatistics.LEVELS),
        flushes.count(),
        count(TickerType.FLUSH_WRITE_BYTES),
        count(TickerType.COMPACT_READ_BYTES),
        count(TickerType.COMPACT_WRITE_BYTES),
        database.property("rocksdb.estimate-pending-compaction-bytes"),
        // A property of the whole database, which each column family tells.
        database.property("rocksdb.num-running-compactions") / ColumnFamily.values().length,
        count(TickerType.STALL_MICROS),
        database.property("rocksdb.is-write-stopped") > 0,
        database.property("rocksdb.background-errors") / ColumnFamily.values().length,
        database.lifetime.uses());
  }

  /// Closes as [#close] does.
  ///
  /// @throws IllegalStateException when views or cursors stay open; native memory is kept then,
  ///   since freeing it would end the process
  @Override
  public void close() {
    if (endUses()) {
      try {
        database.close();
      } finally {
        closeOptions();
      }
    }
  }

  /// Closes without making anything durable: after a failure, or to leave the disk as a crash
  /// would. Does nothing after [#close].
  public void abandon() {
    if (endUses()) {
      database.abandon();
      closeOptions();
    }
  }

  private boolean endUses() {
    if (!database.lifetime.end()) {
      return false;
    }
    if (!database.lifetime.awaitUses(PATIENCE)) {
      throw new IllegalStateException(
          "still open at close: " + database.lifetime.uses() + " views, cursors or calls");
    }
    return true;
  }

  private void closeOptions() {
    latest.close();
    durable.close();
  }

  private long count(TickerType ticker) {
    database.lifetime.enter();
    try {
      return database.statistics.getTickerCount(ticker);
    } finally {
      database.lifetime.exit();
    }
  }

  private long cacheUsageBytes() {
    database.lifetime.enter();
    try {
      return database.blockCache.getUsage();
    } finally {
      database.lifetime.exit();
    }
  }
}
