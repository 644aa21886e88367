package dev.partita.node.storage.rocksdb;

import static org.assertj.core.api.Assertions.assertThat;

import dev.partita.node.key.Key;
import dev.partita.node.key.KeyRange;
import dev.partita.node.storage.Batch;
import dev.partita.node.storage.Family;
import dev.partita.node.storage.ReadView;
import dev.partita.node.storage.Span;
import dev.partita.node.time.Timestamp;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Replicas that take in snapshots while others commit and take in theirs. Their keys lie among
/// each other, as those of hash partitions do, so that RocksDB has to flush what it holds of the
/// others before it takes in a file, and may find that this flush has not ended.
final class ConcurrentImportTest {
  private static final int IMPORTERS = 3;
  private static final int IMPORTS = 150;
  private static final int ROWS = 20;

  /// Entries come seldom, so that some flushes have none of them.
  private static final int ENTRY_EVERY = 50;

  private static final int COMMITS_EACH = 40;

  @TempDir Path directory;

  private final Semaphore commitsDue = new Semaphore(0);
  private final AtomicBoolean ended = new AtomicBoolean();

  @Test
  void filesComeInBesideCommitsAndOtherFiles() throws Exception {
    try (RocksDbStorage storage =
            RocksDbStorage.open(RocksDbSettings.of(directory.resolve("storage")));
        ExecutorService threads =
            Executors.newThreadPerTaskExecutor(Thread.ofPlatform().factory())) {
      List<Future<Long>> importers = new ArrayList<>();
      for (int i = 0; i < IMPORTERS; i++) {
        importers.add(threads.submit(importer(storage, i)));
      }
      Future<Long> commits = threads.submit(writer(storage));
      try {
        for (Future<Long> importer : importers) {
          assertThat(importer.get()).isEqualTo(IMPORTS);
        }
      } finally {
        ended.set(true);
        commitsDue.release();
      }
      assertThat(commits.get()).isPositive();
      for (int i = 0; i < IMPORTERS; i++) {
        for (int row = 0; row < ROWS; row++) {
          assertThat(storage.get(key(i, row), new Timestamp(1))).isNotNull();
        }
      }
    }
  }

  private Callable<Long> importer(RocksDbStorage storage, int number) {
    return () -> {
      List<Span> spans =
          List.of(
              new Span(Family.ROWS, KeyRange.ALL, key -> key.unsafeBytes()[1] == (byte) number));
      try (Batch batch = storage.newBatch()) {
        for (int row = 0; row < ROWS; row++) {
          batch.put(key(number, row), new Timestamp(1), new byte[] {1});
        }
        batch.commit();
      }
      long done = 0;
      while (done < IMPORTS && !ended.get()) {
        Path files = directory.resolve("files-" + number + "-" + done);
        try (ReadView view = storage.view()) {
          storage.exportFiles(view, spans, files);
        }
        commitsDue.release(COMMITS_EACH);
        storage.importFiles(files, spans);
        done++;
      }
      return done;
    };
  }

  private Callable<Long> writer(RocksDbStorage storage) {
    return () -> {
      long time = 1;
      while (!ended.get()) {
        commitsDue.acquire();
        time++;
        try (Batch batch = storage.newBatch()) {
          batch.put(key(IMPORTERS, (int) (time % ROWS)), new Timestamp(time), new byte[] {1});
          batch.putMeta(key(IMPORTERS, 0), new byte[] {2});
          if (time % ENTRY_EVERY == 0) {
            batch.putEntry(key(IMPORTERS, 0), new Timestamp(time), new byte[] {3});
          }
          batch.commit();
        }
      }
      return time;
    };
  }

  private static Key key(int importer, int row) {
    return Key.of(new byte[] {(byte) row, (byte) importer, '.'});
  }
}
