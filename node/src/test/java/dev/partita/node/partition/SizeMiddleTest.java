package dev.partita.node.partition;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import dev.partita.node.key.Datum;
import dev.partita.node.key.PrimaryKey;
import dev.partita.node.key.RowKeys;
import dev.partita.node.storage.Batch;
import dev.partita.node.storage.rocksdb.RocksDbStorage;
import dev.partita.node.time.Timestamp;
import java.nio.file.Path;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class SizeMiddleTest {

  private static final Bounds ALL = Bounds.Range.ALL;

  /// Never counted, so that the estimates of the store are all there is.
  private static final long NOTHING = -1;

  private final Random random = new Random(7);
  private final TreeMap<PrimaryKey, Integer> sizes = new TreeMap<>();
  @TempDir private Path directory;
  private RocksDbStorage storage;
  private long at = 1;

  @BeforeEach
  void open() {
    storage = TestNode.storage(directory);
  }

  @AfterEach
  void close() {
    storage.close();
  }

  private void put(PrimaryKey key, int bytes) {
    PartitionDescriptor descriptor = TestNode.descriptor(7, "things", ALL);
    byte[] value = new byte[bytes];
    random.nextBytes(value);
    try (Batch batch = storage.newBatch()) {
      batch.put(
          new RowKeys(descriptor.collectionId(), 0, false).key(key), new Timestamp(++at), value);
      batch.commit();
    }
    sizes.put(key, bytes);
  }

  private @Nullable Datum middle(Bounds bounds, long exactBytesMax) {
    return SizeMiddle.find(
        storage, TestNode.descriptor(7, "things", bounds), bytes(sizes), exactBytesMax);
  }

  private static long bytes(Map<PrimaryKey, Integer> sizes) {
    PartitionDescriptor descriptor = TestNode.descriptor(7, "things", ALL);
    RowKeys rows = new RowKeys(descriptor.collectionId(), 0, false);
    return sizes.entrySet().stream()
        .mapToLong(each -> rows.key(each.getKey()).size() + each.getValue())
        .sum();
  }

  /// The part of all bytes before a point.
  private double before(@Nullable Datum point) {
    PrimaryKey key = PrimaryKey.of(requireNonNull(point));
    return (double) bytes(sizes.headMap(key)) / bytes(sizes);
  }

  @Test
  void theRowsAreDividedByBytesAndNotByNumber() {
    for (int key = 0; key < 1_000; key++) {
      put(PrimaryKey.of(key), key < 900 ? 10 : 2_000);
    }
    assertThat(before(middle(ALL, Long.MAX_VALUE))).isBetween(0.49, 0.51);
  }

  @Test
  void estimatesKeepTheirBound() {
    for (int key = 0; key < 20_000; key++) {
      put(PrimaryKey.of(key * 1_000_003L), 100 + (key > 15_000 ? 1_000 : 0));
    }
    storage.flush();
    for (int key = 1; key < 4_000; key++) {
      put(PrimaryKey.of(-key * 1_000_003L), 100);
    }
    assertThat(before(middle(ALL, NOTHING))).isBetween(0.25, 0.75);
  }

  @Test
  void textsWithLongCommonBeginningsAreDivided() {
    String beginning = "https://example.org/a/rather/long/path/".repeat(10);
    for (int key = 0; key < 5_000; key++) {
      put(PrimaryKey.of(beginning + key), 500);
    }
    storage.flush();
    assertThat(before(middle(ALL, NOTHING))).isBetween(0.25, 0.75);
    assertThat(before(middle(ALL, Long.MAX_VALUE))).isBetween(0.49, 0.51);
  }

  @ParameterizedTest
  @ValueSource(longs = {NOTHING, Long.MAX_VALUE})
  void rowsOfOnePartitionKeyStayTogether(long exactBytesMax) {
    for (String customer : new String[] {"a", "b", "c"}) {
      for (int order = 0; order < (customer.equals("b") ? 3_000 : 1_000); order++) {
        put(PrimaryKey.of(Datum.of(customer), Datum.of(order)), 300);
      }
    }
    storage.flush();
    assertThat(middle(ALL, exactBytesMax)).isIn(Datum.of("b"), Datum.of("c"));
  }

  @ParameterizedTest
  @ValueSource(longs = {NOTHING, Long.MAX_VALUE})
  void whatBelongsToOnePartitionKeyHasNoMiddle(long exactBytesMax) {
    assertThat(middle(ALL, exactBytesMax)).isNull();
    put(PrimaryKey.of(Datum.of("a"), Datum.of(1)), 1_000_000);
    assertThat(middle(ALL, exactBytesMax)).isNull();
    put(PrimaryKey.of(Datum.of("a"), Datum.of(2)), 1_000_000);
    assertThat(middle(ALL, exactBytesMax)).isNull();
  }

  @Test
  void oneLargeRowIsLeftAlone() {
    for (int key = 0; key < 100; key++) {
      put(PrimaryKey.of(key), key == 40 ? 1_000_000 : 10);
    }
    // Before it or behind it: there is nothing better.
    assertThat(middle(ALL, Long.MAX_VALUE)).isIn(Datum.of(40), Datum.of(41));
  }

  @ParameterizedTest
  @ValueSource(longs = {NOTHING, Long.MAX_VALUE})
  void onlyRowsInsideTheBoundsCount(long exactBytesMax) {
    for (int key = 0; key < 4_000; key++) {
      put(PrimaryKey.of(key), key < 3_000 ? 100 : 2_000);
    }
    storage.flush();
    Map<PrimaryKey, Integer> all = new TreeMap<>(sizes);
    sizes.keySet().removeIf(key -> key.compareTo(PrimaryKey.of(2_000)) >= 0);
    Datum found = middle(new Bounds.Range(null, Datum.of(2_000)), exactBytesMax);
    assertThat(before(found)).isBetween(0.25, 0.75);
    sizes.putAll(all);
    assertThat(middle(new Bounds.Hash(2, 1), exactBytesMax)).isNull();
  }

  /// Keys of any kind and size: whatever is found divides the rows and lies inside.
  @Test
  void whateverIsFoundDividesTheRows() {
    for (int round = 0; round < 30; round++) {
      int rows = 2 + random.nextInt(200);
      for (int row = 0; row < rows; row++) {
        PrimaryKey key =
            random.nextBoolean()
                ? PrimaryKey.of(random.nextLong())
                : PrimaryKey.of("k".repeat(random.nextInt(20)) + random.nextInt(1_000));
        put(key, 1 + random.nextInt(2_000));
      }
      for (long exactBytesMax : new long[] {NOTHING, Long.MAX_VALUE}) {
        Datum found = middle(ALL, exactBytesMax);
        assertThat(found).as("round %d of seed 7", round).isNotNull();
        assertThat(before(found)).as("round %d of seed 7", round).isGreaterThan(0).isLessThan(1);
      }
    }
  }
}
