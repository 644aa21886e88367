package dev.partita.bench;

import com.fasterxml.jackson.databind.JsonNode;
import dev.partita.history.History;
import dev.partita.history.History.End;
import java.io.IOException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import org.jspecify.annotations.Nullable;

/// Clients that read lists and append to them through whatever nodes run, by transactions of every
/// kind, and write down what they have seen. Lists that have become long are left alone for new
/// ones, so that histories stay small; they are read once more in the end.
final class TortureClients implements AutoCloseable {
  private static final String COLLECTION = "lists";
  private static final String DOCUMENTS = "/v1/collections/" + COLLECTION + "/documents";
  private static final int SLOTS = 12;
  private static final int LIST_MAX = 50;
  private static final int GENERATIONS_MAX = 1_000_000;
  private static final int PAGE = 500;
  private static final int ANSWER_MILLIS_MAX = 4_000;
  private static final long FINISH_SECONDS = 120;

  private final Nodes nodes;
  private final int round;
  private final History history = new History();
  private final AtomicInteger values = new AtomicInteger();
  private final AtomicBoolean over = new AtomicBoolean();
  private final ExecutorService threads;

  /// The list of each slot that is in use, and how many values were appended to it.
  private final AtomicIntegerArray generations = new AtomicIntegerArray(SLOTS);

  private final AtomicIntegerArray lengths = new AtomicIntegerArray(SLOTS);

  /// Makes three partitions for the lists.
  static void create(Nodes nodes) throws IOException {
    nodes.createPartition("lists-low", COLLECTION, "{\"end\":4}");
    nodes.createPartition("lists-middle", COLLECTION, "{\"start\":4,\"end\":8}");
    nodes.createPartition("lists-high", COLLECTION, "{\"start\":8}");
  }

  /// Begins to read and append.
  ///
  /// @param round lists of other rounds are not touched
  TortureClients(Nodes nodes, int round, int count, long seed) {
    this.nodes = nodes;
    this.round = round;
    this.threads = Executors.newFixedThreadPool(count);
    for (int process = 0; process < count; process++) {
      int number = process;
      Random random = new Random(seed + number);
      threads.execute(() -> runUntilOver(number, random));
    }
  }

  History history() {
    return history;
  }

  /// Ends the clients, then reads everything once more.
  void finish() throws InterruptedException {
    over.set(true);
    threads.shutdown();
    if (!threads.awaitTermination(FINISH_SECONDS, TimeUnit.SECONDS)) {
      throw new IllegalStateException("a client does not end");
    }
    Nodes.await("a read of everything", this::readEverything);
  }

  @Override
  public void close() {
    over.set(true);
    threads.shutdownNow();
  }

  // One client

  /// The request was refused: nothing has happened.
  private static final class RefusedException extends Exception {
    private RefusedException(String message) {
      super(message);
    }
  }

  /// A transaction of a client, until it ends.
  private static final class Attempt {
    private final HttpConnection connection;
    private final History.Begun begun;

    /// Whether something was sent that may have been committed.
    private boolean inTheDark;

    Attempt(HttpConnection connection, History.Begun begun) {
      this.connection = connection;
      this.begun = begun;
    }

    /// @param decides whether it may commit something
    HttpConnection.Answer send(
        String method, String path, String headers, String body, boolean decides)
        throws IOException, RefusedException {
      inTheDark = decides;
      HttpConnection.Answer answer =
          connection.send(method, path, headers, body.getBytes(StandardCharsets.UTF_8));
      boolean unknown = answer.status() == 500 || answer.body().contains("OUTCOME_UNKNOWN");
      if (answer.status() / 100 != 2 && answer.status() != 404) {
        inTheDark = decides && unknown;
        throw new RefusedException(answer.body());
      }
      return answer;
    }

    JsonNode post(String path, String body, boolean decides) throws IOException, RefusedException {
      HttpConnection.Answer answer = send("POST", path, "", body, decides);
      if (answer.status() == 404) {
        inTheDark = false;
        throw new RefusedException(answer.body());
      }
      return Nodes.JSON.readTree(answer.body());
    }
  }

  private void runUntilOver(int process, Random random) {
    while (!over.get()) {
      try (HttpConnection connection =
          new HttpConnection(nodes.address(random.nextInt(3)), ANSWER_MILLIS_MAX)) {
        // A few transactions to each connection.
        for (int i = random.nextInt(50); i >= 0 && !over.get(); i--) {
          if (!run(connection, process, random)) {
            break;
          }
        }
      } catch (IOException e) {
        // The node is away: another one.
        pause();
      }
    }
  }

