package dev.partita.node.storage.rocksdb;

import dev.partita.node.key.Key;
import dev.partita.node.key.KeyRange;
import dev.partita.node.storage.Batch;
import dev.partita.node.storage.Family;
import dev.partita.node.storage.Version;
import dev.partita.node.time.Timestamp;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.rocksdb.RocksDBException;
import org.rocksdb.WriteBatch;

/// Changes to rows are kept as chains of versions until the commit, everything else goes to
/// RocksDB's batch at once.
final class RocksDbBatch implements Batch {
  private static final byte[] NOTHING = {};

  private final Database database;
  private final VersionReader reader;
  private final WriteBatch batch = new WriteBatch();
  private final Map<Key, Chain> chains = new LinkedHashMap<>();
  private final List<KeyRange> clearedRows = new ArrayList<>();
  private long chainBytes;
  private boolean finished;

  RocksDbBatch(Database database, VersionReader reader) {
    this.database = database;
    this.reader = reader;
  }

  @Override
  public @Nullable Version get(Key row) {
    Chain chain = chains.get(row);
    return chain == null ? stored(row) : chain.newest();
  }

  @Override
  public void put(Key row, Timestamp timestamp, byte[] value) {
    chain(row).add(new Version(timestamp, value));
    chainBytes += row.size() + value.length + Layout.TIMESTAMP_SIZE;
  }

  @Override
  public void delete(Key row, Timestamp timestamp) {
    chain(row).add(new Version(timestamp, null));
    chainBytes += row.size() + Layout.TIMESTAMP_SIZE;
  }

  @Override
  public void putEntry(Key entry, Timestamp timestamp, byte[] covered) {
    write(() ->
        batch.put(
            database.handle(ColumnFamily.INDEX),
            Layout.versioned(entry, timestamp),
            Layout.value(covered)));
  }

  @Override
  public void replaceEntry(Key entry, Timestamp timestamp, byte[] covered) {
    putEntry(entry, timestamp, covered);
    write(() -> batch.put(database.handle(ColumnFamily.ENDED), entry.unsafeBytes(), NOTHING));
  }

  @Override
  public void deleteEntry(Key entry, Timestamp timestamp) {
    write(() -> {
      batch.put(
          database.handle(ColumnFamily.INDEX),
          Layout.versioned(entry, timestamp),
          Layout.value(null));
      batch.put(database.handle(ColumnFamily.ENDED), entry.unsafeBytes(), NOTHING);
    });
  }

  @Override
  public void putMeta(Key key, byte[] value) {
    write(() -> batch.put(database.handle(ColumnFamily.META), key.unsafeBytes(), value));
  }

  @Override
  public void deleteMeta(Key key) {
    write(() -> batch.delete(database.handle(ColumnFamily.META), key.unsafeBytes()));
  }

  @Override
  public void deleteRange(Family family, KeyRange range) {
    if (range.isEmpty()) {
      return;
    }
    if (family == Family.ROWS) {
      if (chains.keySet().stream().anyMatch(range::contains)) {
        throw new IllegalArgumentException("the batch has changed rows of the range before");
      }
      clearedRows.add(range);
    }
    Key end = range.end() == null ? Layout.lastKey() : range.end();
    for (ColumnFamily column : ColumnFamily.of(family)) {
      write(() ->
          batch.deleteRange(
              database.handle(column), range.start().unsafeBytes(), end.unsafeBytes()));
    }
  }

  @Override
  public long sizeBytes() {
    return chainBytes + batch.getDataSize();
  }

  @Override
  public void commit() {
    chains.forEach((row, chain) -> write(() -> chain.writeTo(row)));
    finished = true;
    database.write(batch);
  }

  @Override
  public void close() {
    finished = true;
    batch.close();
  }

  private Chain chain(Key row) {
    return chains.computeIfAbsent(row, key -> new Chain(stored(key)));
  }

  private @Nullable Version stored(Key row) {
    for (KeyRange cleared : clearedRows) {
      if (cleared.contains(row)) {
        return null;
      }
    }
    return reader.get(row);
  }

  private void write(NativeWrite write) {
    if (finished) {
      throw new IllegalStateException("the batch was committed or closed");
    }
    try {
      write.run();
    } catch (RocksDBException e) {
      throw Database.failure("cannot build a batch", e);
    }
  }

  @FunctionalInterface
  private interface NativeWrite {
    void run() throws RocksDBException;
  }

  /// The stored newest version of one row and the newer ones of this batch, oldest first.
  private final class Chain {
    private final @Nullable Version stored;
    private final List<Version> added = new ArrayList<>(1);

    Chain(@Nullable Version stored) {
      this.stored = stored;
    }

    @Nullable Version newest() {
      return added.isEmpty() ? stored : added.getLast();
    }

    /// Keeps the rule that a deletion follows a value: what it deletes is then found in `history`.
    void add(Version version) {
      if (!added.isEmpty() && added.getLast().timestamp().equals(version.timestamp())) {
        added.removeLast();
      }
      Version before = newest();
      if (before != null && !version.timestamp().isAfter(before.timestamp())) {
        throw new IllegalArgumentException(
            "version " + version.timestamp() + " is not after " + before.timestamp());
      }
      if (!version.isDeleted() || (before != null && !before.isDeleted())) {
        added.add(version);
      }
    }

    void writeTo(Key row) throws RocksDBException {
      if (added.isEmpty()) {
        return;
      }
      if (stored != null) {
        writeHistory(row, stored);
      }
      for (Version former : added.subList(0, added.size() - 1)) {
        writeHistory(row, former);
      }
      batch.put(
          database.handle(ColumnFamily.CURRENT),
          row.unsafeBytes(),
          Layout.current(added.getLast()));
    }

    private void writeHistory(Key row, Version former) throws RocksDBException {
      batch.put(
          database.handle(ColumnFamily.HISTORY),
          Layout.versioned(row, former.timestamp()),
          Layout.value(former.value()));
    }
  }
}
