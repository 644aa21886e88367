package dev.partita.bench;

import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import dev.partita.bench.Requests.Paging;
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
  static final String NONE = "";

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
    if (random.nextBoolean()) {
      String mail = any(random);
      Optional<List<String>> found = owners(requests, mail, Paging.any(random, LIMIT_MAX));
      found.ifPresent(owners -> wrong(judgeTerm(mail, owners)));
      return found.isPresent();
    }
    return read(requests, random).isPresent();
  }

  /// The documents that have a mail, as the index says.
  private static Optional<List<String>> owners(Requests requests, String mail, Paging paging) {
    return requests
        .query(INDEX, List.of(TextNode.valueOf(mail)), paging)
        .map(found -> found.data().stream().map(each -> each.path("id").asText()).toList());
  }

  /// All documents.
  private Optional<List<Person>> read(Requests requests, Random random) {
    Optional<List<Person>> all =
        requests
            .readAll(COLLECTION, Paging.any(random, LIMIT_MAX))
            .map(snapshot ->
                snapshot.data().stream()
                    .map(each -> new Person(each.path("id").asText(), each.path("mail").asText()))
                    .toList());
    all.ifPresent(people -> wrong(judgeAll(people)));
    return all;
  }

  @Override
  boolean check(Requests requests, Random random) {
    Optional<List<Person>> read = read(requests, random);
    Map<String, List<String>> entries = new HashMap<>();
    for (int i = 0; i < MAILS + unknown.get() && read.isPresent(); i++) {
      String mail = prefix + i;
      Optional<List<String>> found = owners(requests, mail, Paging.of(1));
      if (found.isEmpty()) {
        return false;
      }
      entries.put(mail, found.get());
    }
    if (read.isEmpty()) {
      return false;
    }
    List<Person> ours = read.get().stream().filter(each -> each.mail.startsWith(prefix)).toList();
    Map<String, Set<String>> possible = new HashMap<>();
    documents.forEach(possible::putAll);
    entries.forEach((mail, owners) -> wrong(judgeTerm(mail, owners)));
    wrong(judgeEnd(ours, entries, possible));
    return true;
  }

  /// A document.
  record Person(String id, String mail) {}

  /// What cannot be true of all documents, seen at once.
  static List<String> judgeAll(List<Person> people) {
    List<String> wrong = new ArrayList<>();
    Set<String> ids = new HashSet<>();
    Map<String, String> owners = new HashMap<>();
    for (Person person : people) {
      String other = owners.put(person.mail, person.id);
      if (!ids.add(person.id)) {
        wrong.add("%s comes twice".formatted(person.id));
      } else if (other != null) {
        wrong.add("%s and %s have %s".formatted(other, person.id, person.mail));
      }
    }
    return wrong;
  }

  /// What cannot be true of a mail's documents, seen at once by the index.
  static List<String> judgeTerm(String mail, List<String> owners) {
    return owners.size() > 1 ? List.of("%s twice by index: %s".formatted(mail, owners)) : List.of();
  }

  /// What cannot be true in the end.
  ///
  /// @param entries the documents of each mail, as the index says
  /// @param possible the mails that each document may have, [#NONE] if it may not be there
  static List<String> judgeEnd(
      List<Person> people, Map<String, List<String>> entries, Map<String, Set<String>> possible) {
    List<String> wrong = new ArrayList<>();
    Map<String, String> mails = new TreeMap<>();
    people.forEach(each -> mails.put(each.id, each.mail));
    Map<String, String> indexed = new TreeMap<>();
    entries.forEach((mail, owners) -> owners.forEach(id -> indexed.put(id, mail)));
    if (!indexed.equals(mails)) {
      wrong.add("documents have %s, the index %s".formatted(mails, indexed));
    }
    possible.forEach((id, each) -> {
      String mail = mails.getOrDefault(id, NONE);
      if (!each.contains(mail)) {
        wrong.add("%s has '%s' and should have one of %s".formatted(id, mail, each));
      }
    });
    mails.keySet().stream()
        .filter(id -> !possible.containsKey(id))
        .forEach(id -> wrong.add("nobody has written %s".formatted(id)));
    return wrong;
  }

  @Override
  String summary() {
    return "%,d written, %,d refused, %,d unknown"
        .formatted(written.get(), refused.get(), unknown.get());
  }
}
