package dev.partita.node.storage.rocksdb;

import static org.assertj.core.api.Assertions.assertThat;

import dev.partita.node.key.Key;
import dev.partita.node.key.KeyRange;
import dev.partita.node.storage.Batch;
import dev.partita.node.storage.CollectProgress;
import dev.partita.node.storage.Family;
import dev.partita.node.storage.Span;
import dev.partita.node.storage.Version;
import dev.partita.node.time.Timestamp;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Collection beside commits and reads: the moments in which a row is deleted, collected and
/// written again are hit often, because there are few rows and the safe point follows closely.
final class ConcurrentCollectionTest {
  private static final int KEYS = 6;
  private static final int COMMITS = 6_000;

  @TempDir Path directory;

  private final Map<Key, NavigableMap<Long, Version>> model = new ConcurrentHashMap<>();
  private final AtomicLong committed = new AtomicLong();
  private final AtomicLong safePoint = new AtomicLong();

  @Test
  void readsAtTheSafePointOrLaterNeverMissAVersion() throws Exception {
    try (RocksDbStorage storage = RocksDbStorage.open(RocksDbSettings.of(directory));
        ExecutorService threads =
            Executors.newThreadPerTaskExecutor(Thread.ofPlatform().factory())) {
      Future<Long> reads = threads.submit(reader(storage));
      Future<Long> dropped = threads.submit(collector(storage));
      try {
        write(storage);
      } finally {
        committed.set(Long.MAX_VALUE);
      }
      assertThat(reads.get()).isPositive();
      assertThat(dropped.get()).isGreaterThan(COMMITS / 4);
      model.forEach((key, versions) -> {
        Version last = live(versions.lastEntry().getValue());
        assertThat(live(storage.get(key))).isEqualTo(last);
        assertThat(live(storage.entry(key, Timestamp.MAX))).isEqualTo(last);
      });
    }
  }

  private void write(RocksDbStorage storage) {
    Random random = new Random(1);
    for (long time = 1; time <= COMMITS; time++) {
      Key key = key(random.nextInt(KEYS));
      Timestamp timestamp = new Timestamp(time);
      byte @Nullable [] value =
          random.nextBoolean() ? null : Long.toString(time).getBytes(StandardCharsets.US_ASCII);
      NavigableMap<Long, Version> versions =
          model.computeIfAbsent(key, _ -> new ConcurrentSkipListMap<>());
      Version last = versions.isEmpty() ? null : live(versions.lastEntry().getValue());
      assertThat(live(storage.get(key))).as("row before %d", time).isEqualTo(last);
      assertThat(live(storage.entry(key, Timestamp.MAX)))
          .as("entry before %d", time)
          .isEqualTo(last);
      try (Batch batch = storage.newBatch()) {
        if (value == null) {
          batch.delete(key, timestamp);
          batch.deleteEntry(key, timestamp);
        } else {
          batch.put(key, timestamp, value);
          if (last != null) {
            batch.replaceEntry(key, timestamp, value);
          } else {
            batch.putEntry(key, timestamp, value);
          }
        }
        versions.put(time, new Version(timestamp, value));
        batch.commit();
      }
      committed.set(time);
    }
  }

  private Callable<Long> collector(RocksDbStorage storage) {
    return () -> {
      Span allRows = new Span(Family.ROWS, KeyRange.ALL);
      Span allEntries = new Span(Family.ENTRIES, KeyRange.ALL);
      long dropped = 0;
      for (long time = committed.get(); time < Long.MAX_VALUE; time = committed.get()) {
        safePoint.set(time);
        CollectProgress progress = storage.collect(allRows, allEntries, new Timestamp(time), 3);
        while (!progress.isDone()) {
          dropped += progress.dropped();
          progress = storage.collect(progress.rows(), progress.entries(), new Timestamp(time), 3);
        }
        dropped += progress.dropped();
      }
      return dropped;
    };
  }

  private Callable<Long> reader(RocksDbStorage storage) {
    return () -> {
      Random random = new Random(2);
      long checked = 0;
      for (long last = committed.get(); last < Long.MAX_VALUE; last = committed.get()) {
        Key key = key(random.nextInt(KEYS));
        long time = random.nextLong(safePoint.get(), Math.max(last, safePoint.get()) + 1);
        Version row = live(storage.get(key, new Timestamp(time)));
        Version entry = live(storage.entry(key, new Timestamp(time)));
        if (time <= last && time >= safePoint.get()) {
          NavigableMap<Long, Version> versions = model.get(key);
          Map.@Nullable Entry<Long, Version> expected =
              versions == null ? null : versions.floorEntry(time);
          assertThat(row)
              .as("row at %d", time)
              .isEqualTo(expected == null ? null : live(expected.getValue()));
          assertThat(entry)
              .as("entry at %d", time)
              .isEqualTo(expected == null ? null : live(expected.getValue()));
          checked++;
        }
      }
      return checked;
    };
  }

  private static @Nullable Version live(@Nullable Version version) {
    return version == null || version.isDeleted() ? null : version;
  }

  private static Key key(int number) {
    return Key.of(new byte[] {(byte) number, '.'});
  }
}
