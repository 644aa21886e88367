package dev.partita.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;

/// Documents with a unique term, of which there are few, so that clients want the same. At no
/// moment have two documents the same one; in the end each document is as its client left it, and
/// the index has what the documents have.
final class UniqueMails extends Workload {
  private static final String COLLECTION = "people";
  private static final String INDEX = "people-by-mail";
  private static final String DOCUMENTS = "/v1/collections/" + COLLECTION + "/documents";
  private static final int MAILS = 12;
  private static final int LIMIT_MAX = 20;

  /// Instead of a mail where there is no document.
  private static final String NONE = "";

  private final String prefix;

  /// Each client's documents, which nobody else writes: the mails that each may have by now. What
  /// may have several is not touched any more.
  private final List<Map<String, Set<String>>> documents = new ArrayList<>();

  private final AtomicInteger written = new AtomicInteger();
  private final AtomicInteger refused = new AtomicInteger();
  private final AtomicInteger unknown = new AtomicInteger();

  /// @param round documents of other rounds are not touched
  UniqueMails(int round, int clients) {
    super("unique");
    this.prefix = "r" + round + "-";
    for (int client = 0; client < clients; client++) {
      documents.add(new TreeMap<>());
    }
  }

  static void create(Nodes nodes) throws IOException {
    nodes.createPartition("people-low", COLLECTION, "{\"end\":\"m\"}");
    nodes.createPartition("people-high", COLLECTION, "{\"start\":\"m\"}");
    nodes.createIndex(
        INDEX,
        (ObjectNode)
            Nodes.JSON.readTree(
                "{\"collection\":\"%s\",\"terms\":[{\"field\":\"mail\"}],\"values\":[],\"unique\":true}"
                    .formatted(COLLECTION)));
  }

  @Override
  void step(Requests requests, Random random, int client) {
    if (random.nextInt(4) == 0) {
      look(requests, random);
    } else {
      write(requests, random, documents.get(client), client);
    }
  }

  /// What may be had by a document that is not touched any more makes room for another one.
  private String any(Random random) {
    return prefix + (unknown.get() + random.nextInt(MAILS));
  }

  private void write(Requests requests, Random random, Map<String, Set<String>> mine, int client) {
    List<String> settled =
        mine.entrySet().stream()
            .filter(each -> each.getValue().size() == 1 && !each.getValue().contains(NONE))
            .map(Map.Entry::getKey)
            .toList();
    boolean insert = settled.isEmpty() || random.nextInt(3) == 0;
    String side = random.nextBoolean() ? "a-" : "z-";
    String id =
        insert
            ? side + prefix + client + "-" + mine.size()
            : settled.get(random.nextInt(settled.size()));
    boolean delete = !insert && random.nextBoolean();
    String mail = delete ? NONE : any(random);
    String before = insert ? NONE : mine.getOrDefault(id, Set.of(NONE)).iterator().next();
    mine.putIfAbsent(id, Set.of(NONE));
    Requests.Outcome outcome =
        delete
            ? requests.send("DELETE", DOCUMENTS + "/" + id, "", "")
            : requests.send(
                "PUT",
                DOCUMENTS + "/" + id,
                insert ? "If-None-Match: *\r\n" : "",
                "{\"mail\":\"" + mail + "\"}");
    switch (outcome) {
      case Requests.Outcome.Done _ -> {
        written.incrementAndGet();
        mine.put(id, Set.of(mail));
      }
      case Requests.Outcome.Unknown _ -> {
        unknown.incrementAndGet();
        mine.put(id, before.equals(mail) ? Set.of(mail) : Set.of(before, mail));
      }
      case Requests.Outcome.Refused(String code) -> {
        refused.incrementAndGet();
        if (delete && code.equals("NOT_FOUND")) {
          wrong("%s is not there and should have %s".formatted(id, before));
        }
      }
    }
  }

  /// @return whether it was answered
  private boolean look(Requests requests, Random random) {
    int limit = 1 + random.nextInt(LIMIT_MAX);
    if (random.nextBoolean()) {
      String mail = any(random);
      Optional<Requests.Snapshot> found = requests.query(INDEX, mail, limit, "", "");
      found
          .filter(entries -> entries.data().size() > 1)
          .ifPresent(entries -> wrong("%s twice by index: %s".formatted(mail, entries)));
      return found.isPresent();
    }
    return read(requests, limit).isPresent();
  }

  /// The mail of each document of the round.
  private Optional<Map<String, String>> read(Requests requests, int limit) {
    Optional<Requests.Snapshot> all = requests.readAll(COLLECTION, limit, "");
    if (all.isEmpty()) {
      return Optional.empty();
    }
    Map<String, String> mails = new HashMap<>();
    Set<String> taken = new HashSet<>();
    for (JsonNode document : all.get().data()) {
      String id = document.path("id").asText();
      String mail = document.path("mail").asText();
      if (!taken.add(mail)) {
        wrong("%s twice at %d: %s".formatted(mail, all.get().at(), all.get().data()));
      }
      if (mail.startsWith(prefix) && mails.put(id, mail) != null) {
        wrong("%s twice on pages of %d at %d".formatted(id, limit, all.get().at()));
      }
    }
    return Optional.of(mails);
  }

  @Override
  boolean check(Requests requests, Random random) {
    Optional<Map<String, String>> read = read(requests, 1 + random.nextInt(LIMIT_MAX));
    Map<String, String> entries = new HashMap<>();
    for (int i = 0; i < MAILS + unknown.get() && read.isPresent(); i++) {
      String mail = prefix + i;
      Optional<Requests.Snapshot> found = requests.query(INDEX, mail, 1, "", "");
      if (found.isEmpty()) {
        return false;
      }
      found.get().data().forEach(entry -> entries.put(entry.path("id").asText(), mail));
    }
    if (read.isEmpty()) {
      return false;
    }
    Map<String, String> mails = read.get();
    if (!entries.equals(mails)) {
      wrong("documents have %s, the index %s".formatted(mails, entries));
    }
    Set<String> known = new HashSet<>();
    for (Map<String, Set<String>> mine : documents) {
      known.addAll(mine.keySet());
      mine.forEach((id, possible) -> {
        String mail = mails.getOrDefault(id, NONE);
        if (!possible.contains(mail)) {
          wrong("%s has '%s' and should have one of %s".formatted(id, mail, possible));
        }
      });
    }
    mails.keySet().stream()
        .filter(id -> !known.contains(id))
        .forEach(id -> wrong("nobody has written %s".formatted(id)));
    return true;
  }

  @Override
  String summary() {
    return "%,d written, %,d refused, %,d unknown"
        .formatted(written.get(), refused.get(), unknown.get());
  }
}
