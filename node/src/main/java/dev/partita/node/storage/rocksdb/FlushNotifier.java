package dev.partita.node.storage.rocksdb;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.rocksdb.AbstractEventListener;
import org.rocksdb.FlushJobInfo;
import org.rocksdb.RocksDB;

/// Passes the end of each flush on to listeners, on a thread of its own: RocksDB's thread must not
/// wait for them. An atomic flush ends once for each column family; what comes while the listeners
/// have not begun is told them once.
final class FlushNotifier extends AbstractEventListener {
  private final List<Runnable> listeners = new CopyOnWriteArrayList<>();
  private final AtomicBoolean pending = new AtomicBoolean();
  private final AtomicLong count = new AtomicLong();

  FlushNotifier() {
    super(EnabledEventCallback.ON_FLUSH_COMPLETED);
  }

  void add(Runnable listener) {
    listeners.add(listener);
  }

  @Override
  public void onFlushCompleted(RocksDB db, FlushJobInfo flush) {
    if (pending.compareAndSet(false, true)) {
      count.incrementAndGet();
      Thread.ofVirtual().name("storage-flushed").start(this::tell);
    }
  }

  /// Flushes that have ended; those in quick succession count as one.
  long count() {
    return count.get();
  }

  private void tell() {
    pending.set(false);
    listeners.forEach(Runnable::run);
  }
}
