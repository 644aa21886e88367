package dev.partita.node.storage.rocksdb;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.partita.node.key.Key;
import dev.partita.node.key.KeyRange;
import dev.partita.node.storage.Batch;
import dev.partita.node.storage.CollectProgress;
import dev.partita.node.storage.Direction;
import dev.partita.node.storage.ExportedFile;
import dev.partita.node.storage.Family;
import dev.partita.node.storage.ReadView;
import dev.partita.node.storage.RowCursor;
import dev.partita.node.storage.Span;
import dev.partita.node.storage.StorageFailure;
import dev.partita.node.storage.StorageReader;
import dev.partita.node.storage.Version;
import dev.partita.node.time.Timestamp;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class RocksDbStorageTest {
  private static final Span ROWS = new Span(Family.ROWS, KeyRange.ALL);
  private static final Span ENTRIES = new Span(Family.ENTRIES, KeyRange.ALL);
  private static final Span META = new Span(Family.META, KeyRange.ALL);
  private static final Key A = key("a.");
  private static final Key B = key("b.");
  private static final Key C = key("c.");

  @TempDir Path directory;

  private RocksDbStorage storage;

  @BeforeEach
  void open() {
    storage = RocksDbStorage.open(RocksDbSettings.of(directory.resolve("one")));
  }

  @AfterEach
  void close() {
    storage.close();
  }

  @Test
  void everyVersionIsReadAtItsTime() {
    commit(batch -> batch.put(A, at(10), value("one")));
    commit(batch -> batch.put(A, at(20), value("two")));
    commit(batch -> batch.delete(A, at(30)));
    commit(batch -> batch.put(A, at(40), value("four")));

    assertThat(storage.get(A, at(9))).isNull();
    assertThat(storage.get(A, at(10))).isEqualTo(version(10, "one"));
    assertThat(storage.get(A, at(19))).isEqualTo(version(10, "one"));
    assertThat(storage.get(A, at(29))).isEqualTo(version(20, "two"));
    assertThat(Objects.requireNonNull(storage.get(A, at(39))).isDeleted()).isTrue();
    assertThat(storage.get(A)).isEqualTo(version(40, "four"));
  }

  @Test
  void emptyDocumentIsNotADeletion() {
    commit(batch -> batch.put(A, at(1), new byte[0]));
    commit(batch -> batch.put(A, at(2), value("x")));

    assertThat(storage.get(A, at(1))).isEqualTo(version(1, ""));
    assertThat(Objects.requireNonNull(storage.get(A, at(1))).isDeleted()).isFalse();
  }

  @Test
  void versionsOfARowOnlyGetNewer() {
    commit(batch -> batch.put(A, at(10), value("x")));

    try (Batch batch = storage.newBatch()) {
      assertThatThrownBy(() -> batch.put(A, at(10), value("y")))
          .isInstanceOf(IllegalArgumentException.class);
      assertThatThrownBy(() -> batch.delete(A, at(9))).isInstanceOf(IllegalArgumentException.class);
    }
  }

  @Test
  void batchSeesItsOwnChangesAndNobodyElseDoesBeforeTheCommit() {
    try (Batch batch = storage.newBatch()) {
      batch.put(A, at(1), value("x"));
      batch.put(A, at(1), value("y"));
      batch.putMeta(B, value("m"));
      assertThat(batch.get(A)).isEqualTo(version(1, "y"));
      assertThat(batch.sizeBytes()).isGreaterThan(4);
      assertThat(storage.get(A)).isNull();
      assertThat(storage.meta(B)).isNull();

      batch.commit();
      assertThat(storage.get(A)).isEqualTo(version(1, "y"));
      assertThatThrownBy(() -> batch.putMeta(B, value("late")))
          .isInstanceOf(IllegalStateException.class);
      assertThatThrownBy(batch::commit).isInstanceOf(IllegalStateException.class);
    }
  }

  @Test
  void aRowMadeAndDeletedAtOnceLeavesNothing() {
    commit(batch -> {
      batch.put(A, at(1), value("x"));
      batch.delete(A, at(1));
      batch.delete(B, at(1));
    });

    assertThat(storage.get(A)).isNull();
    assertThat(recordsByFamily()).isEmpty();
  }

  @Test
  void viewStaysAsItWas() {
    commit(batch -> batch.put(A, at(1), value("x")));
    try (ReadView view = storage.view()) {
      commit(batch -> batch.put(A, at(2), value("y")));
      commit(batch -> batch.put(B, at(3), value("z")));
      assertThat(view.get(A)).isEqualTo(version(1, "x"));
      assertThat(rows(view, Timestamp.MAX)).containsExactly("a.=x");
    }
    assertThat(rows(storage, Timestamp.MAX)).containsExactly("a.=y", "b.=z");
    assertThat(rows(storage, at(2))).containsExactly("a.=y");
  }

  @Test
  void collectionLeavesOneVersionOfEachLiveKeyWhenNothingOlderIsRead() {
    for (int i = 0; i < 50; i++) {
      Key row = key("row" + i + ".");
      Key entry = key("entry" + i + ".");
      commit(batch -> batch.put(row, at(10), value("1")));
      commit(batch -> batch.putEntry(entry, at(10), value("1")));
      if (i % 2 == 0) {
        commit(batch -> batch.put(row, at(20), value("2")));
        commit(batch -> batch.replaceEntry(entry, at(20), value("2")));
      }
      if (i % 5 == 0) {
        commit(batch -> batch.delete(row, at(30)));
        commit(batch -> batch.deleteEntry(entry, at(30)));
      }
    }

    long calls = collectAll(at(30), 7);

    assertThat(calls).isGreaterThan(5);
    assertThat(recordsByFamily()).isEqualTo(Map.of("current", 40L, "index", 40L));
  }

  @Test
  void collectionKeepsWhatTheSafePointSees() {
    commit(batch -> batch.put(A, at(10), value("1")));
    commit(batch -> batch.put(A, at(20), value("2")));
    commit(batch -> batch.put(A, at(30), value("3")));
    commit(batch -> batch.delete(A, at(40)));

    collectAll(at(25), 100);
    assertThat(recordsByFamily()).isEqualTo(Map.of("current", 1L, "history", 2L));
    assertThat(storage.get(A, at(25))).isEqualTo(version(20, "2"));

    collectAll(at(39), 100);
    assertThat(storage.get(A, at(39))).isEqualTo(version(30, "3"));
    assertThat(recordsByFamily()).isEqualTo(Map.of("current", 1L, "history", 1L));

    collectAll(at(40), 100);
    assertThat(recordsByFamily()).isEmpty();
  }

  @Test
  void collectionTouchesOnlyItsSpans() {
    for (Key key : List.of(A, B, C)) {
      commit(batch -> batch.put(key, at(1), value("x")));
      commit(batch -> batch.delete(key, at(2)));
      commit(batch -> batch.putEntry(key, at(1), value("x")));
      commit(batch -> batch.deleteEntry(key, at(2)));
    }
    KeyRange fromB = new KeyRange(B, null);
    storage.collect(
        new Span(Family.ROWS, fromB, key -> !key.equals(C)),
        new Span(Family.ENTRIES, fromB, key -> !key.equals(C)),
        at(2),
        100);

    assertThat(storage.get(A)).isNotNull();
    assertThat(storage.get(B)).isNull();
    assertThat(storage.get(C)).isNotNull();
    assertThat(recordsByFamily())
        .isEqualTo(Map.of("current", 2L, "history", 2L, "index", 4L, "ended", 2L));
  }

  @Test
  void crashLosesWhatWasNotFlushedOfAllFamiliesAlike() {
    commit(batch -> write(batch, 1));
    storage.flush();
    commit(batch -> write(batch, 2));
    assertThat(storage.durableMeta(A)).isEqualTo(value("1"));
    assertThat(storage.meta(A)).isEqualTo(value("2"));

    storage.abandon();
    open();

    assertThat(storage.meta(A)).isEqualTo(value("1"));
    assertThat(storage.get(A)).isEqualTo(version(1, "1"));
    assertThat(storage.entry(A, Timestamp.MAX)).isEqualTo(version(1, "1"));
  }

  @Test
  void closeKeepsEverything() {
    commit(batch -> write(batch, 1));
    storage.close();
    open();
    assertThat(storage.meta(A)).isEqualTo(value("1"));
    assertThat(storage.durableMeta(A)).isEqualTo(value("1"));
  }

  @Test
  void fullMemtablesAreFlushedTogetherAndTheListenerIsTold() {
    storage.close();
    storage =
        RocksDbStorage.open(
            RocksDbSettings.of(directory.resolve("small")).withMemtableBytes(1 << 20));
    AtomicInteger flushes = new AtomicInteger();
    storage.onFlush(flushes::incrementAndGet);
    for (int i = 1; i <= 400; i++) {
      int number = i;
      commit(batch -> {
        write(batch, number);
        batch.put(key("row" + number + "."), at(number), new byte[10_000]);
      });
    }
    await().until(() -> flushes.get() > 0);

    byte[] durable = Objects.requireNonNull(storage.durableMeta(A));
    storage.abandon();
    storage = RocksDbStorage.open(RocksDbSettings.of(directory.resolve("small")));

    int last =
        Integer.parseInt(
            new String(Objects.requireNonNull(storage.meta(A)), StandardCharsets.UTF_8));
    assertThat(last).isBetween(Integer.parseInt(new String(durable, StandardCharsets.UTF_8)), 400);
    assertThat(storage.get(A)).isEqualTo(version(last, Integer.toString(last)));
    assertThat(storage.entry(A, Timestamp.MAX)).isEqualTo(version(last, Integer.toString(last)));
    assertThat(storage.get(key("row" + last + "."))).isNotNull();
    assertThat(storage.get(key("row" + (last + 1) + "."))).isNull();
  }

  @Test
  void exportedSpansArriveWithAllVersionsAndReplaceWhatWasThere() throws IOException {
    commit(batch -> write(batch, 1));
    commit(batch -> write(batch, 2));
    commit(batch -> batch.delete(A, at(3)));
    commit(batch -> batch.deleteEntry(A, at(3)));
    commit(batch -> batch.put(C, at(3), value("outside")));
    List<Span> spans =
        List.of(
            new Span(Family.ROWS, new KeyRange(A, C)),
            new Span(Family.ENTRIES, new KeyRange(A, C)),
            new Span(Family.META, new KeyRange(A, C)));
    Path files = directory.resolve("files");
    try (ReadView view = storage.view()) {
      commit(batch -> batch.put(B, at(9), value("after the view")));
      storage.exportFiles(view, spans, files);
    }

    try (RocksDbStorage other = RocksDbStorage.open(RocksDbSettings.of(directory.resolve("two")))) {
      try (Batch batch = other.newBatch()) {
        batch.put(key("b2."), at(1), value("stale"));
        batch.put(C, at(1), value("stays"));
        batch.putEntry(key("b2."), at(1), value("stale"));
        batch.commit();
      }
      other.importFiles(files, spans);
      other.abandon();
    }
    try (RocksDbStorage other = RocksDbStorage.open(RocksDbSettings.of(directory.resolve("two")))) {
      assertThat(rows(other, at(1))).containsExactly("a.=1", "c.=stays");
      assertThat(rows(other, at(2))).containsExactly("a.=2", "c.=stays");
      assertThat(rows(other, at(9))).containsExactly("c.=stays");
      assertThat(other.entry(A, at(2))).isEqualTo(version(2, "2"));
      assertThat(Objects.requireNonNull(other.entry(A, at(3))).isDeleted()).isTrue();
      assertThat(other.entry(key("b2."), at(3))).isNull();
      assertThat(other.meta(A)).isEqualTo(value("2"));
      assertThat(new Collected(other).all(at(9)))
          .as("what was imported can be collected")
          .isPositive();
    }
    try (Stream<Path> left = Files.list(files)) {
      assertThat(left).as("the files were moved").isEmpty();
    }
  }

  @Test
  void filteredSpanLeavesItsNeighboursAlone() {
    for (int i = 0; i < 10; i++) {
      Key row = key(i + ".");
      commit(batch -> batch.put(row, at(1), value("x")));
      commit(batch -> batch.put(row, at(2), value("y")));
    }
    Span even = new Span(Family.ROWS, KeyRange.ALL, row -> (row.unsafeBytes()[0] - '0') % 2 == 0);
    Path files = directory.resolve("even");
    try (ReadView view = storage.view()) {
      assertThat(
              storage.exportFiles(view, List.of(even), files).stream()
                  .mapToLong(ExportedFile::records))
          .containsExactly(5L, 5L);
    }

    storage.clear(even);
    assertThat(rows(storage, at(1))).containsExactly("1.=x", "3.=x", "5.=x", "7.=x", "9.=x");

    storage.importFiles(files, List.of(even));
    assertThat(rows(storage, at(1))).hasSize(10);
    assertThat(rows(storage, at(2))).hasSize(10).allMatch(row -> row.endsWith("=y"));
  }

  @Test
  void manyRecordsBecomeSeveralFiles() {
    for (int i = 0; i < 70; i++) {
      Key row = key("row%03d.".formatted(i));
      commit(batch -> batch.put(row, at(1), new byte[1 << 20]));
    }
    Path files = directory.resolve("large");
    try (ReadView view = storage.view()) {
      assertThat(storage.exportFiles(view, List.of(ROWS), files)).hasSize(2);
    }
    storage.importFiles(files, List.of(ROWS));
    try (RowCursor cursor = storage.rows(KeyRange.ALL, at(1), Direction.BACKWARD)) {
      for (int i = 69; i >= 0; i--) {
        assertThat(cursor.next()).isTrue();
        assertThat(cursor.key()).isEqualTo(key("row%03d.".formatted(i)));
      }
      assertThat(cursor.next()).isFalse();
      assertThat(cursor.next()).isFalse();
      assertThatThrownBy(cursor::key).isInstanceOf(IllegalStateException.class);
    }
  }

  @Test
  void bytesOfARangeAreAboutWhatWasWritten() {
    for (int i = 0; i < 100; i++) {
      Key row = key("row%03d.".formatted(i));
      byte[] noise = new byte[10_000];
      new Random(i).nextBytes(noise);
      commit(batch -> batch.put(row, at(1), noise));
    }
    KeyRange half = new KeyRange(key("row000"), key("row050"));
    assertThat(storage.approximateBytes(Family.ROWS, half))
        .as("in memory")
        .isBetween(250_000L, 1_000_000L);
    storage.flush();
    assertThat(storage.approximateBytes(Family.ROWS, half))
        .as("on disk")
        .isBetween(400_000L, 600_000L);
    assertThat(storage.approximateBytes(Family.ROWS, KeyRange.ALL)).isBetween(900_000L, 1_200_000L);
    assertThat(storage.approximateBytes(Family.ENTRIES, KeyRange.ALL)).isZero();
  }

  @Test
  void statisticsShowTheCacheAtWork() {
    for (int i = 0; i < 500; i++) {
      Key row = key("row%03d.".formatted(i));
      commit(batch -> batch.put(row, at(1), new byte[100]));
    }
    assertThat(storage.statistics().memtableBytes()).isPositive();
    storage.flush();
    for (int round = 0; round < 3; round++) {
      for (int i = 0; i < 500; i++) {
        assertThat(storage.get(key("row%03d.".formatted(i)))).isNotNull();
      }
      for (int i = 0; i < 500; i++) {
        assertThat(storage.get(key("row%03dx.".formatted(i)))).isNull();
      }
    }
    var statistics = storage.statistics();
    assertThat(statistics.blockCacheHitRatio()).isBetween(0.9, 1.0);
    assertThat(statistics.blockCacheUsageBytes())
        .isPositive()
        .isLessThan(statistics.blockCacheCapacityBytes());
    assertThat(statistics.bloomFilterUseful())
        .as("lookups of absent rows that read no block")
        .isGreaterThan(1_400);
    assertThat(statistics.fileBytes()).isPositive();
    assertThat(statistics.flushedBytes()).isPositive();
    assertThat(statistics.openViews()).isZero();
  }

  @Test
  void useAfterTheCloseIsRefused() {
    ReadView view = storage.view();
    view.close();
    view.close();
    storage.close();

    assertThatThrownBy(() -> storage.get(A))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("the storage is closed");
    assertThatThrownBy(() -> storage.rows(KeyRange.ALL, at(1), Direction.FORWARD))
        .isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(storage::view).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(storage::flush).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void damagedFileStopsReadsLoudly() throws IOException {
    for (int i = 0; i < 1_000; i++) {
      Key row = key("row%04d.".formatted(i));
      commit(batch -> batch.put(row, at(1), ("document " + row).getBytes(StandardCharsets.UTF_8)));
    }
    storage.close();
    try (Stream<Path> files = Files.list(directory.resolve("one/rocksdb"))) {
      for (Path file : files.filter(path -> path.toString().endsWith(".sst")).toList()) {
        byte[] bytes = Files.readAllBytes(file);
        for (int i = 100; i < bytes.length / 2; i++) {
          bytes[i] ^= 0x55;
        }
        Files.write(file, bytes);
      }
    }
    open();

    assertThatThrownBy(() -> rows(storage, at(1))).isInstanceOf(StorageFailure.class);
    assertThatThrownBy(() -> storage.get(key("row0000."))).isInstanceOf(StorageFailure.class);
  }

  @Test
  void secondOwnerOfTheDirectoryIsRefused() {
    assertThatThrownBy(() -> RocksDbStorage.open(RocksDbSettings.of(directory.resolve("one"))))
        .isInstanceOf(StorageFailure.class);
  }

  private static void write(Batch batch, int number) {
    byte[] value = value(Integer.toString(number));
    batch.put(A, at(number), value);
    if (number == 1) {
      batch.putEntry(A, at(number), value);
    } else {
      batch.replaceEntry(A, at(number), value);
    }
    batch.putMeta(A, value);
  }

  private void commit(Consumer<Batch> changes) {
    try (Batch batch = storage.newBatch()) {
      changes.accept(batch);
      batch.commit();
    }
  }

  private long collectAll(Timestamp safePoint, int budget) {
    return new Collected(storage).calls(safePoint, budget);
  }

  /// Runs collection to its end.
  private record Collected(RocksDbStorage storage) {
    long calls(Timestamp safePoint, int budget) {
      CollectProgress progress = storage.collect(ROWS, ENTRIES, safePoint, budget);
      long calls = 1;
      while (!progress.isDone()) {
        progress = storage.collect(progress.rows(), progress.entries(), safePoint, budget);
        calls++;
      }
      return calls;
    }

    long all(Timestamp safePoint) {
      return storage.collect(ROWS, ENTRIES, safePoint, Integer.MAX_VALUE).dropped();
    }
  }

  /// How many records are really stored, by column family.
  private Map<String, Long> recordsByFamily() {
    Path files = directory.resolve("count-" + System.nanoTime());
    try (ReadView view = storage.view()) {
      return storage.exportFiles(view, List.of(ROWS, ENTRIES, META), files).stream()
          .collect(
              Collectors.toMap(
                  file -> file.name().substring(0, file.name().indexOf('-')),
                  ExportedFile::records));
    }
  }

  private static List<String> rows(StorageReader reader, Timestamp at) {
    List<String> rows = new ArrayList<>();
    try (RowCursor cursor = reader.rows(KeyRange.ALL, at, Direction.FORWARD)) {
      while (cursor.next()) {
        rows.add(
            new String(cursor.key().toByteArray(), StandardCharsets.UTF_8)
                + "="
                + new String(cursor.value(), StandardCharsets.UTF_8));
      }
    }
    return rows;
  }

  private static Key key(String text) {
    return Key.of(value(text));
  }

  private static byte[] value(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static Timestamp at(long value) {
    return new Timestamp(value);
  }

  private static Version version(long timestamp, String text) {
    return new Version(at(timestamp), value(text));
  }
}
