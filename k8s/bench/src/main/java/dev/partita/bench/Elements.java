package dev.partita.bench;

import com.fasterxml.jackson.databind.JsonNode;
import dev.partita.bench.Requests.Outcome;
import dev.partita.bench.Requests.Paging;
import java.io.IOException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;

/// A set that grows, by single inserts and by batches over two partitions, atomic in one or not.
/// What was acknowledged is there from then on; what was refused never is.
final class Elements extends Workload {
  private static final String COLLECTION = "elements";
  private static final String PATH = "/v1/collections/" + COLLECTION + "/documents";
  private static final int BATCH_MAX = 5;
  private static final int LIMIT_MAX = 500;
  private static final Set<String> UNKNOWN =
      Set.of("OUTCOME_UNKNOWN", "INTERNAL", "DATA_CORRUPTED");

  private final String prefix;
  private final AtomicInteger tried = new AtomicInteger();
  private final Set<String> acknowledged = ConcurrentHashMap.newKeySet();
  private final Set<String> refused = ConcurrentHashMap.newKeySet();
  private final Set<String> unknown = ConcurrentHashMap.newKeySet();

  /// @param round elements of other rounds are not touched
  Elements(int round) {
    super("set");
    this.prefix = "r" + round + "-";
  }

  static void create(Nodes nodes) throws IOException {
    nodes.createPartition("elements-low", COLLECTION, "{\"end\":\"m\"}");
    nodes.createPartition("elements-high", COLLECTION, "{\"start\":\"m\"}");
  }

  @Override
  void step(Requests requests, Random random, int client) {
    switch (random.nextInt(16)) {
      case 0 -> look(requests, random);
      case 1, 2, 3, 4, 5 -> insertBatch(requests, random);
      default -> insertOne(requests, random);
    }
  }

  private String next(boolean low) {
    return (low ? "a-" : "z-") + prefix + tried.incrementAndGet();
  }

  private void insertOne(Requests requests, Random random) {
    String id = next(random.nextBoolean());
    String path = PATH + "/" + URLEncoder.encode(id, StandardCharsets.UTF_8);
    switch (requests.send("PUT", path, "If-None-Match: *\r\n", "{}")) {
      case Outcome.Done _ -> acknowledged.add(id);
      case Outcome.Refused _ -> refused.add(id);
      case Outcome.Unknown _ -> unknown.add(id);
    }
  }

  private void insertBatch(Requests requests, Random random) {
    boolean atomic = random.nextBoolean();
    boolean low = random.nextBoolean();
    List<String> ids = new ArrayList<>();
    for (int count = 2 + random.nextInt(BATCH_MAX - 1); count > 0; count--) {
      ids.add(next(atomic ? low : random.nextBoolean()));
    }
    String documents =
        ids.stream().map("{\"id\":\"%s\"}"::formatted).collect(Collectors.joining(",", "[", "]"));
    switch (requests.post(PATH + (atomic ? "?atomic=true" : ""), documents)) {
      case Outcome.Done(JsonNode done) -> {
        unknown.addAll(ids);
        for (JsonNode result : done.path("results")) {
          note(result);
        }
      }
      case Outcome.Refused _ -> refused.addAll(ids);
      case Outcome.Unknown _ -> unknown.addAll(ids);
    }
  }

  /// What became of one element of a batch.
  private void note(JsonNode result) {
    String id = result.path("id").asText();
    String code = result.path("error").path("code").asText();
    if (!UNKNOWN.contains(code)) {
      (code.isEmpty() ? acknowledged : refused).add(id);
      unknown.remove(id);
    }
  }

  private boolean look(Requests requests, Random random) {
    Set<String> before = Set.copyOf(acknowledged);
    Optional<Requests.Snapshot> all = requests.readAll(COLLECTION, Paging.any(random, LIMIT_MAX));
    if (all.isEmpty()) {
      return false;
    }
    List<String> found =
        all.get().data().stream()
            .map(each -> each.path("id").asText())
            .filter(id -> id.startsWith(prefix, 2))
            .toList();
    wrong(judge(found, before, refused));
    return true;
  }

  @Override
  boolean check(Requests requests, Random random) {
    return look(requests, random);
  }

  /// What cannot be true of all elements, seen at once.
  ///
  /// @param acknowledged before it was looked
  static List<String> judge(List<String> found, Set<String> acknowledged, Set<String> refused) {
    List<String> wrong = new ArrayList<>();
    Set<String> seen = new HashSet<>();
    for (String id : found) {
      if (!seen.add(id)) {
        wrong.add("%s twice".formatted(id));
      }
      if (refused.contains(id)) {
        wrong.add("%s was refused and is there".formatted(id));
      }
    }
    acknowledged.stream()
        .filter(id -> !seen.contains(id))
        .sorted()
        .forEach(id -> wrong.add("%s was acknowledged and is not there".formatted(id)));
    return wrong;
  }

  /// How many elements were acknowledged so far.
  int acknowledged() {
    return acknowledged.size();
  }

  @Override
  String summary() {
    return "%,d acknowledged, %,d refused, %,d unknown"
        .formatted(acknowledged.size(), refused.size(), unknown.size());
  }
}
