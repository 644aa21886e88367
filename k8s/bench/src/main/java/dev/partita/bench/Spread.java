package dev.partita.bench;

import com.fasterxml.jackson.databind.JsonNode;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// How long partitions take to spread over a node that is added, and what that costs whoever writes
/// meanwhile.
final class Spread {
  private static final int PARTITIONS = 100;
  private static final int NODES = 3;
  private static final int KEYS_EACH = 1_000;
  private static final int FILLED_EACH = 64;
  private static final int FILL_BYTES = 16 << 10;
  private static final int WRITERS = 8;
  private static final String COLLECTION = "spread";
  private static final Duration BEFORE = Duration.ofSeconds(30);

  /// Nodes that were just filled compact, and compile what writes need.
  private static final Duration WARM_UP = Duration.ofSeconds(40);

  private static final Duration PATIENCE = Duration.ofMinutes(10);

  /// Numbers of replicas that differ by one cannot be evened out.
  private static final int EVEN_DIFFERENCE = 1;

  private final Path checkout;
  private final Path directory;

  Spread(Path checkout, Path directory) {
    this.checkout = checkout;
    this.directory = directory;
  }

  void run() throws Exception {
    Table.chapter(
        "Spreading: %d partitions of 1 MiB and three replicas over a fourth node, under writes"
            .formatted(PARTITIONS));
    Path data = Files.createDirectories(directory.resolve("spread"));
    try (Operated operated = Operated.local(checkout, data, NODES + 1)) {
      operated.site(NODES);
      for (int number = 0; number < PARTITIONS; number++) {
        operated.partition(
            "spread-" + number,
            "collection: %s, range: {start: %d, end: %d}"
                .formatted(COLLECTION, number * KEYS_EACH, (number + 1) * KEYS_EACH));
      }
      Operated.await("all Partitions", PATIENCE, () -> operated.ready("Partition") == PARTITIONS);
      List<InetSocketAddress> nodes = operated.nodes();
      Filling.rows(
          nodes.getFirst(),
          COLLECTION,
          (long) PARTITIONS * FILLED_EACH,
          row -> row / FILLED_EACH * KEYS_EACH + row % FILLED_EACH,
          FILL_BYTES);
      Foreground.Target anywhere = random -> path(random.nextLong((long) PARTITIONS * KEYS_EACH));
      try (Foreground foreground = Foreground.start(WRITERS, nodes, 256, anywhere)) {
        Thread.sleep(WARM_UP);
        Thread.sleep(BEFORE);
        long begun = System.nanoTime();
        double before = foreground.rate(begun - BEFORE.toNanos(), begun);
        operated.site(NODES + 1);
        long joined = System.nanoTime();
        Operated.await("even nodes", PATIENCE, () -> isEven(operated.state()));
        long even = System.nanoTime();
        double meanwhile = foreground.rate(joined, even);
        Table.line(
            "the node is there after %.0f s, and all nodes have as many replicas %.0f s later",
            (joined - begun) / 1e9, (even - joined) / 1e9);
        Table.line(
            "writes: %.0f /s before, %.0f /s meanwhile, ratio %.2f; longest write %.0f ms before, %.0f ms meanwhile; %d refused and written again",
            before,
            meanwhile,
            meanwhile / before,
            foreground.longestNanos(begun - BEFORE.toNanos(), begun) / 1e6,
            foreground.longestNanos(joined, even) / 1e6,
            foreground.refused());
      }
    } finally {
      Directories.delete(data);
    }
  }

  private static boolean isEven(JsonNode state) {
    Map<String, Integer> counts = new HashMap<>();
    for (JsonNode node : state.path("nodes")) {
      counts.put(node.path("nodeId").asText(), 0);
    }
    for (JsonNode partition : state.path("partitions")) {
      for (JsonNode replica : partition.path("replicas")) {
        counts.merge(replica.path("nodeId").asText(), 1, Integer::sum);
      }
    }
    int most = counts.values().stream().mapToInt(Integer::intValue).max().orElse(0);
    int fewest = counts.values().stream().mapToInt(Integer::intValue).min().orElse(0);
    return counts.size() > NODES && most - fewest <= EVEN_DIFFERENCE;
  }

  private static String path(long key) {
    return "/v1/collections/" + COLLECTION + "/documents/" + key;
  }
}
