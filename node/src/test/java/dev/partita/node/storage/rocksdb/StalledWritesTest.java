package dev.partita.node.storage.rocksdb;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.partita.node.key.Key;
import dev.partita.node.storage.Batch;
import dev.partita.node.storage.StorageStatistics;
import dev.partita.node.time.Timestamp;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Random;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.rocksdb.ReadOptions;

/// Writers that are faster than RocksDB's background work, which is held back: what the alert
/// CompactionBacklog goes by is told while that lasts, and not afterwards.
class StalledWritesTest {
  private static final Duration PATIENCE = Duration.ofMinutes(2);
  private static final byte[] VALUE = "x".repeat(64 << 10).getBytes(StandardCharsets.US_ASCII);

  @TempDir Path directory;

  @Test
  void writersThatAreHeldBackAreTold() throws Exception {
    RocksDbSettings settings = RocksDbSettings.of(directory).withMemtableBytes(1 << 20);
    NativeLibrary.load(settings.libraryDirectory());
    FlushNotifier flushes = new FlushNotifier();
    Database database = new Database(settings, flushes);
    AtomicBoolean enough = new AtomicBoolean();
    AtomicLong written = new AtomicLong();
    try (RocksDbStorage storage = new RocksDbStorage(database, flushes, new ReadOptions())) {
      StorageStatistics before = storage.statistics();
      assertThat(before.writesStopped()).isFalse();
      database.db().pauseBackgroundWork();

      Thread writer =
          Thread.ofPlatform()
              .start(() -> {
                while (!enough.get()) {
                  write(storage, written.incrementAndGet());
                }
              });
      await().atMost(PATIENCE).until(() -> storage.statistics().writesStopped());
      StorageStatistics held = storage.statistics();
      long stoppedAt = written.get();
      database.db().continueBackgroundWork();

      await().atMost(PATIENCE).until(() -> written.get() > stoppedAt);
      enough.set(true);
      writer.join();
      await().atMost(PATIENCE).until(() -> !storage.statistics().writesStopped());
      StorageStatistics after = storage.statistics();
      assertThat(held.immutableMemtables()).isPositive();
      // The time is counted when a writer goes on, so it alone would not tell of one that does not.
      assertThat(held.stallMicros()).isEqualTo(before.stallMicros());
      assertThat(held.pendingCompactionBytes()).isZero();
      assertThat(after.stallMicros()).isGreaterThan(before.stallMicros());
    } finally {
      enough.set(true);
    }
  }

  @Test
  void writersThatAreFasterThanTheBackgroundRateAreHeldBack() throws Exception {
    RocksDbSettings settings =
        RocksDbSettings.of(directory).withMemtableBytes(1 << 20).withBackgroundRate(256 << 10);
    AtomicBoolean enough = new AtomicBoolean();
    byte[] noise = new byte[64 << 10];
    new Random(1).nextBytes(noise);
    try (RocksDbStorage storage = RocksDbStorage.open(settings)) {
      Thread writer =
          Thread.ofPlatform()
              .start(() -> {
                for (long number = 1; !enough.get(); number++) {
                  write(storage, number, noise);
                }
              });
      await().atMost(PATIENCE).until(() -> storage.statistics().writesStopped());
      enough.set(true);
      await().atMost(PATIENCE).until(() -> !storage.statistics().writesStopped());
      writer.join();
      assertThat(storage.statistics().stallMicros()).isPositive();
    } finally {
      enough.set(true);
    }
  }

  private static void write(RocksDbStorage storage, long number) {
    write(storage, number, VALUE);
  }

  private static void write(RocksDbStorage storage, long number, byte[] value) {
    try (Batch batch = storage.newBatch()) {
      batch.put(
          Key.of(("row " + number + ".").getBytes(StandardCharsets.US_ASCII)),
          new Timestamp(number),
          value);
      batch.commit();
    }
  }
}
