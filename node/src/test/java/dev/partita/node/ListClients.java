package dev.partita.node;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.partita.history.History;
import dev.partita.history.History.End;
import dev.partita.node.document.SessionAction;
import dev.partita.node.error.DatabaseException;
import dev.partita.node.error.ErrorCode;
import dev.partita.node.index.JsonBytes;
import dev.partita.node.key.PrimaryKey;
import dev.partita.node.partition.Mutation;
import dev.partita.node.query.Document;
import dev.partita.node.query.Queries;
import dev.partita.node.query.RangeQuery;
import dev.partita.node.time.Deadline;
import dev.partita.node.transaction.OneShot;
import dev.partita.node.transaction.OneShotResult;
import dev.partita.node.transaction.OneShotTransactions;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/// Clients that read lists and append to them through whatever nodes run, in transactions of every
/// kind, and write down what they have seen.
final class ListClients {
  static final String COLLECTION = "lists";

  private final TestCluster cluster;
  private final int keys;
  private final boolean careless;
  private final History history = new History();
  private final AtomicInteger values = new AtomicInteger();
  private final AtomicInteger committed = new AtomicInteger();
  private final AtomicBoolean over = new AtomicBoolean();

  /// @param careless whether they append without checking what they have read: a planted bug
  ListClients(TestCluster cluster, int keys, boolean careless) {
    this.cluster = cluster;
    this.keys = keys;
    this.careless = careless;
  }

  History history() {
    return history;
  }

  /// Transactions that have appended something.
  int committed() {
    return committed.get();
  }

  void stop() {
    over.set(true);
  }

  void runUntilStopped(int process, long seed) {
    var random = new Random(seed);
    while (!over.get()) {
      List<Node> running = cluster.running();
      if (!running.isEmpty()) {
        run(running.get(random.nextInt(running.size())), process, random);
      }
    }
  }

  private void run(Node node, int process, Random random) {
    History.Begun begun = history.begin(process);
    try {
      switch (random.nextInt(careless ? 2 : 7)) {
        case 0 -> readAll(node, begun);
        case 1 -> appendInOneRequest(node, begun, random);
        case 2 -> readOne(node, begun, random);
        case 3 -> appendToOne(node, begun, random);
        case 4 -> readInSession(node, begun, random);
        default -> appendInSession(node, begun, random);
      }
      begun.end(End.COMMITTED);
    } catch (DatabaseException e) {
      begun.end(e.code() == ErrorCode.OUTCOME_UNKNOWN ? End.UNKNOWN : End.ABORTED);
    } catch (RuntimeException e) {
      // The node was killed under the client.
      begun.end(End.UNKNOWN);
    }
  }

  private Deadline deadline() {
    return cluster.deadline(Duration.ofSeconds(6));
  }

  private Set<Integer> someKeys(Random random) {
    var some = new TreeSet<Integer>();
    for (int count = 1 + random.nextInt(3); count > 0; count--) {
      some.add(random.nextInt(keys));
    }
    return some;
  }

  private static List<Integer> list(@Nullable JsonNode document) {
    var list = new ArrayList<Integer>();
    if (document != null && !document.isNull()) {
      document.get("list").forEach(value -> list.add(value.intValue()));
    }
    return list;
  }

  private static List<Integer> list(@Nullable JsonBytes document) {
    return list(document == null ? null : TestCluster.json(document.toString()));
  }

  private static JsonBytes document(int key, List<Integer> list) {
    return JsonBytes.of("{\"id\":%d,\"list\":%s}".formatted(key, list));
  }

  /// The list with a new value at its end.
  private List<Integer> longer(History.Begun begun, int key, List<Integer> list) {
    int value = values.incrementAndGet();
    var more = new ArrayList<>(list);
    more.add(value);
    begun.append(key, value);
    return more;
  }

