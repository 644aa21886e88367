package dev.partita.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.partita.bench.Requests.Outcome;
import dev.partita.bench.Requests.Paging;
import java.io.IOException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/// Documents whose columns lie in three partitions, each of which has the stamp of the last write.
/// Whoever reads a document at one moment, whole or in part, finds one stamp everywhere or nowhere;
/// an index over fields of all three has exactly the entries of the documents of each moment; and
/// in the end each document is as its client left it.
final class ColumnStamps extends Workload {
  static final List<String> PARTITIONS = List.of("wide-left", "wide-right", "wide-far");

  /// Of the rows that the index has of all groups. It follows the first of them.
  static final String JOINT_PARTITION = "wide-by-left~rows";

  private static final String COLLECTION = "wide";
  private static final String INDEX = "wide-by-left";
  private static final String PATH = "/v1/collections/" + COLLECTION + "/documents/";
  private static final List<String> STAMPS = List.of("left", "right", "far");
  private static final int SETTLED_MAX = 6;
  private static final int LIMIT_MAX = 20;
  private static final int MOMENTS_MAX = 32;

  /// Instead of a stamp where there is none.
  static final int NONE = 0;

  private final int round;

  /// Each client's documents, which nobody else stamps: the stamps that each may have by now. What
  /// may have several is not touched any more.
  private final List<Map<String, Set<Integer>>> documents = new ArrayList<>();

  private final ConcurrentLinkedQueue<Long> moments = new ConcurrentLinkedQueue<>();
  private final AtomicInteger stamps = new AtomicInteger();
  private final AtomicInteger written = new AtomicInteger();
  private final AtomicInteger reads = new AtomicInteger();

  /// @param round documents of other rounds are not touched
  ColumnStamps(int round, int clients) {
    super("columns");
    this.round = round;
    for (int client = 0; client < clients; client++) {
      documents.add(new TreeMap<>());
    }
  }

  static void create(Nodes nodes) throws IOException {
    for (int group = 0; group < STAMPS.size(); group++) {
      ObjectNode bounds = Nodes.JSON.createObjectNode();
      bounds.putArray("columns").add(STAMPS.get(group));
      if (group == 2) {
        bounds.withArray("columns").add("note");
      }
      nodes.createPartition(PARTITIONS.get(group), COLLECTION, bounds);
    }
    nodes.createIndex(
        INDEX,
        (ObjectNode)
            Nodes.JSON.readTree(
                """
                {"collection": "%s", "unique": false, "terms": [{"field": "left"}],
                 "values": [{"field": "right", "descending": true}, {"field": "far", "descending": false}]}\
                """
                    .formatted(COLLECTION)));
    nodes.awaitActive(JOINT_PARTITION);
  }

  @Override
  void step(Requests requests, Random random, int client) {
    switch (random.nextInt(6)) {
      case 0 -> readOne(requests, random);
      case 1 -> readAll(requests, random);
      default -> write(requests, random, documents.get(client), client);
    }
  }

  // Writes

  private void write(Requests requests, Random random, Map<String, Set<Integer>> mine, int client) {
    List<String> settled =
        mine.entrySet().stream()
            .filter(each -> each.getValue().size() == 1)
            .map(Map.Entry::getKey)
            .toList();
    String id =
        settled.size() < SETTLED_MAX
            ? "[%d,%d,%d]".formatted(client, round, mine.size())
            : settled.get(random.nextInt(settled.size()));
    int before = mine.computeIfAbsent(id, _ -> Set.of(NONE)).iterator().next();
    int kind = random.nextInt(8);
    if (kind == 0) {
      // Beside a stamp, which stays.
      requests.send("PUT", path(id) + "?columns=note", "", "{\"note\":" + before + "}");
      return;
    }
    int after = kind == 1 ? NONE : stamps.incrementAndGet();
    switch (stamp(requests, kind, id, after)) {
      case Outcome.Done(JsonNode done) -> {
        mine.put(id, Set.of(after));
        written.incrementAndGet();
        if (done.has("timestamp")) {
          remember(done.path("timestamp").asLong());
        }
      }
      case Outcome.Unknown _ ->
          mine.put(id, before == after ? Set.of(after) : Set.of(before, after));
      case Outcome.Refused(String code) -> {
        if (code.equals("NOT_FOUND") && before != NONE) {
          wrong("%s is not there and should have %d".formatted(id, before));
        }
      }
    }
  }

  private Outcome stamp(Requests requests, int kind, String id, int stamp) {
    String members = "\"left\":%d,\"right\":%d,\"far\":%d".formatted(stamp, stamp, stamp);
    return switch (kind) {
      case 1 -> requests.send("DELETE", path(id), "", "");
      case 2, 3 -> requests.send("PUT", path(id), "", "{" + members + "}");
      case 4, 5 ->
          requests.send("PUT", path(id) + "?columns=left,right,far", "", "{" + members + "}");
      default ->
          requests.post(
              "/v1/transactions",
              "{\"writes\":[{\"collection\":\"%s\",\"document\":{\"id\":%s,%s},\"columns\":[\"right\",\"left\",\"far\"]}]}"
                  .formatted(COLLECTION, id, members));
    };
  }

  private static String path(String id) {
    return PATH + URLEncoder.encode(id, StandardCharsets.UTF_8);
  }

  private void remember(long moment) {
    moments.add(moment);
    if (moments.size() > MOMENTS_MAX) {
      moments.poll();
    }
  }

  // Reads

  private static List<String> some(Random random) {
    int left = random.nextInt(STAMPS.size() + 1);
    return STAMPS.stream().filter(each -> STAMPS.indexOf(each) != left).toList();
  }

