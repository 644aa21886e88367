package dev.partita.node;

import com.fasterxml.jackson.databind.JsonNode;
import dev.partita.history.History;
import dev.partita.node.document.SessionAction;
import dev.partita.node.error.DatabaseException;
import dev.partita.node.error.ErrorCode;
import dev.partita.node.index.JsonBytes;
import dev.partita.node.key.PrimaryKey;
import dev.partita.node.partition.Mutation;
import dev.partita.node.partition.MutationResult;
import dev.partita.node.query.Document;
import dev.partita.node.query.RangeQuery;
import dev.partita.node.time.Timestamp;
import dev.partita.node.transaction.OneShot;
import dev.partita.node.transaction.OneShotResult;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/// Clients of documents with a list in each column group: every list is a key of the history.
final class ColumnClients extends HistoryClients {
  static final String COLLECTION = "divided";

  /// Each is a group of its own.
  static final List<String> COLUMNS = List.of("first", "second");

  private final int documents;

  ColumnClients(TestCluster cluster, int documents) {
    super(cluster);
    this.documents = documents;
  }

  @Override
  void run(Node node, History.Begun begun, Random random) {
    int document = random.nextInt(documents);
    List<String> columns = someColumns(random);
    switch (random.nextInt(6)) {
      case 0 -> readAll(node, begun);
      case 1 -> {
        Document found =
            TestCluster.documents(node)
                .get(COLLECTION, PrimaryKey.of(document), columns, null, deadline());
        see(begun, document, columns, found == null ? null : json(found.json()));
      }
      case 2 -> appendInOneRequest(node, begun, document, columns);
      case 3 -> appendByVersion(node, begun, document, columns);
      case 4 -> appendInSession(node, begun, random, false);
      default -> appendInSession(node, begun, random, true);
    }
  }

  /// @return null for a whole document
  private static @Nullable List<String> someColumns(Random random) {
    return random.nextBoolean() ? null : List.of(COLUMNS.get(random.nextInt(COLUMNS.size())));
  }

  private static int key(int document, String column) {
    return document * COLUMNS.size() + COLUMNS.indexOf(column);
  }

  private static List<String> all(@Nullable List<String> columns) {
    return columns == null ? COLUMNS : columns;
  }

  private static JsonNode json(JsonBytes json) {
    return TestCluster.json(json.toString());
  }

  /// What was read of a document.
  private static Map<String, List<Integer>> see(
      History.Begun begun, int document, @Nullable List<String> columns, @Nullable JsonNode found) {
    var lists = new HashMap<String, List<Integer>>();
    for (String column : all(columns)) {
      lists.put(column, list(found, column));
      begun.read(key(document, column), list(found, column));
    }
    return lists;
  }

  /// The document with a new value in each list.
  private String longer(History.Begun begun, int document, Map<String, List<Integer>> lists) {
    var members = new ArrayList<String>();
    members.add("\"id\":" + document);
    lists.forEach((column, list) ->
        members.add("\"%s\":%s".formatted(column, longer(begun, key(document, column), list))));
    return "{" + String.join(",", members) + "}";
  }

  @Override
  void readAll(Node node, History.Begun begun) {
    Map<Integer, JsonNode> found = new HashMap<>();
    for (Document each : queries(node).range(RangeQuery.of(COLLECTION, 1_000), deadline()).data()) {
      JsonNode json = json(each.json());
      found.put(json.get("id").intValue(), json);
    }
    for (int document = 0; document < documents; document++) {
      see(begun, document, null, found.get(document));
    }
  }

  private static Mutation.Precondition unchanged(@Nullable Timestamp version) {
    return version == null ? new Mutation.IfAbsent() : new Mutation.IfVersion(version);
  }

  /// Of what it reads the condition is a condition of the request.
  private void appendInOneRequest(
      Node node, History.Begun begun, int document, @Nullable List<String> columns) {
    var item = new OneShot.Item(COLLECTION, PrimaryKey.of(document), columns);
    OneShotResult.Found found =
        oneShots(node)
            .run(new OneShot(null, List.of(item), List.of(), List.of()), deadline())
            .reads()
            .getFirst();
    JsonBytes json = found.document();
    Map<String, List<Integer>> lists =
        see(begun, document, columns, json == null ? null : json(json));
    oneShots(node)
        .run(
            new OneShot(
                null,
                List.of(),
                List.of(new OneShot.Condition(item, unchanged(found.version()))),
                List.of(
                    new OneShot.Write(
                        COLLECTION,
                        Mutation.put(
                            PrimaryKey.of(document), JsonBytes.of(longer(begun, document, lists))),
                        columns))),
            deadline());
    appended();
  }

  /// Of what it reads the version is the condition of the write.
  private void appendByVersion(
      Node node, History.Begun begun, int document, @Nullable List<String> columns) {
    PrimaryKey key = PrimaryKey.of(document);
    var there = TestCluster.documents(node);
    Document found = there.get(COLLECTION, key, columns, null, deadline());
    Map<String, List<Integer>> lists =
        see(begun, document, columns, found == null ? null : json(found.json()));
    MutationResult result =
        there.write(
            COLLECTION,
            Mutation.put(key, JsonBytes.of(longer(begun, document, lists)))
                .when(unchanged(found == null ? null : found.version())),
            columns,
            deadline());
    if (!(result instanceof MutationResult.Written)) {
      throw new DatabaseException(ErrorCode.CONDITION_FAILED, "another one was faster");
    }
    appended();
  }

  private void appendInSession(Node node, History.Begun begun, Random random, boolean locks) {
    String id = send(node, SessionAction.BEGIN, "", "").get("id").textValue();
    int appends = 0;
    int first = random.nextInt(documents);
    for (int document = first; document < documents && document < first + 2; document++) {
      List<String> columns = someColumns(random);
      String named = columns == null ? "" : ",\"columns\":[\"%s\"]".formatted(columns.getFirst());
      JsonNode found =
          send(
                  node,
                  locks ? SessionAction.LOCK : SessionAction.READ,
                  id,
                  "{\"collection\":\"%s\",\"id\":%d%s}".formatted(COLLECTION, document, named))
              .get("document");
      Map<String, List<Integer>> lists = see(begun, document, columns, found);
      if (random.nextInt(3) > 0) {
        send(
            node,
            SessionAction.WRITE,
            id,
            "{\"collection\":\"%s\",\"document\":%s%s}"
                .formatted(COLLECTION, longer(begun, document, lists), named));
        appends++;
      }
    }
    send(node, SessionAction.COMMIT, id, "");
    if (appends > 0) {
      appended();
    }
  }
}
