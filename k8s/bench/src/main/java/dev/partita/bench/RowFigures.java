package dev.partita.bench;

import com.fasterxml.jackson.databind.JsonNode;
import dev.partita.bench.PartitionTree.Range;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;

/// How many rows the partitions say that they have, beside the documents that are there. The
/// figures of what was split or merged are estimates until its leader has counted, and that leader
/// may have been lost, or its node killed, in the middle; in the end they are right to the row.
///
/// Of collections whose partitions have whole documents by their keys.
final class RowFigures {
  private static final Duration COUNT_TIMEOUT = Duration.ofMinutes(2);
  private static final int PAGE = 1_000;

  private RowFigures() {}

  /// Waits until the figures are right, while nobody writes.
  ///
  /// @return what is wrong for good
  static List<String> awaitRight(Nodes nodes) {
    var operations = new Operations(nodes);
    Set<String> collections = new TreeSet<>();
    Nodes.await(
        "the partitions",
        () -> {
          collections.addAll(told(operations.state()).keySet());
          return !collections.isEmpty();
        });
    Map<String, Long> counted;
    try (Requests requests = new Requests(nodes, new Random(0))) {
      counted = counted(requests, collections);
    }
    long end = System.nanoTime() + COUNT_TIMEOUT.toNanos();
    List<String> wrong;
    do {
      wrong = judge(told(operations.state()), counted);
      SideClients.pause();
    } while (!wrong.isEmpty() && System.nanoTime() - end < 0);
    return wrong;
  }

  /// The rows of each collection, as its partitions tell.
  private static Map<String, Long> told(JsonNode state) {
    return PartitionTree.of(state).serving().stream()
        .filter(range -> range.ranged() && !range.isHidden())
        .collect(
            Collectors.groupingBy(
                Range::collection, TreeMap::new, Collectors.summingLong(Range::rows)));
  }

  private static Map<String, Long> counted(Requests requests, Set<String> collections) {
    Map<String, Long> counted = new TreeMap<>();
    for (String collection : collections) {
      Nodes.await(
          "the documents of " + collection,
          () -> {
            Optional<Requests.Snapshot> all =
                requests.readAll(collection, Requests.Paging.of(PAGE));
            all.ifPresent(each -> counted.put(collection, (long) each.data().size()));
            return all.isPresent();
          });
    }
    return counted;
  }

  /// What cannot be true.
  ///
  /// @param told the rows of each collection, as its partitions say
  /// @param counted the documents that are there
  static List<String> judge(Map<String, Long> told, Map<String, Long> counted) {
    List<String> wrong = new ArrayList<>();
    counted.forEach((collection, documents) -> {
      long rows = told.getOrDefault(collection, 0L);
      if (rows != documents) {
        wrong.add(
            "partitions of %s tell of %d rows, and it has %d documents"
                .formatted(collection, rows, documents));
      }
    });
    return wrong;
  }
}
