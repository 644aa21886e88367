package dev.partita.bench;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;

/// Two ranges, in two partitions, of which at most one has a document, and at most one. Nothing but
/// the transactions says so: each looks through both, and inserts where there is nothing, or
/// deletes what there is. A phantom, or write skew, and there are two.
final class Phantoms extends Workload {
  private static final String COLLECTION = "pairs-of-ranges";
  private static final String PATH = "/v1/transactions/";
  private static final int PAIRS = 3;
  private static final int LIMIT = 30;

  private final String round;
  private final AtomicInteger committed = new AtomicInteger();
  private final AtomicInteger refused = new AtomicInteger();
  private final AtomicInteger keys = new AtomicInteger();

  /// @param round documents of other rounds are not touched
  Phantoms(int round) {
    super("phantoms");
    this.round = "r" + round + "-";
  }

  static void create(Nodes nodes) throws IOException {
    nodes.createPartition("ranges-low", COLLECTION, "{\"end\":\"m\"}");
    nodes.createPartition("ranges-high", COLLECTION, "{\"start\":\"m\"}");
  }

  /// The keys of one range begin with it.
  private String range(String side, int pair) {
    return side + round + pair + "-";
  }

  @Override
  void step(Requests requests, Random random, int client) {
    if (random.nextInt(4) == 0) {
      check(requests, random);
      return;
    }
    if (!(requests.post(PATH + "begin", "{}") instanceof Requests.Outcome.Done(JsonNode begun))) {
      return;
    }
    String id = begun.path("id").asText();
    int pair = random.nextInt(PAIRS);
    boolean lowFirst = random.nextBoolean();
    List<String> ranges =
        List.of(range(lowFirst ? "a-" : "z-", pair), range(lowFirst ? "z-" : "a-", pair));
    List<String> writes = new ArrayList<>();
    for (String range : ranges) {
      String query =
          "{\"collection\":\"%s\",\"start\":\"%s\",\"end\":\"%s~\"}"
              .formatted(COLLECTION, range, range);
      if (!(requests.post(PATH + id + "/query", query)
          instanceof Requests.Outcome.Done(JsonNode found))) {
        abort(requests, id);
        return;
      }
      for (JsonNode each : found.path("data")) {
        writes.add("\"delete\":\"" + each.path("document").path("id").asText() + "\"");
      }
    }
    if (writes.isEmpty()) {
      String key = ranges.get(random.nextInt(2)) + keys.incrementAndGet();
      writes.add("\"document\":{\"id\":\"" + key + "\"}");
    }
    for (String write : writes) {
      if (!(requests.post(
              PATH + id + "/write", "{\"collection\":\"" + COLLECTION + "\"," + write + "}")
          instanceof Requests.Outcome.Done)) {
        abort(requests, id);
        return;
      }
    }
    boolean done = requests.post(PATH + id + "/commit", "") instanceof Requests.Outcome.Done;
    (done ? committed : refused).incrementAndGet();
  }

  private void abort(Requests requests, String id) {
    refused.incrementAndGet();
    requests.post(PATH + id + "/abort", "");
  }

  @Override
  boolean check(Requests requests, Random random) {
    Optional<Requests.Snapshot> all =
        requests.readAll(COLLECTION, Requests.Paging.any(random, LIMIT));
    all.ifPresent(each ->
        wrong(
            judge(
                each.data().stream().map(document -> document.path("id").asText()).toList(),
                each.at())));
    return all.isPresent();
  }

  /// What cannot be true of keys that were seen at once.
  static List<String> judge(List<String> keys, long at) {
    List<String> wrong = new ArrayList<>();
    Map<String, String> found = new HashMap<>();
    for (String key : keys) {
      // Without its side and its own number.
      String pair = key.substring(2, key.lastIndexOf('-'));
      String other = found.put(pair, key);
      if (other != null) {
        wrong.add("%s and %s at %d".formatted(other, key, at));
      }
    }
    return wrong;
  }

  @Override
  String summary() {
    return "%,d committed, %,d refused".formatted(committed.get(), refused.get());
  }
}
