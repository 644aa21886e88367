package dev.partita.node.storage.rocksdb;

import dev.partita.node.key.Key;
import dev.partita.node.time.Timestamp;
import org.jspecify.annotations.Nullable;
import org.rocksdb.ReadOptions;
import org.rocksdb.RocksDBException;
import org.rocksdb.RocksIterator;
import org.rocksdb.Slice;
import org.rocksdb.Snapshot;

/// An iterator of RocksDB with its options and bounds, which it owns. An error is thrown where
/// RocksDB would look like the end. For one thread.
final class Walk implements AutoCloseable {
  private final Lifetime lifetime;
  private final ReadOptions options;
  private final @Nullable Slice lower;
  private final @Nullable Slice upper;
  private final RocksIterator iterator;
  private final byte[] beginning = new byte[Layout.TIMESTAMP_SIZE];
  private boolean closed;

  Walk(
      Database database,
      ColumnFamily column,
      @Nullable Snapshot snapshot,
      @Nullable Key lower,
      @Nullable Key upper,
      boolean fillCache) {
    this.lifetime = database.lifetime;
    lifetime.enter();
    this.options = new ReadOptions().setFillCache(fillCache);
    this.lower = lower == null ? null : Database.slice(lower);
    this.upper = upper == null ? null : Database.slice(upper);
    if (snapshot != null) {
      options.setSnapshot(snapshot);
    }
    if (this.lower != null) {
      options.setIterateLowerBound(this.lower);
    }
    if (this.upper != null) {
      options.setIterateUpperBound(this.upper);
    }
    this.iterator = database.db().newIterator(database.handle(column), options);
  }

  /// To the first key; whether there is one.
  boolean first() {
    iterator.seekToFirst();
    return isValid();
  }

  /// To the last key; whether there is one.
  boolean last() {
    iterator.seekToLast();
    return isValid();
  }

  /// To the first key at or after this one; whether there is one.
  boolean seek(byte[] key) {
    iterator.seek(key);
    return isValid();
  }

  /// To the last key at or before this one; whether there is one.
  boolean seekBackward(byte[] key) {
    iterator.seekForPrev(key);
    return isValid();
  }

  boolean next() {
    iterator.next();
    return isValid();
  }

  boolean previous() {
    iterator.prev();
    return isValid();
  }

  boolean isValid() {
    if (iterator.isValid()) {
      return true;
    }
    try {
      iterator.status();
    } catch (RocksDBException e) {
      throw Database.failure("cannot read", e);
    }
    return false;
  }

  byte[] key() {
    return iterator.key();
  }

  byte[] value() {
    return iterator.value();
  }

  /// The timestamp at the beginning of a value of `current`, without the rest of it.
  Timestamp timestamp() {
    iterator.value(beginning);
    return Layout.currentTimestamp(beginning);
  }

  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    iterator.close();
    options.close();
    if (lower != null) {
      lower.close();
    }
    if (upper != null) {
      upper.close();
    }
    lifetime.exit();
  }
}
