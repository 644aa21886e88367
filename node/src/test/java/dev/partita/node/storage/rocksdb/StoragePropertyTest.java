package dev.partita.node.storage.rocksdb;

import static org.assertj.core.api.Assertions.assertThat;

import dev.partita.node.key.Key;
import dev.partita.node.key.KeyRange;
import dev.partita.node.key.KeyWriter;
import dev.partita.node.key.PrimaryKey;
import dev.partita.node.key.RandomData;
import dev.partita.node.key.RowKeys;
import dev.partita.node.storage.Batch;
import dev.partita.node.storage.CollectProgress;
import dev.partita.node.storage.Direction;
import dev.partita.node.storage.Family;
import dev.partita.node.storage.IndexCursor;
import dev.partita.node.storage.ReadView;
import dev.partita.node.storage.RowCursor;
import dev.partita.node.storage.Span;
import dev.partita.node.storage.StorageReader;
import dev.partita.node.storage.Version;
import dev.partita.node.storage.rocksdb.VersionModel.Found;
import dev.partita.node.time.Timestamp;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Random work against a model: whatever was written, collected, flushed, closed or lost in a
/// crash, reads at the safe point or later give what the model gives.
final class StoragePropertyTest {
  private static final int SEEDS = Integer.getInteger("partita.seeds", 4);
  private static final int STEPS = 250;

  @Test
  void readsAgreeWithTheModel(@TempDir Path directory) {
    for (int seed = 0; seed < SEEDS; seed++) {
      Run run = new Run(seed, directory.resolve("seed-" + seed));
      try {
        run.play();
      } catch (AssertionError | RuntimeException e) {
        throw new AssertionError("seed " + seed + ": " + e.getMessage(), e);
      } finally {
        run.end();
      }
    }
  }

  /// What the storage holds according to the model.
  private static final class State {
    VersionModel rows = new VersionModel();
    VersionModel entries = new VersionModel();
    TreeMap<Key, byte[]> meta = new TreeMap<>();

    State copy() {
      State copy = new State();
      copy.rows = rows.copy();
      copy.entries = entries.copy();
      copy.meta = new TreeMap<>(meta);
      return copy;
    }
  }

  private record OpenView(ReadView view, State state, Timestamp safePoint) {}

  private static final class Run {
    private static final Key APPLIED = Key.of(new byte[] {'a'});

    private final Random random;
    private final RocksDbSettings settings;
    private final List<Key> rowKeys;
    private final List<Key> entryKeys;
    private final List<OpenView> views = new ArrayList<>();
    private RocksDbStorage storage;
    private State state = new State();
    private State durable = new State();
    private long now = 1;
    private Timestamp safePoint = Timestamp.MIN;

    Run(int seed, Path directory) {
      random = new Random(seed);
      settings = RocksDbSettings.of(directory);
      RandomData data = new RandomData(seed);
      RowKeys keys = new RowKeys(1, 0, random.nextBoolean());
      rowKeys =
          IntStream.range(0, 25)
              .mapToObj(_ -> keys.key(data.primaryKey()))
              .distinct()
              .sorted()
              .toList();
      entryKeys = IntStream.range(0, 25).mapToObj(_ -> entry(data)).distinct().sorted().toList();
      storage = RocksDbStorage.open(settings);
    }

    private static Key entry(RandomData data) {
      KeyWriter out =
          new KeyWriter().u32(1).u64(2).write(data.datum(1)).writeDescending(data.datum(0));
      PrimaryKey.of(data.integer()).writeTo(out);
      return out.toKey();
    }

    void play() {
      for (int step = 0; step < STEPS; step++) {
        switch (random.nextInt(20)) {
          case 0 -> flush();
          case 1 -> collect();
          case 2 -> crash();
          case 3 -> reopen();
          case 4 -> openView();
          case 5 -> closeView();
          case 6, 7, 8, 9, 10, 11 -> write();
          default -> check(storage, state, safePoint);
        }
        assertThat(storage.durableMeta(APPLIED)).isEqualTo(durable.meta.get(APPLIED));
      }
      views.forEach(open -> check(open.view, open.state, open.safePoint));
      for (int i = 0; i < 20; i++) {
        check(storage, state, safePoint);
      }
    }

