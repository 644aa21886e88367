package dev.partita.node;

import com.fasterxml.jackson.databind.JsonNode;
import dev.partita.history.History;
import dev.partita.node.document.SessionAction;
import dev.partita.node.index.JsonBytes;
import dev.partita.node.key.PrimaryKey;
import dev.partita.node.partition.Mutation;
import dev.partita.node.query.Document;
import dev.partita.node.query.RangeQuery;
import dev.partita.node.transaction.OneShot;
import dev.partita.node.transaction.OneShotResult;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/// Clients of documents that are lists, in transactions of every kind.
final class ListClients extends HistoryClients {
  static final String COLLECTION = "lists";

  private final int keys;
  private final boolean careless;

  /// @param careless whether they append without checking what they have read: a planted bug
  ListClients(TestCluster cluster, int keys, boolean careless) {
    super(cluster);
    this.keys = keys;
    this.careless = careless;
  }

  @Override
  void run(Node node, History.Begun begun, Random random) {
    switch (random.nextInt(careless ? 2 : 7)) {
      case 0 -> readAll(node, begun);
      case 1 -> appendInOneRequest(node, begun, random);
      case 2 -> readOne(node, begun, random);
      case 3 -> appendToOne(node, begun, random);
      case 4 -> readInSession(node, begun, random);
      default -> appendInSession(node, begun, random);
    }
  }

  private Set<Integer> someKeys(Random random) {
    var some = new TreeSet<Integer>();
    for (int count = 1 + random.nextInt(3); count > 0; count--) {
      some.add(random.nextInt(keys));
    }
    return some;
  }

  private static List<Integer> list(@Nullable JsonBytes document) {
    return list(document == null ? null : TestCluster.json(document.toString()), "list");
  }

  private static JsonBytes document(int key, List<Integer> list) {
    return JsonBytes.of("{\"id\":%d,\"list\":%s}".formatted(key, list));
  }

  /// Reads everything by a range query of now.
  @Override
  void readAll(Node node, History.Begun begun) {
    Map<Integer, List<Integer>> found = new HashMap<>();
    for (Document each : queries(node).range(RangeQuery.of(COLLECTION, 1_000), deadline()).data()) {
      JsonNode json = TestCluster.json(each.json().toString());
      found.put(json.get("id").intValue(), list(json, "list"));
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
    var transactions = oneShots(node);
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
    appended();
  }

  /// @param action reads, or locks and reads
  private List<Integer> read(Node node, SessionAction action, String id, int key) {
    return list(
        send(node, action, id, "{\"collection\":\"%s\",\"id\":%d}".formatted(COLLECTION, key))
            .get("document"),
        "list");
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
    if (appends > 0) {
      appended();
    }
  }
}
