package dev.partita.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.partita.node.admin.IndexSpec;
import dev.partita.node.admin.IndexView;
import dev.partita.node.admin.OperationSpec;
import dev.partita.node.admin.PartitionSpec;
import dev.partita.node.admin.PartitionView;
import dev.partita.node.admin.RowsPolicy;
import dev.partita.node.document.SessionAction;
import dev.partita.node.error.DatabaseException;
import dev.partita.node.error.ErrorCode;
import dev.partita.node.index.JsonBytes;
import dev.partita.node.key.Datum;
import dev.partita.node.key.PrimaryKey;
import dev.partita.node.partition.ChangePosition;
import dev.partita.node.partition.Mutation;
import dev.partita.node.partition.MutationResult;
import dev.partita.node.query.Change;
import dev.partita.node.query.ChangePage;
import dev.partita.node.query.Changes;
import dev.partita.node.query.Document;
import dev.partita.node.query.IndexQuery;
import dev.partita.node.query.Order;
import dev.partita.node.query.Page;
import dev.partita.node.query.Queries;
import dev.partita.node.query.RangeQuery;
import dev.partita.node.time.Timestamp;
import dev.partita.node.transaction.OneShot;
import dev.partita.node.transaction.OneShotTransactions;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Partitions of intervals that are made when their first keys are written, on real nodes.
class IntervalClusterTest {
  private static final String EVENTS = "events";
  private static final int WIDTH = 100;
  private static final int CHECKED = 150;
  private static final Duration ATTEMPT = Duration.ofSeconds(10);

  @TempDir Path directory;

  private TestCluster cluster() {
    TestCluster cluster = TestCluster.founded(directory, 3);
    cluster
        .admin()
        .putPartition(
            "days",
            new PartitionSpec(
                EVENTS,
                TestCluster.json("{\"range\":{\"origin\":0,\"width\":%d}}".formatted(WIDTH)),
                List.of(cluster.id(0), cluster.id(1), cluster.id(2))),
            cluster.deadline());
    await()
        .atMost(TestCluster.PATIENCE)
        .until(() ->
            cluster.running().stream()
                .allMatch(node -> node.catalog().partition("days").isPresent()));
    return cluster;
  }

  private static JsonBytes document(long key) {
    return JsonBytes.of(
        "{\"id\":%d,\"code\":%d,\"parity\":%d}".formatted(key, key, Math.floorMod(key, 2)));
  }

  private static Mutation put(long key) {
    return Mutation.put(PrimaryKey.of(key), document(key));
  }

  private static void write(TestCluster cluster, int through, long key) {
    TestCluster.documents(cluster.node(through)).write(EVENTS, put(key), cluster.deadline());
  }

  private static Queries queries(Node node) {
    return new Queries(node.router(), node.router(), node.oracle(), node.clock());
  }

  private static Changes changes(Node node) {
    return new Changes(node.router(), node.router(), node.oracle(), node.clock());
  }

  private static Page<Document> page(TestCluster cluster, Node node) {
    return queries(node).range(RangeQuery.of(EVENTS, 1_000), cluster.deadline());
  }

  private static List<Long> keys(Page<Document> page) {
    return page.data().stream()
        .map(document -> ((Datum.Int) document.key().parts().getFirst()).value())
        .toList();
  }

  private static List<String> children(TestCluster cluster) {
    return cluster.partition("days").children();
  }

  private static OneShotTransactions transactions(Node node) {
    return new OneShotTransactions(node.router(), node.transactions(), node.oracle(), node.clock());
  }