    void end() {
      closeViews();
      storage.close();
    }

    private void flush() {
      storage.flush();
      durable = state.copy();
    }

    private void crash() {
      closeViews();
      assertThat(storage.statistics().openViews()).isZero();
      storage.abandon();
      storage = RocksDbStorage.open(settings);
      state = durable.copy();
      assertThat(storage.meta(APPLIED)).isEqualTo(durable.meta.get(APPLIED));
    }

    private void reopen() {
      closeViews();
      storage.close();
      durable = state.copy();
      storage = RocksDbStorage.open(settings);
    }

    private void openView() {
      views.add(new OpenView(storage.view(), state.copy(), safePoint));
    }

    private void closeView() {
      if (!views.isEmpty()) {
        OpenView open = views.remove(random.nextInt(views.size()));
        check(open.view, open.state, open.safePoint);
        open.view.close();
      }
    }

    private void closeViews() {
      views.forEach(open -> open.view.close());
      views.clear();
    }

    private void collect() {
      safePoint = Timestamp.later(safePoint, new Timestamp(random.nextLong(now + 1)));
      Span rows = new Span(Family.ROWS, KeyRange.ALL);
      Span entries = new Span(Family.ENTRIES, KeyRange.ALL);
      int budget = random.nextInt(1, 40);
      for (int calls = random.nextInt(1, 10); calls > 0; calls--) {
        CollectProgress progress = storage.collect(rows, entries, safePoint, budget);
        rows = progress.rows();
        entries = progress.entries();
        if (progress.isDone()) {
          return;
        }
      }
    }

    private void write() {
      State next = state.copy();
      try (Batch batch = storage.newBatch()) {
        if (random.nextInt(15) == 0) {
          clear(batch, next);
        }
        for (int i = random.nextInt(1, 12); i > 0; i--) {
          now += random.nextInt(3) == 0 ? 0 : 1;
          change(batch, next);
        }
        // The next batch begins later than anything in this one.
        now++;
        byte[] applied = Long.toString(now).getBytes(StandardCharsets.US_ASCII);
        batch.putMeta(APPLIED, applied);
        next.meta.put(APPLIED, applied);
        if (random.nextInt(8) > 0) {
          batch.commit();
          state = next;
        }
      }
    }

    private void clear(Batch batch, State next) {
      KeyRange range = new KeyRange(pick(rowKeys), pick(rowKeys));
      batch.deleteRange(Family.ROWS, range);
      next.rows.clear(range);
      KeyRange entries =
          KeyRange.prefix(
              Key.of(Arrays.copyOf(pick(entryKeys).toByteArray(), random.nextInt(12, 15))));
      batch.deleteRange(Family.ENTRIES, entries);
      next.entries.clear(entries);
    }

    private void change(Batch batch, State next) {
      Timestamp timestamp = new Timestamp(now);
      switch (random.nextInt(6)) {
        case 0, 1 -> {
          Key row = pick(rowKeys);
          byte[] value = value();
          batch.put(row, timestamp, value);
          next.rows.put(row, timestamp, value);
          assertThat(batch.get(row)).isEqualTo(new Version(timestamp, value));
        }
        case 2 -> {
          Key row = pick(rowKeys);
          batch.delete(row, timestamp);
          next.rows.put(row, timestamp, null);
          Version left = batch.get(row);
          assertThat(left == null || left.isDeleted()).isTrue();
        }
        case 3, 4 -> changeEntry(batch, next, timestamp);
        default -> {
          Key record = Key.of(new byte[] {'m', (byte) random.nextInt(10)});
          if (random.nextBoolean()) {
            byte[] value = value();
            batch.putMeta(record, value);
            next.meta.put(record, value);
          } else {
            batch.deleteMeta(record);
            next.meta.remove(record);
          }
        }
      }
    }

