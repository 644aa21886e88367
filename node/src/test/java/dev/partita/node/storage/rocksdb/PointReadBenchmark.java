package dev.partita.node.storage.rocksdb;

import dev.partita.node.key.Key;
import dev.partita.node.key.PrimaryKey;
import dev.partita.node.key.RowKeys;
import dev.partita.node.storage.Batch;
import dev.partita.node.storage.Storage;
import dev.partita.node.time.Timestamp;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Random;
import java.util.stream.Stream;
import org.rocksdb.ReadOptions;
import org.rocksdb.RocksDBException;

/// Point reads through [RocksDbStorage] against bare gets of the same encoded keys from the same
/// open database; round by round in turn, so that a busy machine slows both. Run [#main] with the
/// test class path; arguments: documents, bytes of each, rounds.
public final class PointReadBenchmark {
  private static final int READS_PER_ROUND = 100_000;
  private static final int BATCH = 1_000;
  private static final RowKeys KEYS = new RowKeys(1, 0, false);

  private final Database database;
  private final Storage storage;
  private final int documents;

  private PointReadBenchmark(Database database, Storage storage, int documents) {
    this.database = database;
    this.storage = storage;
    this.documents = documents;
  }

  /// Prints one line with medians and their ratio.
  public static void main(String[] arguments) throws IOException, RocksDBException {
    int documents = arguments.length > 0 ? Integer.parseInt(arguments[0]) : 100_000;
    int bytes = arguments.length > 1 ? Integer.parseInt(arguments[1]) : 256;
    int rounds = arguments.length > 2 ? Integer.parseInt(arguments[2]) : 15;
    Path directory = Files.createTempDirectory("point-reads");
    try {
      run(directory, documents, bytes, rounds);
    } finally {
      try (Stream<Path> files = Files.walk(directory)) {
        for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
          Files.delete(file);
        }
      }
    }
  }

  private static void run(Path directory, int documents, int bytes, int rounds)
      throws RocksDBException {
    RocksDbSettings settings = RocksDbSettings.of(directory);
    NativeLibrary.load(settings.libraryDirectory());
    FlushNotifier flushes = new FlushNotifier();
    Database database = new Database(settings, flushes);
    try (ReadOptions options = new ReadOptions();
        Storage storage = new RocksDbStorage(database, flushes, new ReadOptions())) {
      PointReadBenchmark benchmark = new PointReadBenchmark(database, storage, documents);
      benchmark.fill(bytes);
      double[] ours = new double[rounds];
      double[] bare = new double[rounds];
      for (int round = 0; round < rounds; round++) {
        bare[round] = benchmark.bareReads(options, round);
        ours[round] = benchmark.storageReads(round);
      }
      Arrays.sort(ours);
      Arrays.sort(bare);
      System.out.printf(
          "point reads/s: %.0f through the storage, %.0f bare, ratio %.2f (%d documents of %d bytes, cache hit ratio %.3f)%n",
          ours[rounds / 2],
          bare[rounds / 2],
          ours[rounds / 2] / bare[rounds / 2],
          documents,
          bytes,
          storage.statistics().blockCacheHitRatio());
    }
  }

  private void fill(int bytes) {
    Random random = new Random(1);
    for (int from = 0; from < documents; from += BATCH) {
      try (Batch batch = storage.newBatch()) {
        for (int i = from; i < Math.min(documents, from + BATCH); i++) {
          byte[] document = new byte[bytes];
          random.nextBytes(document);
          batch.put(key(i), new Timestamp(i + 1), document);
        }
        batch.commit();
      }
    }
    storage.flush();
  }

  private double bareReads(ReadOptions options, int seed) throws RocksDBException {
    Random random = new Random(seed);
    long start = System.nanoTime();
    for (int i = 0; i < READS_PER_ROUND; i++) {
      Key key = key(random.nextInt(documents));
      if (database.db().get(database.handle(ColumnFamily.CURRENT), options, key.unsafeBytes())
          == null) {
        throw new IllegalStateException("lost " + key);
      }
    }
    return perSecond(start);
  }

  private double storageReads(int seed) {
    Random random = new Random(seed);
    long start = System.nanoTime();
    for (int i = 0; i < READS_PER_ROUND; i++) {
      Key key = key(random.nextInt(documents));
      if (storage.get(key) == null) {
        throw new IllegalStateException("lost " + key);
      }
    }
    return perSecond(start);
  }

  private static Key key(int number) {
    return KEYS.key(PrimaryKey.of(number));
  }

  private static double perSecond(long start) {
    return READS_PER_ROUND * 1e9 / (System.nanoTime() - start);
  }
}
