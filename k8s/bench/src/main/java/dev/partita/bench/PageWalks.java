package dev.partita.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.partita.bench.Requests.Paging;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicInteger;

/// Documents and the entries of an index, walked through page by page, by pages of every size, in
/// both directions, there and back, while others write. Keys, terms and values are negative,
/// fractional, null, missing, the same, and in all scripts. At one moment the documents come once
/// and in order, those among them that nobody changes, and the index has exactly the entries that
/// follow from the documents of that moment, each once and in order.
final class PageWalks extends Workload {
  /// Divided by keys.
  static final String RANGES = "pages";

  /// Divided by the hashes of keys.
  static final String HASHES = "hashed-pages";

  private static final int LIMIT_MAX = 100;
  private static final int BATCH_MAX = 4;
  private static final JsonOrder ORDER = new JsonOrder();
  private static final Comparator<JsonNode> KEY_ORDER = ORDER.ofKeys();

  /// Texts of several scripts. The last but one comes behind the last by code points, and before it
  /// by halves in UTF-16.
  private static final String TEXTS =
      "\"a\",\"B\",\"a b\",\"aa\",\"m\",\"z\",\"\\u00e4\",\"\\u6f22\",\"\\ud83d\\ude00\",\"\\uffee\"";

  private static final JsonNode KEYS =
      json(
          "[-1000000,-65537,-65536,-300,-257,-256,-255,-10,-9,-4,-3,-2,-1,0,1,2,3,4,9,10,255,256,"
              + "257,300,65535,65536,1000000,"
              + TEXTS
              + ",[-1,\"a\"],[-1,-1],[-1,-1,0],[\"a\",-1],[\"a\",1],[\"z\",\"z\"]]");

  private static final JsonNode VALUES =
      json(
          "[null,false,true,0,-1,-2,-10,-256,-257,1,1.0,2,10,255,256,0.5,-0.5,-0.25,1.5,-1.5,1e3,"
              + "-123456789012,9007199254740993,\"\",[],[1,-1],[\"a\"],"
              + TEXTS
              + "]");

  private static final JsonNode KINDS = json("[null,-1,1,0.5,\"a\",\"\\u00e4\"]");
  private static final JsonNode TAGS = json("[null,-2,-1,7,\"a\",\"\\ud83d\\ude00\",\"\\uffee\"]");

  private final String collection;
  private final AtomicInteger walks = new AtomicInteger();
  private final AtomicInteger writes = new AtomicInteger();

  /// @param collection [#RANGES] or [#HASHES]
  PageWalks(String collection) {
    super(collection);
    this.collection = collection;
  }

  private static JsonNode json(String text) {
    try {
      return Nodes.JSON.readTree(text);
    } catch (IOException e) {
      throw new IllegalArgumentException(text, e);
    }
  }

  private static String index(String collection) {
    return collection + "-by-kind";
  }

  static void create(Nodes nodes) throws IOException {
    nodes.createPartition("pages-low", RANGES, "{\"end\":-2}");
    nodes.createPartition("pages-middle", RANGES, "{\"start\":-2,\"end\":\"m\"}");
    nodes.createPartition("pages-high", RANGES, "{\"start\":\"m\"}");
    for (int remainder = 0; remainder < 2; remainder++) {
      nodes.createPartition(
          "hashed-pages-" + remainder,
          HASHES,
          (ObjectNode) json("{\"hash\":{\"modulus\":2,\"remainder\":%d}}".formatted(remainder)));
    }
    for (String collection : List.of(RANGES, HASHES)) {
      nodes.createIndex(
          index(collection),
          (ObjectNode)
              json(
                  """
                  {"collection": "%s", "unique": false, "terms": [{"field": "kind"}, {"field": "tags[*]"}],
                   "values": [{"field": "v", "descending": false}, {"field": "w", "descending": true}]}\
                  """
                      .formatted(collection)));
      try (Requests requests = new Requests(nodes, new Random(0))) {
        String all = constants().toString();
        Nodes.await(
            "documents of " + collection,
            () -> requests.post(path(collection), all) instanceof Requests.Outcome.Done);
      }
    }
  }