  @Test
  void aKeyGetsThePartitionOfItsInterval() {
    try (TestCluster cluster = cluster()) {
      Node node = cluster.node(0);
      assertThat(
              TestCluster.documents(node).get(EVENTS, PrimaryKey.of(5), null, cluster.deadline()))
          .isNull();
      assertThat(page(cluster, node).data()).isEmpty();
      ChangePosition begin = changes(node).now(EVENTS, cluster.deadline());
      assertThat(children(cluster)).isEmpty();
      assertThat(cluster.partition("days").home()).hasSize(3);

      write(cluster, 0, 5);
      write(cluster, 1, -1);
      write(cluster, 2, 250);
      TestCluster.documents(node)
          .write(EVENTS, List.of(put(6), put(700), put(801)), false, cluster.deadline());

      assertThat(children(cluster))
          .containsExactlyInAnyOrder("days-p0", "days-p-1", "days-p2", "days-p7", "days-p8");
      for (Node each : cluster.running()) {
        assertThat(keys(page(cluster, each))).containsExactly(-1L, 5L, 6L, 250L, 700L, 801L);
        ChangePage seen = changes(each).page(EVENTS, begin, 100, false, cluster.deadline());
        assertThat(seen.changes()).extracting(Change::key).hasSize(6).doesNotHaveDuplicates();
      }
      assertThat(
              TestCluster.documents(node)
                  .get(EVENTS, PrimaryKey.of(-500), null, cluster.deadline()))
          .isNull();
      assertThat(children(cluster)).hasSize(5);
      assertThatThrownBy(() ->
              TestCluster.documents(node)
                  .write(
                      EVENTS,
                      Mutation.put(PrimaryKey.of("text"), JsonBytes.of("{}")),
                      cluster.deadline()))
          .isInstanceOfSatisfying(
              DatabaseException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.NO_PARTITION));
    }
  }

  @Test
  void aNodeThatIsCutOffDoesNotSayThatNothingIsThere() {
    try (TestCluster cluster = cluster()) {
      int cut = (cluster.systemLeader() + 1) % 3;
      int other = (cut + 1) % 3;
      Node node = cluster.node(cut);
      write(cluster, other, 1);
      Timestamp before = node.oracle().next(1).join().first();

      cluster.network().isolate(node.id());
      write(cluster, other, 4_242);

      assertUnavailable(() ->
          TestCluster.documents(node)
              .get(EVENTS, PrimaryKey.of(4_242), null, cluster.deadline(Duration.ofSeconds(2))));
      assertUnavailable(() ->
          queries(node)
              .range(
                  RangeQuery.of(EVENTS, 10).withRange(PrimaryKey.of(4_000), PrimaryKey.of(5_000)),
                  cluster.deadline(Duration.ofSeconds(2))));
      // Of a time up to which it has heard everything it knows.
      assertThat(
              TestCluster.documents(node)
                  .get(EVENTS, PrimaryKey.of(4_242), before, cluster.deadline()))
          .isNull();
      cluster.network().heal();
      await()
          .atMost(TestCluster.PATIENCE)
          .ignoreExceptions()
          .until(() ->
              TestCluster.documents(node)
                      .get(EVENTS, PrimaryKey.of(4_242), null, cluster.deadline())
                  != null);
    }
  }

  private static void assertUnavailable(ThrowingCallable reading) {
    assertThatThrownBy(reading)
        .isInstanceOfSatisfying(
            DatabaseException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.UNAVAILABLE));
  }

  @Test
  void intervalsHaveIndexesAreSplitAndGoWithTheirFamily() {
    try (TestCluster cluster = cluster()) {
      cluster
          .admin()
          .putIndex(
              "by-parity",
              new IndexSpec(EVENTS, List.of(new IndexSpec.Term("parity")), List.of(), false),
              cluster.deadline());
      cluster
          .admin()
          .putIndex(
              "by-code",
              new IndexSpec(EVENTS, List.of(new IndexSpec.Term("code")), List.of(), true),
              cluster.deadline());
      await()
          .atMost(TestCluster.PATIENCE)
          .until(() ->
              cluster.state().indexes().stream()
                  .allMatch(index -> index.state() == IndexView.State.READY));
      for (long key = 0; key < 300; key += 25) {
        write(cluster, (int) key % 3, key);
      }
      cluster.awaitActive("days-p1");
      assertThat(
              cluster
                  .run("split", OperationSpec.splitPartition("days-p1", TestCluster.json("150")))
                  .state()
                  .name())
          .isEqualTo("DONE");
      write(cluster, 0, 151);

      assertThat(
              TestCluster.documents(cluster.node(1))
                  .write(
                      EVENTS,
                      Mutation.put(PrimaryKey.of(900), JsonBytes.of("{\"code\":25}")),
                      cluster.deadline()))
          .isInstanceOf(MutationResult.UniqueViolation.class);
      for (Node node : cluster.running()) {
        assertThat(keys(page(cluster, node))).hasSize(13);
        assertThat(
                queries(node)
                    .index(
                        new IndexQuery(
                            "by-parity",
                            "days",
                            List.of(Datum.of(1)),
                            Order.ASCENDING,
                            100,
                            null,
                            null,
                            false),
                        cluster.deadline())
                    .data())
            .hasSize(7);
      }
      assertThatThrownBy(() ->
              cluster.admin().deletePartition("days-p0", RowsPolicy.DELETE, cluster.deadline()))
          .isInstanceOf(DatabaseException.class);
      cluster.admin().deletePartition("days", RowsPolicy.DELETE, cluster.deadline());
      assertThat(cluster.state().partitions())
          .extracting(PartitionView::name)
          .noneMatch(name -> name.startsWith("days"));
    }
  }

  @Test
  void firstKeysFromAllNodesMakeOnePartitionEachAlthoughTheSystemLeaderDies() throws Exception {
    try (TestCluster cluster = cluster()) {
      int intervals = 12;
      Set<Long> acknowledged = ConcurrentHashMap.newKeySet();
      Queue<String> wrong = new ConcurrentLinkedQueue<>();
      int victim = cluster.systemLeader();
      List<Node> nodes = cluster.running();
      try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
        for (int through = 0; through < nodes.size(); through++) {
          Node node = nodes.get(through);
          long offset = through;
          threads.execute(() -> {
            for (long number = 0;
                number < intervals && cluster.running().contains(node);
                number++) {
              write(cluster, node, number * WIDTH + offset, acknowledged, wrong);
            }
          });
        }
        await().atMost(TestCluster.PATIENCE).until(() -> acknowledged.size() >= 3);
        cluster.kill(victim);
      }

      assertThat(wrong).isEmpty();
      Node left = cluster.running().getFirst();
      for (long number = 0; number < intervals; number++) {
        for (int through = 0; through < 3; through++) {
          if (through != victim) {
            TestCluster.documents(left)
                .write(EVENTS, put(number * WIDTH + through), cluster.deadline());
          }
        }
      }
      assertThat(children(cluster)).hasSize(intervals).doesNotHaveDuplicates();
      for (Node node : cluster.running()) {
        assertThat(keys(page(cluster, node))).containsAll(acknowledged).doesNotHaveDuplicates();
      }
    }
  }

  private static void write(
      TestCluster cluster, Node node, long key, Set<Long> acknowledged, Queue<String> wrong) {
    try {
      TestCluster.documents(node).write(EVENTS, put(key), cluster.deadline(ATTEMPT));
      acknowledged.add(key);
    } catch (DatabaseException e) {
      // Refused or unknown, because a node dies.
    } catch (RuntimeException e) {
      if (cluster.running().contains(node)) {
        wrong.add(e.toString());
      }
    }
  }

  @Test
  void nobodyWhoSawNothingIsContradictedLater() throws Exception {
    try (TestCluster cluster = cluster()) {
      int last = 9;
      AtomicInteger written = new AtomicInteger(-1);
      AtomicBoolean done = new AtomicBoolean();
      Queue<Page<Document>> seen = new ConcurrentLinkedQueue<>();
      Queue<String> wrong = new ConcurrentLinkedQueue<>();
      ChangePosition begin = changes(cluster.node(0)).now(EVENTS, cluster.deadline());
      List<Change> changed = new ArrayList<>();
      try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
        for (Node node : cluster.running()) {
          threads.execute(() -> watch(cluster, node, written, done, seen, wrong));
        }
        threads.execute(() -> {
          ChangePosition position = begin;
          while (!done.get() || changed.size() <= last) {
            Node node = cluster.node(changed.size() % 3);
            ChangePage page = changes(node).page(EVENTS, position, 100, false, cluster.deadline());
            changed.addAll(page.changes());
            position = page.position();
          }
        });
        for (int number = 0; number <= last; number++) {
          write(cluster, number % 3, (long) number * WIDTH);
          written.set(number);
        }
        done.set(true);
      }

      assertThat(wrong).isEmpty();
      assertThat(seen).isNotEmpty();
      assertThat(changed).hasSize(last + 1);
      Node node = cluster.node(0);
      List<Page<Document>> all = List.copyOf(seen);
      // More than enough of them, from the beginning to the end.
      for (int at = 0; at < all.size(); at += Math.ceilDiv(all.size(), CHECKED)) {
        Page<Document> each = all.get(at);
        assertThat(
                keys(
                    queries(node)
                        .range(RangeQuery.of(EVENTS, 1_000).withAt(each.at()), cluster.deadline())))
            .as("at %s", each.at())
            .isEqualTo(keys(each));
      }
    }
  }

  private static void watch(
      TestCluster cluster,
      Node node,
      AtomicInteger written,
      AtomicBoolean done,
      Queue<Page<Document>> seen,
      Queue<String> wrong) {
    while (!done.get()) {
      int before = written.get();
      Page<Document> page = page(cluster, node);
      int after = written.get();
      if (page.data().size() < before + 1) {
        wrong.add("%d of at least %d".formatted(page.data().size(), before + 1));
      }
      seen.add(page);
      long next = (long) (after + 1) * WIDTH;
      boolean was = written.get() > after;
      Document found =
          TestCluster.documents(node)
              .get(EVENTS, PrimaryKey.of(next - WIDTH), null, cluster.deadline());
      if (found == null && after >= 0) {
        wrong.add("no row %d, which was written %s".formatted(next - WIDTH, was));
      }
    }
  }

  @Test
  void transactionsWriteInSeveralNewIntervalsAndSeeThatNothingWasThere() {
    try (TestCluster cluster = cluster()) {
      Node node = cluster.node(0);
      List<OneShot.Write> writes =
          List.of(
              new OneShot.Write(EVENTS, put(1_000)),
              new OneShot.Write(EVENTS, put(2_000)),
              new OneShot.Write(EVENTS, put(3_000)));
      List<OneShot.Condition> conditions =
          List.of(
              new OneShot.Condition(
                  new OneShot.Item(EVENTS, PrimaryKey.of(4_000)), new Mutation.IfAbsent()));
      transactions(node).run(new OneShot(null, List.of(), conditions, writes), cluster.deadline());
      assertThat(keys(page(cluster, cluster.node(1)))).containsExactly(1_000L, 2_000L, 3_000L);
      write(cluster, 1, 4_000);
      assertThatThrownBy(() ->
              transactions(cluster.node(2))
                  .run(new OneShot(null, List.of(), conditions, writes), cluster.deadline()))
          .isInstanceOfSatisfying(
              DatabaseException.class,
              e -> assertThat(e.code()).isEqualTo(ErrorCode.CONDITION_FAILED));

      // Each reads that the other's row is not there, and writes its own.
      var one = new Client(cluster);
      var other = new Client(cluster);
      assertThat(one.isMissing(10_000)).isTrue();
      assertThat(other.isMissing(11_000)).isTrue();
      one.put(11_000);
      other.put(10_000);
      one.commit();
      assertConflict(other);

      // What was looked through is checked as well.
      var ranging = new Client(cluster);
      ranging.range("\"start\":20000,\"end\":20200");
      ranging.put(30_000);
      write(cluster, 2, 20_150);
      assertConflict(ranging);

      var endless = new Client(cluster);
      endless.range("\"start\":0");
      endless.put(31_000);
      assertThatThrownBy(endless::commit)
          .isInstanceOfSatisfying(
              DatabaseException.class,
              e -> assertThat(e.code()).isEqualTo(ErrorCode.NOT_SUPPORTED));
    }
  }

  private static void assertConflict(Client client) {
    assertThatThrownBy(client::commit)
        .isInstanceOfSatisfying(
            DatabaseException.class,
            e -> assertThat(e.code()).isEqualTo(ErrorCode.SERIALIZATION_FAILURE));
  }

  /// An interactive transaction.
  private static final class Client {
    private final TestCluster cluster;
    private final String id;

    Client(TestCluster cluster) {
      this.cluster = cluster;
      this.id = send(SessionAction.BEGIN, "", "").get("id").textValue();
    }

    private ObjectNode send(SessionAction action, String to, String body) {
      return cluster
          .node(0)
          .sessions()
          .execute(
              action,
              to,
              body.getBytes(StandardCharsets.UTF_8),
              action == SessionAction.QUERY ? EVENTS : "",
              cluster.deadline());
    }

    boolean isMissing(long key) {
      return send(SessionAction.READ, id, "{\"collection\":\"events\",\"id\":%d}".formatted(key))
          .path("document")
          .isNull();
    }

    void range(String members) {
      send(SessionAction.QUERY, id, "{\"collection\":\"events\",%s}".formatted(members));
    }

    void put(long key) {
      send(
          SessionAction.WRITE,
          id,
          "{\"collection\":\"events\",\"document\":{\"id\":%d}}".formatted(key));
    }

    void commit() {
      send(SessionAction.COMMIT, id, "");
    }
  }
}
