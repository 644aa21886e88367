package dev.partita.local.store;

import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/// A sequence of writes, in order and without gaps, for one consumer.
///
/// A consumer that is slower than the queue is long loses the watch: [#broken] is true and no more
/// events come. It lists again, as after any expired watch.
public final class Watch implements AutoCloseable {
  /// A burst of writes on a thousand objects, several times over.
  private static final int QUEUE_MAX = 20_000;

  private final Store store;
  private final Predicate<StoreKey> interest;
  private final BlockingQueue<StoreEvent> queue = new LinkedBlockingQueue<>(QUEUE_MAX);
  private volatile boolean broken;

  Watch(Store store, Predicate<StoreKey> interest) {
    this.store = store;
    this.interest = interest;
  }

  /// Called under the store's lock.
  void offer(StoreEvent event) {
    if (interest.test(event.key()) && !queue.offer(event)) {
      broken = true;
    }
  }

  /// The next event; null when none came within `timeout` or the watch is broken and drained.
  public @Nullable StoreEvent poll(Duration timeout) throws InterruptedException {
    return queue.poll(timeout.toMillis(), TimeUnit.MILLISECONDS);
  }

  /// Waits for the next event.
  public StoreEvent take() throws InterruptedException {
    return queue.take();
  }

  public boolean broken() {
    return broken;
  }

  @Override
  public void close() {
    store.remove(this);
  }
}