  private static String path(String collection) {
    return "/v1/collections/" + collection + "/documents?onConflict=replace";
  }

  /// The documents that nobody changes: those of every other key.
  static ArrayNode constants() {
    var random = new Random(1);
    ArrayNode constants = Nodes.JSON.createArrayNode();
    for (int number = 0; number < KEYS.size(); number += 2) {
      constants.add(document(KEYS.get(number), random));
    }
    return constants;
  }

  private static ObjectNode document(JsonNode id, Random random) {
    ObjectNode document = Nodes.JSON.createObjectNode();
    document.set("id", id);
    if (random.nextInt(5) > 0) {
      document.set("kind", any(KINDS, random));
    }
    if (random.nextInt(3) > 0) {
      ArrayNode tags = document.putArray("tags");
      for (int count = random.nextInt(4); count > 0; count--) {
        tags.add(any(TAGS, random));
      }
    }
    for (String field : List.of("v", "w")) {
      if (random.nextInt(8) > 0) {
        document.set(field, any(VALUES, random));
      }
    }
    return document;
  }

  private static JsonNode any(JsonNode choices, Random random) {
    return choices.get(random.nextInt(choices.size()));
  }

  @Override
  void step(Requests requests, Random random, int client) {
    if (random.nextInt(4) == 0) {
      check(requests, random);
    } else {
      write(requests, random);
    }
  }

  private void write(Requests requests, Random random) {
    ArrayNode batch = Nodes.JSON.createArrayNode();
    for (int count = 1 + random.nextInt(BATCH_MAX); count > 0; count--) {
      batch.add(document(KEYS.get(1 + 2 * random.nextInt(KEYS.size() / 2)), random));
    }
    Requests.Outcome outcome =
        random.nextInt(3) > 0
            ? requests.post(path(collection), batch.toString())
            : requests.post(
                "/v1/transactions",
                "{\"writes\":[{\"collection\":\"%s\",\"delete\":%s}]}"
                    .formatted(collection, batch.path(0).path("id")));
    if (outcome instanceof Requests.Outcome.Done) {
      writes.incrementAndGet();
    }
  }

  private static Paging paging(Random random) {
    return Paging.any(random, 1 + random.nextInt(LIMIT_MAX));
  }

  /// Walks through the documents of now, and through the index at the same moment.
  @Override
  boolean check(Requests requests, Random random) {
    Paging byKey = paging(random);
    Optional<Requests.Snapshot> documents = requests.readAll(collection, byKey);
    if (documents.isEmpty()) {
      return false;
    }
    List<JsonNode> terms = new ArrayList<>();
    switch (random.nextInt(3)) {
      case 0 -> terms.add(any(KINDS, random));
      case 1 -> {
        terms.add(any(KINDS, random));
        terms.add(any(TAGS, random));
      }
      default -> {}
    }
    Paging byIndex = paging(random).at(documents.get().at());
    Optional<Requests.Snapshot> entries = requests.query(index(collection), terms, byIndex);
    if (entries.isEmpty()) {
      return false;
    }
    walks.incrementAndGet();
    List<JsonNode> ordered =
        byKey.descending() ? documents.get().data().reversed() : documents.get().data();
    wrong(told(judgeDocuments(ordered), "by key", byKey, documents.get()));
    wrong(
        told(
            judgeEntries(
                ordered,
                terms,
                byIndex.descending() ? entries.get().data().reversed() : entries.get().data()),
            "terms " + terms,
            byIndex,
            entries.get()));
    return true;
  }

  private static List<String> told(
      List<String> wrong, String what, Paging paging, Requests.Snapshot read) {
    List<String> all = new ArrayList<>(wrong);
    if (new HashSet<>(read.moments()).size() > 1) {
      all.add("pages of several moments: " + read.moments());
    }
    return all.stream()
        .map(each -> "%s; %s, %s, at %d".formatted(each, what, paging, read.at()))
        .toList();
  }

