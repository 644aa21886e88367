package dev.partita.node.storage.rocksdb;

import static org.assertj.core.api.Assertions.assertThat;

import dev.partita.node.key.Key;
import dev.partita.node.storage.Batch;
import dev.partita.node.time.Timestamp;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Flushes beside each other. Some of them have nothing of some column families, so that RocksDB's
/// numbers of memtables differ between them: it has waited for the wrong ones.
final class ConcurrentFlushTest {
  private static final int WRITERS = 3;
  private static final int FLUSHES = 200;

  @TempDir Path directory;

  private RocksDbStorage storage;

  @BeforeEach
  void open() {
    storage = RocksDbStorage.open(RocksDbSettings.of(directory));
  }

  @AfterEach
  void close() {
    storage.close();
  }

  @Test
  void whatWasWrittenBeforeAFlushIsDurableAfterIt() throws Exception {
    try (ExecutorService threads =
        Executors.newThreadPerTaskExecutor(Thread.ofPlatform().factory())) {
      List<Future<Integer>> writers = new ArrayList<>();
      for (int i = 0; i < WRITERS; i++) {
        writers.add(threads.submit(writer(i)));
      }
      for (Future<Integer> writer : writers) {
        assertThat(writer.get()).as("flushes that had not made all durable").isZero();
      }
    }
  }

  private Callable<Integer> writer(int number) {
    return () -> {
      Key meta = Key.of(new byte[] {(byte) number, '.'});
      int lost = 0;
      for (int i = 1; i <= FLUSHES; i++) {
        byte[] value = ByteBuffer.allocate(4).putInt(i).array();
        try (Batch batch = storage.newBatch()) {
          batch.putMeta(meta, value);
          // Rows and entries seldom: their memtables have lower numbers.
          if (number == 0 && i % 3 == 0) {
            batch.put(meta, new Timestamp(i), value);
          }
          if (number == 1 && i % 5 == 0) {
            batch.putEntry(meta, new Timestamp(i), value);
          }
          batch.commit();
        }
        storage.flush();
        byte[] durable = storage.durableMeta(meta);
        if (durable == null || ByteBuffer.wrap(durable).getInt() < i) {
          lost++;
        }
      }
      return lost;
    };
  }
}
