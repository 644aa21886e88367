package dev.partita.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.UUID;

/// How long writers wait when a partition is split under load and merged again: at a small and at a
/// large size, under a load that leaves the machine time and under one that takes all of it.
///
/// Two figures each. The pause is how long the nodes say that no write was taken. The longest write
/// is that of all between the order and a moment after the end, which is a second or more, with
/// whatever else the machine was busy with; so it is told beside the longest write in as long a
/// time without.
final class Pauses {
  private static final int[] MEBIBYTES = {1, 1_024};
  private static final int DOCUMENT_BYTES = 16 << 10;
  private static final int WRITERS = 8;

  /// Of what the writers get out of the machine as it is now, the part that leaves it time. A fixed
  /// pace is more than a slow machine can do with fresh nodes; what then is measured is how long
  /// the queue of late writes has grown.
  private static final double PACED_PART = 1.0 / 3;

  /// The first times a node does something its code is loaded and not compiled yet.
  private static final int TIMES_FRESH = 8;

  /// Until what is done for them is compiled.
  private static final int TIMES_WARM_UP = 20;

  /// So many that one of a hundred is among them.
  private static final int TIMES = 100;

  private static final int TIMES_AT_FULL_LOAD = 5;
  private static final long KEYS = 1L << 40;
  private static final String COLLECTION = "pauses";
  private static final String PARTITION = "pauses";
  private static final String PAUSE = "partita_write_pause_duration_seconds";

  /// How long after an operation has ended writes still count as written across it.
  private static final long SETTLED_MILLIS = 100;

  /// Rows are counted after splits; what follows is measured without that, unless it takes longer
  /// than this.
  private static final long REST_MILLIS_MAX = 1_000;

  private static final long REST_MILLIS = 200;

  /// As long as nodes still count as fresh.
  private static final Duration WARM_UP_FRESH = Duration.ofSeconds(20);

  private static final Duration WARM_UP = Duration.ofSeconds(40);

  /// The end of a warm-up, in which the writers' rate is measured.
  private static final Duration RATED = Duration.ofSeconds(5);

  private final Path jar;
  private final Path directory;

  Pauses(Path jar, Path directory) {
    this.jar = jar;
    this.directory = directory;
  }

  void run() throws Exception {
    Table.chapter(
        "Pauses: the longest of "
            + WRITERS
            + " writers' writes across a split, and a merge, of one partition; no write is taken in the"
            + " pause");
    for (int mebibytes : MEBIBYTES) {
      Path data = directory.resolve("pauses-" + mebibytes);
      try (Nodes nodes = Nodes.start(jar, data)) {
        measure(nodes, mebibytes);
      } finally {
        Directories.delete(data);
      }
    }
  }

  private void measure(Nodes nodes, int mebibytes) throws Exception {
    ObjectNode bounds = Nodes.JSON.createObjectNode();
    bounds.putObject("range").put("start", 0).put("end", KEYS);
    nodes.createPartition(PARTITION, COLLECTION, bounds);
    fill(nodes, mebibytes);
    List<InetSocketAddress> addresses =
        List.of(nodes.address(0), nodes.address(1), nodes.address(2));
    Foreground.Target anywhere = random -> path(random.nextLong(KEYS));
    String size = mebibytes + " MiB";
    double most = rate(addresses, anywhere, WARM_UP_FRESH);
    try (Foreground foreground = paced(addresses, anywhere, size + ", fresh nodes", most)) {
      measure(nodes, foreground, TIMES_FRESH);
    }
    most = rate(addresses, anywhere, WARM_UP);
    try (Foreground foreground = paced(addresses, anywhere, size, most)) {
      splitAndMerge(nodes, foreground, TIMES_WARM_UP, new Figures("split"), new Figures("merge"));
      measure(nodes, foreground, TIMES);
    }
    try (Foreground foreground = Foreground.start(WRITERS, addresses, 16, anywhere)) {
      Table.line("%s, as many writes as the machine takes:", size);
      measure(nodes, foreground, TIMES_AT_FULL_LOAD);
    }
  }

  private static Foreground paced(
      List<InetSocketAddress> addresses, Foreground.Target target, String what, double most) {
    int perSecond = (int) Math.ceil(most * PACED_PART);
    Table.line("%s, %d writes per second of the %.0f possible:", what, perSecond, most);
    return Foreground.paced(WRITERS, addresses, 16, target, perSecond);
  }

  /// What the writers get at the end of a warm-up, in a second.
  private static double rate(
      List<InetSocketAddress> addresses, Foreground.Target target, Duration warmUp)
      throws InterruptedException {
    try (Foreground foreground = Foreground.start(WRITERS, addresses, 16, target)) {
      Thread.sleep(warmUp.minus(RATED));
      long begun = System.nanoTime();
      Thread.sleep(RATED);
      return foreground.rate(begun, System.nanoTime());
    }
  }

  private static void measure(Nodes nodes, Foreground foreground, int times)
      throws IOException, InterruptedException {
    Thread.sleep(REST_MILLIS_MAX);
    Figures splits = new Figures("split");
    Figures merges = new Figures("merge");
    splitAndMerge(nodes, foreground, times, splits, merges);
    splits.print();
    merges.print();
    quiet(foreground, splits.lengths());
    if (foreground.refused() > 0) {
      Table.line(
          "  %d writes were refused, and written again by their clients", foreground.refused());
    }
  }