  /// Reads everything by a range query of now.
  void readAll(Node node, History.Begun begun) {
    var queries = new Queries(node.router(), node.router(), node.oracle(), node.clock());
    Map<Integer, List<Integer>> found = new HashMap<>();
    for (Document each : queries.range(RangeQuery.of(COLLECTION, 1_000), deadline()).data()) {
      JsonNode json = TestCluster.json(each.json().toString());
      found.put(json.get("id").intValue(), list(json));
    }
    for (int key = 0; key < keys; key++) {
      begun.read(key, found.getOrDefault(key, List.of()));
    }
  }

  private void readOne(Node node, History.Begun begun, Random random) {
    int key = random.nextInt(keys);
    Document found =
        TestCluster.documents(node).get(COLLECTION, PrimaryKey.of(key), null, deadline());
    begun.read(key, list(found == null ? null : found.json()));
  }

  private void appendToOne(Node node, History.Begun begun, Random random) {
    int key = random.nextInt(keys);
    appendTo(node, begun, Set.of(key));
  }

  private void appendInOneRequest(Node node, History.Begun begun, Random random) {
    appendTo(node, begun, someKeys(random));
  }

  private void appendTo(Node node, History.Begun begun, Set<Integer> some) {
    var transactions =
        new OneShotTransactions(node.router(), node.transactions(), node.oracle(), node.clock());
    var items = some.stream().map(key -> new OneShot.Item(COLLECTION, PrimaryKey.of(key))).toList();
    OneShotResult read =
        transactions.run(new OneShot(null, items, List.of(), List.of()), deadline());
    var conditions = new ArrayList<OneShot.Condition>();
    var writes = new ArrayList<OneShot.Write>();
    int at = 0;
    for (int key : some) {
      OneShotResult.Found found = read.reads().get(at);
      List<Integer> before = list(found.document());
      begun.read(key, before);
      if (!careless) {
        conditions.add(
            new OneShot.Condition(
                items.get(at),
                found.version() == null
                    ? new Mutation.IfAbsent()
                    : new Mutation.IfVersion(found.version())));
      }
      writes.add(
          new OneShot.Write(
              COLLECTION,
              Mutation.put(PrimaryKey.of(key), document(key, longer(begun, key, before)))));
      at++;
    }
    transactions.run(new OneShot(null, List.of(), conditions, writes), deadline());
    committed.incrementAndGet();
  }

  private ObjectNode send(Node node, SessionAction action, String id, String body) {
    return node.sessions()
        .execute(action, id, body.getBytes(StandardCharsets.UTF_8), "", deadline());
  }

  /// @param action reads, or locks and reads
  private List<Integer> read(Node node, SessionAction action, String id, int key) {
    return list(
        send(node, action, id, "{\"collection\":\"%s\",\"id\":%d}".formatted(COLLECTION, key))
            .get("document"));
  }

  private void readInSession(Node node, History.Begun begun, Random random) {
    String id = send(node, SessionAction.BEGIN, "", "{\"readOnly\":true}").get("id").textValue();
    for (int key : someKeys(random)) {
      begun.read(key, read(node, SessionAction.READ, id, key));
    }
    send(node, SessionAction.COMMIT, id, "");
  }

  private void appendInSession(Node node, History.Begun begun, Random random) {
    String id = send(node, SessionAction.BEGIN, "", "").get("id").textValue();
    int appends = 0;
    for (int key : someKeys(random)) {
      boolean append = random.nextBoolean();
      List<Integer> before =
          read(
              node,
              append && random.nextBoolean() ? SessionAction.LOCK : SessionAction.READ,
              id,
              key);
      begun.read(key, before);
      if (append) {
        List<Integer> more = longer(begun, key, before);
        send(
            node,
            SessionAction.WRITE,
            id,
            "{\"collection\":\"%s\",\"document\":%s}".formatted(COLLECTION, document(key, more)));
        appends++;
      }
    }
    send(node, SessionAction.COMMIT, id, "");
    committed.addAndGet(appends > 0 ? 1 : 0);
  }
}