    private void changeEntry(Batch batch, State next, Timestamp timestamp) {
      Key entry = pick(entryKeys);
      byte[] value = value();
      if (!next.entries.isLive(entry)) {
        batch.putEntry(entry, timestamp, value);
        next.entries.put(entry, timestamp, value);
      } else if (random.nextInt(3) == 0) {
        batch.replaceEntry(entry, timestamp, value);
        next.entries.put(entry, timestamp, value);
      } else {
        batch.deleteEntry(entry, timestamp);
        next.entries.put(entry, timestamp, null);
      }
    }

    private void check(StorageReader reader, State expected, Timestamp oldest) {
      Timestamp at =
          random.nextInt(4) == 0
              ? Timestamp.MAX
              : new Timestamp(random.nextLong(oldest.value(), Math.max(now, oldest.value()) + 1));
      Direction direction = random.nextBoolean() ? Direction.FORWARD : Direction.BACKWARD;
      KeyRange rows = range(rowKeys);
      KeyRange entries = range(entryKeys);
      assertThat(scanRows(reader, rows, at, direction))
          .as("rows %s at %s %s", rows, at, direction)
          .isEqualTo(expected.rows.scan(rows, at, direction));
      assertThat(scanEntries(reader, entries, at, direction))
          .as("entries %s at %s %s", entries, at, direction)
          .isEqualTo(expected.entries.scan(entries, at, direction));
      Key row = pick(rowKeys);
      assertThat(live(reader.get(row, at)))
          .as("row %s at %s", row, at)
          .isEqualTo(expected.rows.live(row, at));
      assertThat(live(reader.get(row)))
          .as("row %s", row)
          .isEqualTo(expected.rows.live(row, Timestamp.MAX));
      Key entry = pick(entryKeys);
      assertThat(live(reader.entry(entry, at)))
          .as("entry %s at %s", entry, at)
          .isEqualTo(expected.entries.live(entry, at));
      KeyRange records =
          new KeyRange(
              Key.of(new byte[] {'m', 2}),
              random.nextBoolean() ? null : Key.of(new byte[] {'m', 7}));
      assertThat(reader.metaRange(records).keySet())
          .isEqualTo(
              expected.meta.keySet().stream()
                  .filter(records::contains)
                  .collect(Collectors.toSet()));
      assertThat(reader.meta(APPLIED)).isEqualTo(expected.meta.get(APPLIED));
    }

    /// Bounds as callers build them: keys, positions just after keys, beginnings of keys, open
    /// ends.
    private KeyRange range(List<Key> keys) {
      Key start = random.nextInt(3) == 0 ? Key.EMPTY : bound(keys);
      return new KeyRange(start, random.nextInt(3) == 0 ? null : bound(keys));
    }

    private Key bound(List<Key> keys) {
      Key key = pick(keys);
      return switch (random.nextInt(3)) {
        case 0 -> key;
        case 1 -> key.successor();
        default -> Key.of(Arrays.copyOf(key.toByteArray(), random.nextInt(key.size())));
      };
    }

    private Key pick(List<Key> keys) {
      return keys.get(random.nextInt(keys.size()));
    }

    private byte[] value() {
      byte[] value = new byte[random.nextInt(20)];
      random.nextBytes(value);
      return value;
    }

    private static @Nullable Version live(@Nullable Version version) {
      return version == null || version.isDeleted() ? null : version;
    }

    private static List<Found> scanRows(
        StorageReader reader, KeyRange range, Timestamp at, Direction direction) {
      List<Found> found = new ArrayList<>();
      try (RowCursor cursor = reader.rows(range, at, direction)) {
        while (cursor.next()) {
          found.add(new Found(cursor.key(), new Version(cursor.timestamp(), cursor.value())));
        }
      }
      return found;
    }

    private static List<Found> scanEntries(
        StorageReader reader, KeyRange range, Timestamp at, Direction direction) {
      List<Found> found = new ArrayList<>();
      try (IndexCursor cursor = reader.entries(range, at, direction)) {
        while (cursor.next()) {
          found.add(new Found(cursor.key(), new Version(cursor.timestamp(), cursor.value())));
        }
      }
      return found;
    }
  }
}