  /// Splits the partition and merges it again, so that each time all of it is split, and all writes
  /// go to what is split.
  private static void splitAndMerge(
      Nodes nodes, Foreground foreground, int times, Figures splits, Figures merges)
      throws IOException, InterruptedException {
    for (int count = 0; count < times; count++) {
      ObjectNode split = Nodes.JSON.createObjectNode();
      split.put("kind", "SplitPartition").put("partition", PARTITION).put("at", KEYS / 2);
      splits.add(nodes, foreground, split);
      List<String> parts = new ArrayList<>();
      nodes.partition(PARTITION).path("children").forEach(part -> parts.add(part.asText()));
      rest(nodes, parts);
      ObjectNode merge = Nodes.JSON.createObjectNode();
      merge.put("kind", "MergePartitions").put("partition", PARTITION);
      merges.add(nodes, foreground, merge);
      rest(nodes, List.of(PARTITION));
    }
  }

  /// Waits until partitions serve, and for a while until their rows are counted.
  private static void rest(Nodes nodes, List<String> partitions) throws InterruptedException {
    partitions.forEach(nodes::awaitActive);
    Thread.sleep(REST_MILLIS);
    long end = System.nanoTime() + Duration.ofMillis(REST_MILLIS_MAX - REST_MILLIS).toNanos();
    while (System.nanoTime() < end
        && !partitions.stream().allMatch(name -> isMeasured(nodes.partition(name)))) {
      Thread.sleep(REST_MILLIS / 4);
    }
  }

  private static boolean isMeasured(JsonNode partition) {
    return partition.path("splitPoints").path("measured").asBoolean();
  }

  /// The longest writes while nothing happens, in times as long as the operations took.
  private static void quiet(Foreground foreground, List<Long> lengths) throws InterruptedException {
    Thread.sleep(REST_MILLIS_MAX);
    List<Long> pauses = new ArrayList<>();
    for (long length : lengths) {
      long begun = System.nanoTime();
      Thread.sleep(Duration.ofNanos(length).plusMillis(SETTLED_MILLIS));
      pauses.add(foreground.longestNanos(begun, System.nanoTime()));
    }
    Table.line(
        "  nothing: longest write, median %.1f ms, p99 %.1f ms, worst %.1f ms",
        median(pauses), p99(pauses), worst(pauses));
  }

  /// What several operations of a kind have shown, in nanoseconds.
  ///
  /// @param pauses of each, as the nodes tell; of those that they tell of, see [#add]
  /// @param longest the longest write across each
  /// @param lengths from the order to the end
  private record Figures(
      String division, List<Long> pauses, List<Long> longest, List<Long> lengths) {
    Figures(String division) {
      this(division, new ArrayList<>(), new ArrayList<>(), new ArrayList<>());
    }

    /// Nobody tells the pause if the partitions came to be led by another node meanwhile.
    void add(Nodes nodes, Foreground foreground, ObjectNode operation)
        throws IOException, InterruptedException {
      double told = count(nodes);
      double seconds = seconds(nodes);
      String id = UUID.randomUUID().toString();
      long begun = System.nanoTime();
      nodes.operate(0, id, operation);
      long ended = System.nanoTime();
      Thread.sleep(SETTLED_MILLIS);
      longest.add(foreground.longestNanos(begun, System.nanoTime()));
      lengths.add(ended - begun);
      if (count(nodes) == told + 1) {
        pauses.add(Math.round((seconds(nodes) - seconds) * 1e9));
      }
    }

    private double count(Nodes nodes) throws IOException {
      return nodes.metric(PAUSE + "_count{division=\"" + division + "\"}");
    }

    private double seconds(Nodes nodes) throws IOException {
      return nodes.metric(PAUSE + "_sum{division=\"" + division + "\"}");
    }

    void print() {
      if (pauses.isEmpty()) {
        Table.line("  %s: pause, not told", division);
      } else {
        Table.line(
            "  %s: pause, median %.1f ms, p99 %.1f ms, worst of %d %.1f ms",
            division, median(pauses), p99(pauses), pauses.size(), worst(pauses));
      }
      Table.line(
          "    longest write, median %.1f ms, p99 %.1f ms, worst of %d %.1f ms; order to end, median %.0f ms",
          median(longest), p99(longest), longest.size(), worst(longest), median(lengths));
    }
  }

  private static double median(List<Long> nanos) {
    return nanos.stream().sorted().toList().get(nanos.size() / 2) / 1e6;
  }

  /// What 99 of 100 do not exceed; of fewer the worst.
  private static double p99(List<Long> nanos) {
    int rank = Math.ceilDiv(99 * nanos.size(), 100);
    return nanos.stream().sorted().toList().get(rank - 1) / 1e6;
  }

  private static double worst(List<Long> nanos) {
    return nanos.stream().max(Comparator.naturalOrder()).orElse(0L) / 1e6;
  }

  private static void fill(Nodes nodes, int mebibytes) throws IOException {
    long rows = ((long) mebibytes << 20) / DOCUMENT_BYTES;
    Filling.rows(
        nodes.address(nodes.leader(PARTITION)),
        COLLECTION,
        rows,
        row -> KEYS / rows * row,
        DOCUMENT_BYTES);
  }

  private static String path(long key) {
    return "/v1/collections/" + COLLECTION + "/documents/" + key;
  }
}
