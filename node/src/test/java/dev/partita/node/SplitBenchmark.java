package dev.partita.node;

import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.partita.node.admin.OperationSpec;
import dev.partita.node.admin.OperationView;
import dev.partita.node.admin.PartitionView;
import dev.partita.node.index.JsonBytes;
import dev.partita.node.key.PrimaryKey;
import dev.partita.node.partition.Mutation;
import dev.partita.node.partition.PartitionDescriptor;
import dev.partita.node.partition.Request;
import dev.partita.node.partition.Response;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;

/// Measures how long writes of a partition pause when it is split and merged again under load, at a
/// small and at a large size: three nodes in this JVM with real logs, stores and sockets.
///
/// Arguments: MiB of rows for each run, the number of splits, the number of writers.
public final class SplitBenchmark {
  private static final String THINGS = "things";
  private static final int DOCUMENT_BYTES = 16 << 10;
  private static final long KEYS = 1L << 40;

  /// How long after the children are published writes still count as written across the split.
  private static final long SETTLED_MILLIS = 100;

  /// Rows are counted and index entries built after splits; merges are measured without that.
  private static final long SETTLED_AFTER_SPLITS_MILLIS = 3_000;

  private SplitBenchmark() {}

  /// One acknowledged write.
  private record Write(long begunNanos, long endedNanos) {}

  public static void main(String[] args) throws Exception {
    int splits = Integer.parseInt(args[1]);
    int writers = Integer.parseInt(args[2]);
    for (String mebibytes : args[0].split(",", -1)) {
      Path directory = Files.createTempDirectory("split-benchmark");
      try (TestCluster cluster = TestCluster.founded(directory, 3)) {
        run(cluster, Integer.parseInt(mebibytes), splits, writers);
      } finally {
        try (Stream<Path> files = Files.walk(directory)) {
          files.sorted(Comparator.reverseOrder()).forEach(file -> file.toFile().delete());
        }
      }
    }
  }