  /// One document, by one request or by several reads of one transaction.
  private void readOne(Requests requests, Random random) {
    List<String> columns = some(random);
    String id =
        "[%d,%d,%d]"
            .formatted(random.nextInt(documents.size()), round, random.nextInt(SETTLED_MAX));
    ObjectNode seen = Nodes.JSON.createObjectNode();
    if (random.nextBoolean()) {
      if (!(requests.send("GET", path(id) + "?columns=" + String.join(",", columns), "", "")
          instanceof Outcome.Done(JsonNode document))) {
        return;
      }
      columns.forEach(column -> seen.set(column, document.path(column)));
    } else {
      List<String> items =
          columns.stream()
              .map(column ->
                  "{\"collection\":\"%s\",\"id\":%s,\"columns\":[\"%s\"]}"
                      .formatted(COLLECTION, id, column))
              .toList();
      if (!(requests.post("/v1/transactions", "{\"reads\":[" + String.join(",", items) + "]}")
          instanceof Outcome.Done(JsonNode found))) {
        return;
      }
      for (int at = 0; at < columns.size(); at++) {
        String column = columns.get(at);
        seen.set(column, found.path("reads").path(at).path("document").path(column));
      }
    }
    reads.incrementAndGet();
    wrong(judgeStamps(id, seen, columns));
  }

  /// All documents, and the index of the same moment.
  ///
  /// @return the documents; empty if it was not answered
  private Optional<List<JsonNode>> readAll(Requests requests, Random random) {
    return readAll(requests, random, random.nextBoolean() ? moments.peek() : null);
  }

  /// @param moment null for now
  private Optional<List<JsonNode>> readAll(
      Requests requests, Random random, @Nullable Long moment) {
    Paging paging = Paging.any(random, LIMIT_MAX);
    Optional<Requests.Snapshot> rows =
        requests.readAll(COLLECTION, moment == null ? paging : paging.at(moment), STAMPS);
    if (rows.isEmpty()) {
      return Optional.empty();
    }
    Optional<Requests.Snapshot> entries =
        requests.query(INDEX, List.of(), Paging.any(random, LIMIT_MAX).at(rows.get().at()));
    if (entries.isEmpty()) {
      return Optional.empty();
    }
    reads.incrementAndGet();
    String how = paging + " at " + rows.get().at();
    for (JsonNode row : rows.get().data()) {
      wrong(judgeStamps(how + ", " + row.path("id"), row, STAMPS));
    }
    wrong(judgeEntries(how, rows.get().data(), entries.get().data()));
    return rows.map(Requests.Snapshot::data);
  }

  @Override
  boolean check(Requests requests, Random random) {
    Optional<List<JsonNode>> rows = readAll(requests, random, null);
    if (rows.isEmpty()) {
      return false;
    }
    Map<String, Integer> found = new TreeMap<>();
    for (JsonNode row : rows.get()) {
      if (row.path("id").path(1).intValue() == round) {
        found.put(row.path("id").toString(), row.path("left").asInt(NONE));
      }
    }
    Map<String, Set<Integer>> possible = new HashMap<>();
    documents.forEach(possible::putAll);
    wrong(judgeEnd(found, possible));
    return true;
  }

  // Judgement

  /// What cannot be true of what was seen of a document at one moment.
  ///
  /// @param columns those that were asked for
  static List<String> judgeStamps(String what, JsonNode seen, List<String> columns) {
    Set<Integer> found = new HashSet<>();
    columns.forEach(column -> found.add(seen.path(column).asInt(NONE)));
    return found.size() == 1 ? List.of() : List.of("several stamps: %s; %s".formatted(seen, what));
  }

  /// What cannot be true of the index, beside all documents of the same moment.
  static List<String> judgeEntries(String how, List<JsonNode> rows, List<JsonNode> entries) {
    List<String> wrong = new ArrayList<>();
    Map<String, Integer> stamps = new TreeMap<>();
    for (JsonNode row : rows) {
      if (row.has("left")) {
        stamps.put(row.path("id").toString(), row.path("left").intValue());
      }
    }
    Set<String> ids = new HashSet<>();
    for (JsonNode entry : entries) {
      String id = entry.path("id").toString();
      int stamp = stamps.getOrDefault(id, NONE);
      if (!ids.add(id)) {
        wrong.add("entry twice: %s; %s".formatted(entry, how));
      } else if (stamp == NONE
          || entry.path("right").asInt(NONE) != stamp
          || entry.path("far").asInt(NONE) != stamp) {
        wrong.add("the document has stamp %d, its entry is %s; %s".formatted(stamp, entry, how));
      }
    }
    stamps.keySet().stream()
        .filter(id -> !ids.contains(id))
        .forEach(id -> wrong.add("no entry of %s; %s".formatted(id, how)));
    return wrong;
  }

  /// What cannot be true in the end.
  ///
  /// @param found the stamps that documents have, [#NONE] if they have other columns only
  /// @param possible the stamps that each may have
  static List<String> judgeEnd(Map<String, Integer> found, Map<String, Set<Integer>> possible) {
    List<String> wrong = new ArrayList<>();
    possible.forEach((id, each) -> {
      int stamp = found.getOrDefault(id, NONE);
      if (!each.contains(stamp)) {
        wrong.add("%s has stamp %d and should have one of %s".formatted(id, stamp, each));
      }
    });
    found.keySet().stream()
        .filter(id -> !possible.containsKey(id))
        .forEach(id -> wrong.add("nobody has written %s".formatted(id)));
    return wrong;
  }

  @Override
  String summary() {
    return "%,d written, %,d reads".formatted(written.get(), reads.get());
  }
}
