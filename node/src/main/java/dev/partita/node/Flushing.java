package dev.partita.node;

import dev.partita.node.storage.Storage;
import dev.partita.node.storage.StorageFailure;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/// Flushes the storage once in a while, so that the log, which is cut only up to what was flushed,
/// does not keep the writes of a quiet node for ever. A busy one flushes by itself.
final class Flushing implements AutoCloseable {
  private static final Logger LOGGER = System.getLogger(Flushing.class.getName());
  private static final long INTERVAL_SECONDS = 60;

  private final Storage storage;
  private final ScheduledExecutorService timer =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().daemon().name("flushing").factory());

  Flushing(Storage storage) {
    this.storage = storage;
    var _ =
        timer.scheduleWithFixedDelay(
            this::flush, INTERVAL_SECONDS, INTERVAL_SECONDS, TimeUnit.SECONDS);
  }

  private void flush() {
    try {
      storage.flush();
    } catch (StorageFailure e) {
      // The next apply fails on it as well, and that ends the node.
      LOGGER.log(Level.ERROR, "The storage cannot be flushed", e);
    }
  }

  @Override
  public void close() {
    timer.close();
  }
}