  private static void run(TestCluster cluster, int mebibytes, int splits, int writers)
      throws Exception {
    cluster.createPartition(
        "p", THINGS, "{\"range\":{\"start\":0,\"end\":%d}}".formatted(KEYS), 0, 1, 2);
    load(cluster, mebibytes);
    var stop = new AtomicBoolean();
    var writes = new ConcurrentLinkedQueue<Write>();
    var failed = new ConcurrentLinkedQueue<Response>();
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      var running = new ArrayList<Future<?>>();
      for (int writer = 0; writer < writers; writer++) {
        int each = writer;
        running.add(
            threads.submit(() -> {
              for (long count = 0; !stop.get(); count++) {
                // Spread over the whole partition, so that both halves are always written.
                long key = (count * 7_919 + each * 104_729L) * 1_000_003L % KEYS;
                long begun = System.nanoTime();
                Response response = write(cluster, each % 3, key, "{\"n\":" + count + "}");
                if (response instanceof Response.Writes) {
                  writes.add(new Write(begun, System.nanoTime()));
                } else {
                  failed.add(response);
                }
              }
            }));
      }
      Thread.sleep(3_000);
      long quietUntil = System.nanoTime();
      var split = new Figures();
      var merged = new Figures();
      var whole = new ArrayList<String>();
      String partition = "p";
      long end = KEYS;
      for (int count = 0; count < splits; count++) {
        end /= 2;
        measure(
            cluster,
            writes,
            partition,
            OperationSpec.splitPartition(partition, TestCluster.json(Long.toString(end))),
            PartitionView.State.SPLIT,
            split);
        whole.add(partition);
        partition = cluster.partition(partition).children().getFirst();
      }
      Thread.sleep(SETTLED_AFTER_SPLITS_MILLIS);
      for (String each : whole.reversed()) {
        measure(
            cluster,
            writes,
            each,
            OperationSpec.mergePartitions(each),
            PartitionView.State.ACTIVE,
            merged);
      }
      stop.set(true);
      for (Future<?> one : running) {
        one.get();
      }
      System.out.printf(
          "%d MiB, %d writers, %d writes, %d refused%n",
          mebibytes, writers, writes.size(), failed.size());
      System.out.printf("  without a split: %s%n", percentiles(writes, 0, quietUntil));
      split.print("split");
      merged.print("merge");
      failed.stream().limit(3).forEach(System.out::println);
    }
  }

  /// What was measured of several operations of a kind, in nanoseconds.
  ///
  /// @param pauses the longest write meanwhile
  /// @param lengths from the order to serving
  /// @param quietest the longest write in as long a time without
  private record Figures(List<Long> pauses, List<Long> lengths, List<Long> quietest) {
    Figures() {
      this(new ArrayList<>(), new ArrayList<>(), new ArrayList<>());
    }

    void print(String what) {
      System.out.printf("  %s: from the order to serving, ms: %s%n", what, millis(lengths));
      System.out.printf("  %s: longest write in that time, ms: %s%n", what, millis(pauses));
      System.out.printf(
          "  %s: longest write in as long a time without, ms: %s%n", what, millis(quietest));
    }
  }

  private static void measure(
      TestCluster cluster,
      Iterable<Write> writes,
      String partition,
      OperationSpec operation,
      PartitionView.State serving,
      Figures figures)
      throws InterruptedException {
    String id = serving + "-" + partition;
    long begun = System.nanoTime();
    cluster.admin().putOperation(id, operation, cluster.deadline());
    while (cluster.partition(partition).state() != serving) {
      Thread.sleep(5);
    }
    Thread.sleep(SETTLED_MILLIS);
    long finished = System.nanoTime();
    figures.pauses().add(longestWrite(writes, begun, finished));
    figures.lengths().add(finished - begun);
    OperationView done = cluster.awaitOperation(id);
    if (done.state() != OperationView.State.DONE) {
      throw new IllegalStateException(done.toString());
    }
    Thread.sleep(1_000);
    long quiet = System.nanoTime();
    Thread.sleep(Duration.ofNanos(finished - begun));
    figures.quietest().add(longestWrite(writes, quiet, System.nanoTime()));
  }

  private static List<String> millis(List<Long> nanos) {
    return nanos.stream().map(each -> "%.1f".formatted(each / 1e6)).toList();
  }

  private static void load(TestCluster cluster, int mebibytes) {
    byte[] filler = new byte[DOCUMENT_BYTES - 16];
    Arrays.fill(filler, (byte) 'x');
    String document = "{\"x\":\"" + new String(filler, US_ASCII) + "\"}";
    long rows = ((long) mebibytes << 20) / DOCUMENT_BYTES;
    int batch = 64;
    for (long row = 0; row < rows; row += batch) {
      List<Mutation> mutations = new ArrayList<>();
      for (long each = row; each < Math.min(rows, row + batch); each++) {
        mutations.add(
            Mutation.put(PrimaryKey.of(KEYS / (rows + 1) * each), JsonBytes.of(document)));
      }
      PartitionDescriptor owner = cluster.node(0).router().owner(THINGS, PrimaryKey.of(0));
      Response response =
          cluster
              .node(0)
              .router()
              .call(
                  owner,
                  new Request.Write(owner.id(), owner.epoch(), mutations, false),
                  cluster.deadline());
      if (!(response instanceof Response.Writes)) {
        throw new IllegalStateException(response.toString());
      }
    }
  }

  private static Response write(TestCluster cluster, int through, long key, String document) {
    return cluster.put(through, THINGS, key, document);
  }

  private static long longestWrite(Iterable<Write> writes, long from, long to) {
    long longest = 0;
    for (Write write : writes) {
      if (write.endedNanos() >= from && write.begunNanos() <= to) {
        longest = Math.max(longest, write.endedNanos() - write.begunNanos());
      }
    }
    return longest;
  }

  private static String percentiles(Iterable<Write> writes, long from, long to) {
    var nanos = new ArrayList<Long>();
    for (Write write : writes) {
      if (write.endedNanos() >= from && write.endedNanos() <= to) {
        nanos.add(write.endedNanos() - write.begunNanos());
      }
    }
    nanos.sort(Comparator.naturalOrder());
    return "p50 %.1f ms, p99 %.1f ms, longest %.1f ms of %d"
        .formatted(
            nanos.get(nanos.size() / 2) / 1e6,
            nanos.get(nanos.size() * 99 / 100) / 1e6,
            nanos.getLast() / 1e6,
            nanos.size());
  }
}
