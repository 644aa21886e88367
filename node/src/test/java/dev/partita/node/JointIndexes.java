package dev.partita.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.partita.node.admin.IndexSpec;
import dev.partita.node.admin.IndexView;
import dev.partita.node.admin.PartitionSpec;
import dev.partita.node.document.SessionAction;
import dev.partita.node.index.IndexDefinition;
import dev.partita.node.index.IndexEntries;
import dev.partita.node.index.IndexEntry;
import dev.partita.node.index.JsonBytes;
import dev.partita.node.index.JsonData;
import dev.partita.node.key.Datum;
import dev.partita.node.key.PrimaryKey;
import dev.partita.node.partition.Mutation;
import dev.partita.node.partition.MutationResult;
import dev.partita.node.query.Document;
import dev.partita.node.query.IndexHit;
import dev.partita.node.query.IndexQuery;
import dev.partita.node.query.Page;
import dev.partita.node.query.Queries;
import dev.partita.node.query.RangeQuery;
import dev.partita.node.time.Timestamp;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// Collections with the column groups `a, more` and `b`, and indexes over both of them.
final class JointIndexes {
  private final TestCluster cluster;

  JointIndexes(TestCluster cluster) {
    this.cluster = cluster;
  }

  void order(String collection) {
    order(collection + "-a", collection, "\"a\",\"more\"", 0, 1, 2);
    order(collection + "-b", collection, "\"b\"", 2, 1, 0);
  }

  private void order(String name, String collection, String columns, int... nodes) {
    cluster
        .admin()
        .putPartition(
            name,
            new PartitionSpec(
                collection,
                TestCluster.json("{\"columns\":[%s]}".formatted(columns)),
                IntStream.of(nodes).mapToObj(cluster::id).toList()),
            cluster.deadline());
  }

  void awaitServing(String collection) {
    cluster.awaitActive(collection + "-a");
    cluster.awaitActive(collection + "-b");
  }

  void index(String collection, boolean unique, String... terms) {
    put(
        new IndexSpec(
            collection, Stream.of(terms).map(IndexSpec.Term::new).toList(), List.of(), unique));
  }

  void indexWithoutTerms(String collection, String... values) {
    put(
        new IndexSpec(
            collection,
            List.of(),
            Stream.of(values).map(value -> new IndexSpec.Value(value, false)).toList(),
            false));
  }

  private void put(IndexSpec spec) {
    cluster.admin().putIndex(spec.collection(), spec, cluster.deadline());
  }

  IndexView view(String index) {
    return cluster.state().indexes().stream()
        .filter(view -> view.name().equals(index))
        .findFirst()
        .orElseThrow();
  }

  void awaitState(String index, IndexView.State state) {
    await()
        .atMost(TestCluster.PATIENCE)
        .ignoreExceptions()
        .untilAsserted(() -> assertThat(view(index).state()).isEqualTo(state));
  }

  static Mutation put(long key, String members) {
    return Mutation.put(
        PrimaryKey.of(key),
        JsonBytes.of("{\"id\":%d%s}".formatted(key, members.isEmpty() ? "" : "," + members)));
  }

  MutationResult write(int through, String collection, Mutation mutation, String... columns) {
    return TestCluster.documents(cluster.node(through))
        .write(
            collection,
            mutation,
            columns.length == 0 ? null : List.of(columns),
            cluster.deadline());
  }

  void put(String collection, long key, String members, String... columns) {
    assertThat(write((int) (key % 3), collection, put(key, members), columns))
        .isInstanceOf(MutationResult.Written.class);
  }

  Queries queries(int node) {
    return HistoryClients.queries(cluster.node(node));
  }

  Page<IndexHit> hits(int node, IndexQuery query) {
    return queries(node).index(query, cluster.deadline());
  }

  /// The keys of the entries with these terms.
  List<String> keys(int node, String index, Object... terms) {
    return hits(node, IndexQuery.of(index, data(terms), 1_000)).data().stream()
        .map(hit -> hit.key().toString())
        .toList();
  }

  static List<Datum> data(Object... terms) {
    return Stream.of(terms)
        .map(term ->
            term instanceof Integer number ? Datum.of((long) number) : Datum.of((String) term))
        .toList();
  }

  IndexDefinition definition(String index) {
    return Objects.requireNonNull(cluster.node(0).router().index(index));
  }

  /// An entry and the document at it.
  private record Expected(IndexEntry entry, PrimaryKey key) {}

  /// Makes sure that the index has an entry for what each document is at the same timestamp, and no
  /// other.
  ///
  /// @param at null for now
  List<String> assertExact(int node, String index, @Nullable Timestamp at) {
    IndexDefinition definition = definition(index);
    Page<IndexHit> found =
        hits(node, IndexQuery.of(index, List.of(), 1_000).withAt(at).withDocuments());
    List<Document> documents =
        queries(node)
            .range(
                RangeQuery.of(definition.collection(), 1_000).withAt(found.at()),
                cluster.deadline())
            .data();
    List<Expected> expected = new ArrayList<>();
    for (Document document : documents) {
      IndexEntries.of(definition, document.key(), JsonData.document(document.json()))
          .forEach(entry -> expected.add(new Expected(entry, document.key())));
    }
    expected.sort(Comparator.comparing(each -> each.entry().position()));
    assertThat(found.data())
        .as("entries of " + documents)
        .extracting(IndexHit::position)
        .isEqualTo(expected.stream().map(each -> each.entry().position()).toList());
    for (IndexHit hit : found.data()) {
      assertThat(documents).contains(Objects.requireNonNull(hit.document()));
    }
    return found.data().stream()
        .map(hit -> Objects.requireNonNull(hit.document()).json().toString())
        .toList();
  }

  /// A session whose statements go through one node.
  Session session(int node) {
    return new Session(node);
  }

  final class Session {
    private final int node;
    private final String id;

    Session(int node) {
      this.node = node;
      this.id = send(SessionAction.BEGIN, "", "", "").get("id").textValue();
    }

    private ObjectNode send(SessionAction action, String to, String body, String collection) {
      return cluster
          .node(node)
          .sessions()
          .execute(
              action, to, body.getBytes(StandardCharsets.UTF_8), collection, cluster.deadline());
    }

    void put(String collection, long key, String members, String... columns) {
      String named =
          columns.length == 0 ? "" : ",\"columns\":[\"" + String.join("\",\"", columns) + "\"]";
      send(
          SessionAction.WRITE,
          id,
          "{\"collection\":\"%s\",\"document\":{\"id\":%d%s}%s}"
              .formatted(collection, key, members.isEmpty() ? "" : "," + members, named),
          "");
    }

    void delete(String collection, long key) {
      send(
          SessionAction.WRITE,
          id,
          "{\"collection\":\"%s\",\"delete\":%d}".formatted(collection, key),
          "");
    }

    /// The documents of an index of a collection of the same name, by its first terms.
    List<String> index(String collection, String terms) {
      return send(
              SessionAction.QUERY,
              id,
              "{\"index\":\"%s\",\"terms\":[%s],\"documents\":true}".formatted(collection, terms),
              collection)
          .get("data")
          .valueStream()
          .map(each -> each.path("document"))
          .map(JsonNode::toString)
          .toList();
    }

    void commit() {
      send(SessionAction.COMMIT, id, "", "");
    }
  }
}
