package dev.partita.node.storage.rocksdb;

import dev.partita.node.storage.ReadView;
import java.util.concurrent.atomic.AtomicBoolean;
import org.rocksdb.ReadOptions;
import org.rocksdb.Snapshot;

/// A snapshot of RocksDB.
final class RocksDbView extends VersionReader implements ReadView {
  private final Database database;
  private final Snapshot snapshot;
  private final ReadOptions options;
  private final AtomicBoolean closed = new AtomicBoolean();

  private RocksDbView(Database database, Snapshot snapshot, ReadOptions options) {
    super(database, snapshot, options);
    this.database = database;
    this.snapshot = snapshot;
    this.options = options;
  }

  /// Stays in the database's lifetime until it is closed.
  static RocksDbView open(Database database) {
    database.lifetime.enter();
    Snapshot snapshot = database.db().getSnapshot();
    return new RocksDbView(database, snapshot, new ReadOptions().setSnapshot(snapshot));
  }

  Snapshot snapshot() {
    return snapshot;
  }

  @Override
  public void close() {
    if (closed.compareAndSet(false, true)) {
      options.close();
      database.db().releaseSnapshot(snapshot);
      snapshot.close();
      database.lifetime.exit();
    }
  }
}