  private static void pause() {
    try {
      Thread.sleep(20);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /// @return whether the connection still works
  private boolean run(HttpConnection connection, int process, Random random) {
    History.Begun begun = history.begin(process);
    Attempt attempt = new Attempt(connection, begun);
    try {
      switch (random.nextInt(8)) {
        case 0 -> readAtOnce(attempt, allKeys());
        case 1, 2 -> appendInOneRequest(attempt, random);
        case 3 -> readOne(attempt, random);
        case 4 -> appendToOne(attempt, random);
        case 5 -> readInSession(attempt, random);
        default -> appendInSession(attempt, random);
      }
      begun.end(End.COMMITTED);
      return true;
    } catch (RefusedException e) {
      begun.end(attempt.inTheDark ? End.UNKNOWN : End.ABORTED);
      return true;
    } catch (IOException e) {
      begun.end(attempt.inTheDark ? End.UNKNOWN : End.ABORTED);
      return false;
    }
  }

  // Keys: a number for the history; slot and generation for the database

  private int key(int slot) {
    return slot * GENERATIONS_MAX + generations.get(slot);
  }

  private static String id(int round, int key) {
    return "[" + key / GENERATIONS_MAX + "," + round + "," + key % GENERATIONS_MAX + "]";
  }

  private String id(int key) {
    return id(round, key);
  }

  private Set<Integer> allKeys() {
    Set<Integer> all = new TreeSet<>();
    for (int slot = 0; slot < SLOTS; slot++) {
      all.add(key(slot));
    }
    return all;
  }

  private Set<Integer> someKeys(Random random) {
    Set<Integer> some = new TreeSet<>();
    for (int count = 1 + random.nextInt(3); count > 0; count--) {
      some.add(key(random.nextInt(SLOTS)));
    }
    return some;
  }

  /// The list with a new value at its end.
  private List<Integer> longer(History.Begun begun, int key, List<Integer> list) {
    int value = values.incrementAndGet();
    begun.append(key, value);
    List<Integer> more = new ArrayList<>(list);
    more.add(value);
    int slot = key / GENERATIONS_MAX;
    if (lengths.incrementAndGet(slot) >= LIST_MAX) {
      lengths.set(slot, 0);
      generations.incrementAndGet(slot);
    }
    return more;
  }

  private String document(int key, List<Integer> list) {
    return "{\"id\":" + id(key) + ",\"list\":" + list.toString().replace(" ", "") + "}";
  }

  private static List<Integer> list(@Nullable JsonNode document) {
    List<Integer> list = new ArrayList<>();
    if (document != null && document.has("list")) {
      document.get("list").forEach(value -> list.add(value.intValue()));
    }
    return list;
  }

  private String item(int key) {
    return "{\"collection\":\"" + COLLECTION + "\",\"id\":" + id(key) + "}";
  }

  // Kinds of transactions

  /// Reads by one request.
  ///
  /// @return what was read, in the order of the keys
  private JsonNode readAtOnce(Attempt attempt, Set<Integer> keys)
      throws IOException, RefusedException {
    List<String> items = keys.stream().map(this::item).toList();
    JsonNode reads =
        attempt
            .post("/v1/transactions", "{\"reads\":[" + String.join(",", items) + "]}", false)
            .path("reads");
    int at = 0;
    for (int key : keys) {
      attempt.begun.read(key, list(reads.get(at++).get("document")));
    }
    return reads;
  }

  private void appendInOneRequest(Attempt attempt, Random random)
      throws IOException, RefusedException {
    Set<Integer> keys = someKeys(random);
    JsonNode reads = readAtOnce(attempt, keys);
    List<String> writes = new ArrayList<>();
    int at = 0;
    for (int key : keys) {
      JsonNode read = reads.get(at++);
      List<Integer> before = list(read.get("document"));
      String condition =
          read.hasNonNull("version")
              ? "\"version\":\"" + read.get("version").asText() + "\""
              : "\"exists\":false";
      writes.add(
          "{\"collection\":\"%s\",%s,\"document\":%s}"
              .formatted(COLLECTION, condition, document(key, longer(attempt.begun, key, before))));
    }
    String protocol = random.nextInt(4) == 0 ? "\"commitProtocol\":\"3pc\"," : "";
    attempt.post(
        "/v1/transactions",
        "{" + protocol + "\"writes\":[" + String.join(",", writes) + "]}",
        true);
  }

  private String path(int key) {
    return DOCUMENTS + "/" + URLEncoder.encode(id(key), StandardCharsets.UTF_8);
  }

  private HttpConnection.Answer get(Attempt attempt, int key) throws IOException, RefusedException {
    HttpConnection.Answer answer = attempt.send("GET", path(key), "", "", false);
    attempt.begun.read(
        key, answer.status() == 404 ? List.of() : list(Nodes.JSON.readTree(answer.body())));
    return answer;
  }

  private void readOne(Attempt attempt, Random random) throws IOException, RefusedException {
    get(attempt, key(random.nextInt(SLOTS)));
  }

  private void appendToOne(Attempt attempt, Random random) throws IOException, RefusedException {
    int key = key(random.nextInt(SLOTS));
    HttpConnection.Answer read = get(attempt, key);
    List<Integer> before =
        read.status() == 404 ? List.of() : list(Nodes.JSON.readTree(read.body()));
    String condition =
        read.status() == 404 ? "If-None-Match: *\r\n" : "If-Match: " + read.tag() + "\r\n";
    attempt.send(
        "PUT", path(key), condition, document(key, longer(attempt.begun, key, before)), true);
  }

  private String begin(Attempt attempt, String body) throws IOException, RefusedException {
    return attempt.post("/v1/transactions/begin", body, false).path("id").asText();
  }

  /// @param action `read` or `lock`
  private List<Integer> readInSession(Attempt attempt, String id, String action, int key)
      throws IOException, RefusedException {
    String path = "/v1/transactions/" + id + "/" + action;
    List<Integer> list = list(attempt.post(path, item(key), false).get("document"));
    attempt.begun.read(key, list);
    return list;
  }

  private void readInSession(Attempt attempt, Random random) throws IOException, RefusedException {
    String id = begin(attempt, "{\"readOnly\":true}");
    for (int key : someKeys(random)) {
      readInSession(attempt, id, "read", key);
    }
    attempt.post("/v1/transactions/" + id + "/commit", "", false);
  }

  private void appendInSession(Attempt attempt, Random random)
      throws IOException, RefusedException {
    String id = begin(attempt, "{}");
    boolean appends = false;
    for (int key : someKeys(random)) {
      boolean append = random.nextBoolean();
      String action = append && random.nextBoolean() ? "lock" : "read";
      List<Integer> before = readInSession(attempt, id, action, key);
      if (append) {
        appends = true;
        attempt.post(
            "/v1/transactions/" + id + "/write",
            "{\"collection\":\"%s\",\"document\":%s}"
                .formatted(COLLECTION, document(key, longer(attempt.begun, key, before))),
            false);
      }
    }
    attempt.post("/v1/transactions/" + id + "/commit", "", appends);
  }

  // The end

  /// Reads all lists of the round, page by page, at one moment.
  private boolean readEverything() {
    History.Begun begun = history.begin(-1);
    Map<Integer, List<Integer>> found = new HashMap<>();
    try (HttpConnection connection = new HttpConnection(nodes.address(0), ANSWER_MILLIS_MAX)) {
      String after = null;
      do {
        String query =
            after == null ? "" : "&after=" + URLEncoder.encode(after, StandardCharsets.UTF_8);
        HttpConnection.Answer answer =
            connection.send("GET", DOCUMENTS + "?limit=" + PAGE + query, new byte[0]);
        if (answer.status() != 200) {
          return false;
        }
        JsonNode page = Nodes.JSON.readTree(answer.body());
        for (JsonNode document : page.path("data")) {
          JsonNode id = document.path("id");
          if (id.path(1).intValue() == round) {
            found.put(
                id.path(0).intValue() * GENERATIONS_MAX + id.path(2).intValue(), list(document));
          }
        }
        after = page.path("after").textValue();
      } while (after != null);
    } catch (IOException e) {
      return false;
    }
    for (int slot = 0; slot < SLOTS; slot++) {
      for (int generation = 0; generation <= generations.get(slot); generation++) {
        int key = slot * GENERATIONS_MAX + generation;
        begun.read(key, found.getOrDefault(key, List.of()));
      }
    }
    begun.end(End.COMMITTED);
    return true;
  }
}