  /// What cannot be true of all documents of a moment, from the first to the last.
  static List<String> judgeDocuments(List<JsonNode> documents) {
    List<String> wrong = new ArrayList<>();
    Map<JsonNode, JsonNode> found = new HashMap<>();
    for (int number = 0; number < documents.size(); number++) {
      JsonNode id = documents.get(number).path("id");
      if (found.put(id, documents.get(number)) != null) {
        wrong.add("document %s twice".formatted(id));
      } else if (number > 0 && KEY_ORDER.compare(documents.get(number - 1).path("id"), id) > 0) {
        wrong.add("document %s out of order".formatted(id));
      }
    }
    for (JsonNode constant : constants()) {
      JsonNode now = found.getOrDefault(constant.path("id"), MissingNode.getInstance());
      if (!now.equals(constant)) {
        wrong.add("nobody has changed %s, and it is '%s'".formatted(constant, now));
      }
    }
    return wrong;
  }

  /// What cannot be true of the entries of an index that begin with some terms, from the first to
  /// the last.
  ///
  /// @param documents all of the same moment
  static List<String> judgeEntries(
      List<JsonNode> documents, List<JsonNode> terms, List<JsonNode> entries) {
    List<String> expected = expected(documents, terms);
    List<String> found = entries.stream().map(PageWalks::shown).toList();
    if (found.equals(expected)) {
      return List.of();
    }
    List<String> wrong = new ArrayList<>();
    Map<String, Integer> counts = new HashMap<>();
    found.forEach(each -> counts.merge(each, 1, Integer::sum));
    Map<String, Integer> wanted = new HashMap<>();
    expected.forEach(each -> wanted.merge(each, 1, Integer::sum));
    wanted.forEach((entry, count) -> {
      if (counts.getOrDefault(entry, 0) < count) {
        wrong.add("entry missing: " + entry);
      }
    });
    counts.forEach((entry, count) -> {
      if (!wanted.containsKey(entry)) {
        wrong.add("entry of no document: " + entry);
      } else if (count > wanted.getOrDefault(entry, 0)) {
        wrong.add("entry twice: " + entry);
      }
    });
    return wrong.isEmpty()
        ? List.of("entries out of order: %s instead of %s".formatted(found, expected))
        : wrong;
  }

  private record Position(List<JsonNode> terms, JsonNode v, JsonNode w, JsonNode id) {
    static final Comparator<Position> INDEX_ORDER =
        Comparator.comparing((Position each) -> each.terms.get(0), ORDER)
            .thenComparing(each -> each.terms.get(1), ORDER)
            .thenComparing(Position::v, ORDER)
            .thenComparing(Position::w, ORDER.reversed())
            .thenComparing(Position::id, KEY_ORDER);

    boolean beginsWith(List<JsonNode> first) {
      for (int number = 0; number < first.size(); number++) {
        if (ORDER.compare(terms.get(number), first.get(number)) != 0) {
          return false;
        }
      }
      return true;
    }
  }

  private static List<String> expected(List<JsonNode> documents, List<JsonNode> terms) {
    var positions = new TreeSet<>(Position.INDEX_ORDER);
    for (JsonNode document : documents) {
      List<JsonNode> tags = new ArrayList<>();
      document.path("tags").forEach(tags::add);
      if (tags.isEmpty() && !document.has("kind")) {
        continue;
      }
      if (tags.isEmpty()) {
        tags.add(MissingNode.getInstance());
      }
      for (JsonNode tag : tags) {
        positions.add(
            new Position(
                List.of(document.path("kind"), tag),
                document.path("v"),
                document.path("w"),
                document.path("id")));
      }
    }
    return positions.stream()
        .filter(each -> each.beginsWith(terms))
        .map(each -> shown(each.id, each.v, each.w))
        .toList();
  }

  private static String shown(JsonNode entry) {
    return shown(entry.path("id"), entry.path("v"), entry.path("w"));
  }

  private static String shown(JsonNode id, JsonNode v, JsonNode w) {
    return id + " with " + shownValue(v) + " and " + shownValue(w);
  }

  /// One text for one value, however it is spelled.
  private static String shownValue(JsonNode value) {
    if (value.isNumber()) {
      return value.decimalValue().stripTrailingZeros().toPlainString();
    }
    return value.isMissingNode() ? "null" : value.toString();
  }

  @Override
  String summary() {
    return "%,d walks, %,d writes".formatted(walks.get(), writes.get());
  }
}
