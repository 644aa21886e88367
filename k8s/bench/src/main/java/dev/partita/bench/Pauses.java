package dev.partita.bench;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/// How long writers wait when a partition is split under load and merged again: at a small and at a
/// large size, each beside the longest write in as long a time without.
final class Pauses {
  private static final int[] MEBIBYTES = {1, 1_024};
  private static final int DOCUMENT_BYTES = 16 << 10;
  private static final int WRITERS = 8;
  private static final int SPLITS = 10;
  private static final long KEYS = 1L << 40;
  private static final String COLLECTION = "pauses";

  /// How long after an operation has ended writes still count as written across it.
  private static final long SETTLED_MILLIS = 100;

  /// Rows are counted and index entries built after splits; what follows is measured without that.
  private static final long REST_MILLIS = 1_500;

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
            + " writers' writes across a split, and a merge, of one partition");
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
    nodes.createPartition("pauses", COLLECTION, bounds);
    fill(nodes, mebibytes);
    List<InetSocketAddress> addresses =
        List.of(nodes.address(0), nodes.address(1), nodes.address(2));
    Foreground.Target anywhere = random -> path(random.nextLong(KEYS));
    Figures split = new Figures();
    Figures merge = new Figures();
    long refused;
    try (Foreground foreground = Foreground.start(WRITERS, addresses, 16, anywhere)) {
      Thread.sleep(REST_MILLIS);
      List<String> whole = new ArrayList<>();
      String partition = "pauses";
      long end = KEYS;
      for (int count = 0; count < SPLITS; count++) {
        end /= 2;
        ObjectNode operation = Nodes.JSON.createObjectNode();
        operation.put("kind", "SplitPartition").put("partition", partition).put("at", end);
        split.add(nodes, foreground, "split-" + partition, operation);
        whole.add(partition);
        partition = nodes.partition(partition).path("children").path(0).asText();
        nodes.awaitActive(partition);
      }
      for (String each : whole.reversed()) {
        ObjectNode operation = Nodes.JSON.createObjectNode();
        operation.put("kind", "MergePartitions").put("partition", each);
        merge.add(nodes, foreground, "merge-" + each, operation);
        nodes.awaitActive(each);
      }
      refused = foreground.refused();
    }
    Table.line("%d MiB:", mebibytes);
    split.print("split");
    merge.print("merge");
    if (refused > 0) {
      Table.line("  %d writes were refused, and written again by their clients", refused);
    }
  }

  /// What several operations of a kind have shown, in nanoseconds.
  ///
  /// @param pauses the longest write across each
  /// @param lengths from the order to the end
  /// @param quiet the longest write in as long a time without
  private record Figures(List<Long> pauses, List<Long> lengths, List<Long> quiet) {
    Figures() {
      this(new ArrayList<>(), new ArrayList<>(), new ArrayList<>());
    }

    void add(Nodes nodes, Foreground foreground, String id, ObjectNode operation)
        throws InterruptedException {
      long begun = System.nanoTime();
      nodes.operate(0, id, operation);
      long ended = System.nanoTime();
      Thread.sleep(SETTLED_MILLIS);
      long settled = System.nanoTime();
      pauses.add(foreground.longestNanos(begun, settled));
      lengths.add(ended - begun);
      Thread.sleep(REST_MILLIS);
      long from = System.nanoTime();
      Thread.sleep(java.time.Duration.ofNanos(settled - begun));
      quiet.add(foreground.longestNanos(from, System.nanoTime()));
    }

    void print(String what) {
      Table.line(
          "  %s: longest write, median %.1f ms, worst of %d %.1f ms (without: %.1f and %.1f ms); order to end, median %.0f ms",
          what,
          median(pauses),
          pauses.size(),
          worst(pauses),
          median(quiet),
          worst(quiet),
          median(lengths));
    }

    private static double median(List<Long> nanos) {
      return nanos.stream().sorted().toList().get(nanos.size() / 2) / 1e6;
    }

    private static double worst(List<Long> nanos) {
      return nanos.stream().max(Comparator.naturalOrder()).orElse(0L) / 1e6;
    }
  }

  private static void fill(Nodes nodes, int mebibytes) throws IOException {
    long rows = ((long) mebibytes << 20) / DOCUMENT_BYTES;
    Filling.rows(
        nodes.address(nodes.leader("pauses")),
        COLLECTION,
        rows,
        row -> KEYS / rows * row,
        DOCUMENT_BYTES);
  }

  private static String path(long key) {
    return "/v1/collections/" + COLLECTION + "/documents/" + key;
  }
}
