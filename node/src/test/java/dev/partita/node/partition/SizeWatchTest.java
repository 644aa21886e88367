package dev.partita.node.partition;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import dev.partita.node.key.Datum;
import dev.partita.node.key.PrimaryKey;
import dev.partita.node.key.RowKeys;
import dev.partita.node.storage.Batch;
import dev.partita.node.storage.rocksdb.RocksDbStorage;
import dev.partita.node.time.Clock;
import dev.partita.node.time.Timestamp;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class SizeWatchTest {
  private static final PartitionDescriptor THINGS =
      TestNode.descriptor(7, "things", Bounds.Range.ALL);
  private static final int ROW_BYTES = 64 << 10;
  private static final long MEBIBYTE = 1 << 20;

  @TempDir private Path directory;
  private RocksDbStorage storage;
  private SizeWatch watch;
  private final Map<Long, Long> rows = new TreeMap<>();
  private PartitionState state = PartitionState.EMPTY.withDescriptor(THINGS);

  private long nanos;
  private Duration lookTakes = Duration.ZERO;
  private boolean looking;
  private int looks;

  private final Clock clock =
      new Clock() {
        @Override
        public long monotonicNanos() {
          nanos += looking ? lookTakes.toNanos() : 0;
          return nanos;
        }

        @Override
        public long wallMillis() {
          throw new AssertionError();
        }
      };

  @BeforeEach
  void open() {
    storage = TestNode.storage(directory);
    watch =
        new SizeWatch(
            storage,
            task -> {
              looks++;
              looking = true;
              task.run();
              looking = false;
            },
            clock);
  }

  @AfterEach
  void close() {
    storage.close();
  }

  private void put(long key) {
    RowKeys keys = new RowKeys(THINGS.collectionId(), 0, false);
    try (Batch batch = storage.newBatch()) {
      batch.put(keys.key(PrimaryKey.of(key)), new Timestamp(rows.size() + 1), new byte[ROW_BYTES]);
      batch.commit();
    }
    long bytes = (long) keys.key(PrimaryKey.of(key)).size() + ROW_BYTES;
    rows.put(key, bytes);
    state = state.withCounters(rows.size(), state.bytes() + bytes, Timestamp.MIN);
  }

  private SplitPoints points() {
    return watch.points(state, LoadProfile.NONE);
  }

  private void passMillis(int millis) {
    for (int passed = 0; passed < millis; passed += 100) {
      nanos += Duration.ofMillis(100).toNanos();
      watch.tick(state);
    }
  }

  /// The part of all bytes before a point.
  private double before(@Nullable Datum point) {
    long key = ((Datum.Int) requireNonNull(point)).value();
    return (double)
            rows.entrySet().stream()
                .filter(row -> row.getKey() < key)
                .mapToLong(Map.Entry::getValue)
                .sum()
        / state.bytes();
  }

  /// Whoever decides about a split looks once in some seconds, and the faster a Partition grows the
  /// less it may be overlooked.
  @Test
  void theMiddleOfWhatGrowsIsKnownAllTheTime() {
    for (long key = 0; state.bytes() < 32 * MEBIBYTE; key++) {
      put(key);
      passMillis(100);
      if (state.bytes() > 4 * MEBIBYTE) {
        assertThat(points().measured()).as("at %d bytes", state.bytes()).isTrue();
        assertThat(before(points().bySize())).isBetween(0.33, 0.67);
      }
    }
  }

  /// Wherever the new rows are, and before anybody looks again.
  @Test
  void thePointHasAThirdOfTheBytesOnEachSideOrIsNotTold() {
    for (long key = 1_000; state.bytes() < 2 * MEBIBYTE; key++) {
      put(key);
    }
    passMillis(100);
    assertThat(before(points().bySize())).isBetween(0.45, 0.55);
    for (long key = 0; points().measured(); key++) {
      assertThat(before(points().bySize())).isBetween(0.3, 0.7);
      put(key);
    }
    assertThat(points().bySize()).isNull();
    assertThat(state.bytes()).isGreaterThan(5 * MEBIBYTE / 2);
    passMillis(1_000);
    assertThat(before(points().bySize())).isBetween(0.45, 0.55);
  }

  /// Nobody looks while nothing has changed, nor for more than a small part of the time.
  @Test
  void whatTakesLongIsDoneRarely() {
    for (long key = 0; state.bytes() < 2 * MEBIBYTE; key++) {
      put(key);
    }
    passMillis(60_000);
    assertThat(looks).isOne();
    lookTakes = Duration.ofSeconds(1);
    for (long key = 1_000; key < 1_100; key++) {
      put(key);
      put(key + 1_000);
      passMillis(600);
    }
    assertThat(looks).isBetween(3, 6);
  }
}
