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
import java.util.stream.IntStream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Partitions of intervals that are made when their first keys are written, on real nodes.
class IntervalClusterTest {
  private static final int WIDTH = 100;
  private static final int CHECKED = 60;

  /// Long enough for an answer, and the test waits for it to pass.
  private static final Duration SOON = Duration.ofMillis(700);

  private static final Duration ATTEMPT = Duration.ofSeconds(10);

  @TempDir static Path directory;

  /// Shared by all tests that leave it as it was.
  private static TestCluster shared;

  private static int declared;

  private final int number = ++declared;
  private final String days = "days" + number;
  private final String events = "events" + number;

  private TestCluster cluster;

  @BeforeEach
  void share() {
    cluster = shared;
  }

  @BeforeAll
  static void found() {
    shared = TestCluster.founded(directory.resolve("shared"), 3);
  }

  @AfterAll
  static void close() {
    shared.close();
  }

  @AfterEach
  void heal() {
    shared.network().heal();
  }

  private void declareFamily(int... home) {
    cluster
        .admin()
        .putPartition(
            days,
            new PartitionSpec(
                events,
                TestCluster.json("{\"range\":{\"origin\":0,\"width\":%d}}".formatted(WIDTH)),
                IntStream.of(home).mapToObj(cluster::id).toList()),
            cluster.deadline());
    await()
        .atMost(TestCluster.PATIENCE)
        .until(() ->
            cluster.running().stream()
                .allMatch(node -> node.catalog().partition(days).isPresent()));
  }

  private static JsonBytes document(long key) {
    return JsonBytes.of(
        "{\"id\":%d,\"code\":%d,\"parity\":%d}".formatted(key, key, Math.floorMod(key, 2)));
  }

  private static Mutation put(long key) {
    return Mutation.put(PrimaryKey.of(key), document(key));
  }

  private void write(int through, long key) {
    TestCluster.documents(cluster.node(through)).write(events, put(key), cluster.deadline());
  }

  private static Queries queries(Node node) {
    return new Queries(node.router(), node.router(), node.oracle(), node.clock());
  }

  private static Changes changes(Node node) {
    return new Changes(node.router(), node.router(), node.oracle(), node.clock());
  }

  private Page<Document> page(Node node) {
    return queries(node).range(RangeQuery.of(events, 1_000), cluster.deadline());
  }

  private static List<Long> keys(Page<Document> page) {
    return page.data().stream()
        .map(document -> ((Datum.Int) document.key().parts().getFirst()).value())
        .toList();
  }

  private List<String> children() {
    return cluster.partition(days).children();
  }

  private static OneShotTransactions transactions(Node node) {
    return new OneShotTransactions(node.router(), node.transactions(), node.oracle(), node.clock());
  }

  @Test
  void aKeyGetsThePartitionOfItsInterval() {
    declareFamily(0, 1, 2);
    Node node = cluster.node(0);
    assertThat(TestCluster.documents(node).get(events, PrimaryKey.of(5), null, cluster.deadline()))
        .isNull();
    assertThat(page(node).data()).isEmpty();
    ChangePosition begin = changes(node).now(events, cluster.deadline());
    assertThat(children()).isEmpty();
    assertThat(cluster.partition(days).home()).hasSize(3);

    write(0, 5);
    write(1, -1);
    write(2, 250);
    TestCluster.documents(node)
        .write(events, List.of(put(6), put(700), put(801)), false, cluster.deadline());

    assertThat(children())
        .containsExactlyInAnyOrder(
            days + "-p0", days + "-p-1", days + "-p2", days + "-p7", days + "-p8");
    for (Node each : cluster.running()) {
      assertThat(keys(page(each))).containsExactly(-1L, 5L, 6L, 250L, 700L, 801L);
      ChangePage seen = changes(each).page(events, begin, 100, false, cluster.deadline());
      assertThat(seen.changes()).extracting(Change::key).hasSize(6).doesNotHaveDuplicates();
    }
    assertThat(
            TestCluster.documents(node).get(events, PrimaryKey.of(-500), null, cluster.deadline()))
        .isNull();
    assertThat(children()).hasSize(5);
    assertThatThrownBy(() ->
            TestCluster.documents(node)
                .write(
                    events,
                    Mutation.put(PrimaryKey.of("text"), JsonBytes.of("{}")),
                    cluster.deadline()))
        .isInstanceOfSatisfying(
            DatabaseException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.NO_PARTITION));
  }

  @Test
  void aNodeThatIsCutOffDoesNotSayThatNothingIsThere() {
    declareFamily(0, 1, 2);
    int cut = (cluster.systemLeader() + 1) % 3;
    int other = (cut + 1) % 3;
    Node node = cluster.node(cut);
    write(other, 1);
    Timestamp before = node.oracle().next(1).join().first();

    cluster.network().isolate(node.id());
    write(other, 4_242);

    assertUnavailable(() ->
        TestCluster.documents(node)
            .get(events, PrimaryKey.of(4_242), null, cluster.deadline(SOON)));
    assertUnavailable(() ->
        queries(node)
            .range(
                RangeQuery.of(events, 10).withRange(PrimaryKey.of(4_000), PrimaryKey.of(5_000)),
                cluster.deadline(SOON)));
    // Of a time up to which it has heard everything it knows.
    assertThat(
            TestCluster.documents(node)
                .get(events, PrimaryKey.of(4_242), before, cluster.deadline()))
        .isNull();
    cluster.network().heal();
    await()
        .atMost(TestCluster.PATIENCE)
        .ignoreExceptions()
        .until(() ->
            TestCluster.documents(node).get(events, PrimaryKey.of(4_242), null, cluster.deadline())
                != null);
  }

  private static void assertUnavailable(ThrowingCallable reading) {
    assertThatThrownBy(reading)
        .isInstanceOfSatisfying(
            DatabaseException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.UNAVAILABLE));
  }

  @Test
  void intervalsHaveIndexesAreSplitAndGoWithTheirFamily() {
    declareFamily(0, 1, 2);
    cluster
        .admin()
        .putIndex(
            "parity" + number,
            new IndexSpec(events, List.of(new IndexSpec.Term("parity")), List.of(), false),
            cluster.deadline());
    cluster
        .admin()
        .putIndex(
            "code" + number,
            new IndexSpec(events, List.of(new IndexSpec.Term("code")), List.of(), true),
            cluster.deadline());
    await()
        .atMost(TestCluster.PATIENCE)
        .until(() ->
            cluster.state().indexes().stream()
                .allMatch(index -> index.state() == IndexView.State.READY));
    for (long key = 0; key < 300; key += 25) {
      write((int) key % 3, key);
    }
    cluster.awaitActive(days + "-p1");
    assertThat(
            cluster
                .run(
                    "split-" + days,
                    OperationSpec.splitPartition(days + "-p1", TestCluster.json("150")))
                .state()
                .name())
        .isEqualTo("DONE");
    write(0, 151);

    assertThat(
            TestCluster.documents(cluster.node(1))
                .write(
                    events,
                    Mutation.put(PrimaryKey.of(900), JsonBytes.of("{\"code\":25}")),
                    cluster.deadline()))
        .isInstanceOf(MutationResult.UniqueViolation.class);
    for (Node node : cluster.running()) {
      assertThat(keys(page(node))).hasSize(13);
      assertThat(
              queries(node)
                  .index(
                      new IndexQuery(
                          "parity" + number,
                          days,
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
            cluster.admin().deletePartition(days + "-p0", RowsPolicy.DELETE, cluster.deadline()))
        .isInstanceOf(DatabaseException.class);
    cluster.admin().deletePartition(days, RowsPolicy.DELETE, cluster.deadline());
    assertThat(cluster.state().partitions())
        .extracting(PartitionView::name)
        .noneMatch(name -> name.startsWith(days));
  }

  @Test
  void firstKeysFromAllNodesMakeOnePartitionEachAlthoughTheSystemLeaderDies() throws Exception {
    try (TestCluster mortal = TestCluster.founded(directory.resolve("mortal"), 3)) {
      cluster = mortal;
      declareFamily(0, 1, 2);
      int intervals = 6;
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
              write(node, number * WIDTH + offset, acknowledged, wrong);
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
                .write(events, put(number * WIDTH + through), cluster.deadline());
          }
        }
      }
      assertThat(children()).hasSize(intervals).doesNotHaveDuplicates();
      for (Node node : cluster.running()) {
        assertThat(keys(page(node))).containsAll(acknowledged).doesNotHaveDuplicates();
      }
    }
  }

  private void write(Node node, long key, Set<Long> acknowledged, Queue<String> wrong) {
    try {
      TestCluster.documents(node).write(events, put(key), cluster.deadline(ATTEMPT));
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
    declareFamily(0, 1, 2);
    int last = 6;
    AtomicInteger written = new AtomicInteger(-1);
    AtomicBoolean done = new AtomicBoolean();
    Queue<Page<Document>> seen = new ConcurrentLinkedQueue<>();
    Queue<String> wrong = new ConcurrentLinkedQueue<>();
    ChangePosition begin = changes(cluster.node(0)).now(events, cluster.deadline());
    List<Change> changed = new ArrayList<>();
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      for (Node node : cluster.running()) {
        threads.execute(() -> watch(node, written, done, seen, wrong));
      }
      threads.execute(() -> {
        ChangePosition position = begin;
        while (!done.get() || changed.size() <= last) {
          Node node = cluster.node(changed.size() % 3);
          ChangePage page = changes(node).page(events, position, 100, false, cluster.deadline());
          changed.addAll(page.changes());
          position = page.position();
        }
      });
      for (int number = 0; number <= last; number++) {
        write(number % 3, (long) number * WIDTH);
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
                      .range(RangeQuery.of(events, 1_000).withAt(each.at()), cluster.deadline())))
          .as("at %s", each.at())
          .isEqualTo(keys(each));
    }
  }

  private void watch(
      Node node,
      AtomicInteger written,
      AtomicBoolean done,
      Queue<Page<Document>> seen,
      Queue<String> wrong) {
    while (!done.get()) {
      int before = written.get();
      Page<Document> page = page(node);
      int after = written.get();
      if (page.data().size() < before + 1) {
        wrong.add("%d of at least %d".formatted(page.data().size(), before + 1));
      }
      seen.add(page);
      long next = (long) (after + 1) * WIDTH;
      boolean was = written.get() > after;
      Document found =
          TestCluster.documents(node)
              .get(events, PrimaryKey.of(next - WIDTH), null, cluster.deadline());
      if (found == null && after >= 0) {
        wrong.add("no row %d, which was written %s".formatted(next - WIDTH, was));
      }
    }
  }

  @Test
  void transactionsWriteInSeveralNewIntervalsAndSeeThatNothingWasThere() {
    declareFamily(0, 1, 2);
    Node node = cluster.node(0);
    List<OneShot.Write> writes =
        List.of(
            new OneShot.Write(events, put(1_000)),
            new OneShot.Write(events, put(2_000)),
            new OneShot.Write(events, put(3_000)));
    List<OneShot.Condition> conditions =
        List.of(
            new OneShot.Condition(
                new OneShot.Item(events, PrimaryKey.of(4_000)), new Mutation.IfAbsent()));
    transactions(node).run(new OneShot(null, List.of(), conditions, writes), cluster.deadline());
    assertThat(keys(page(cluster.node(1)))).containsExactly(1_000L, 2_000L, 3_000L);
    // Looking makes nothing.
    assertThat(children()).hasSize(3);
    write(1, 4_000);
    assertThatThrownBy(() ->
            transactions(cluster.node(2))
                .run(new OneShot(null, List.of(), conditions, writes), cluster.deadline()))
        .isInstanceOfSatisfying(
            DatabaseException.class,
            e -> assertThat(e.code()).isEqualTo(ErrorCode.CONDITION_FAILED));

    // Each reads that the other's row is not there, and writes its own.
    var one = new Client();
    var other = new Client();
    assertThat(one.isMissing(10_000)).isTrue();
    assertThat(other.isMissing(11_000)).isTrue();
    one.put(11_000);
    other.put(10_000);
    one.commit();
    assertConflict(other);

    // What was looked through is checked as well.
    var ranging = new Client();
    ranging.range("\"start\":20000,\"end\":20200");
    ranging.put(30_000);
    write(2, 20_150);
    assertConflict(ranging);

    var endless = new Client();
    endless.range("\"start\":0");
    endless.put(31_000);
    var contradicted = new Client();
    contradicted.range("\"end\":0");
    contradicted.put(32_000);
    endless.commit();
    write(2, -1);
    assertConflict(contradicted);
  }

  private static void assertConflict(Client client) {
    assertThatThrownBy(client::commit)
        .isInstanceOfSatisfying(
            DatabaseException.class,
            e -> assertThat(e.code()).isEqualTo(ErrorCode.SERIALIZATION_FAILURE));
  }

  /// An interactive transaction.
  private final class Client {
    private final String id;

    Client() {
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
              action == SessionAction.QUERY ? events : "",
              cluster.deadline());
    }

    boolean isMissing(long key) {
      return send(
              SessionAction.READ, id, "{\"collection\":\"%s\",\"id\":%d}".formatted(events, key))
          .path("document")
          .isNull();
    }

    void range(String members) {
      send(SessionAction.QUERY, id, "{\"collection\":\"%s\",%s}".formatted(events, members));
    }

    void put(long key) {
      send(
          SessionAction.WRITE,
          id,
          "{\"collection\":\"%s\",\"document\":{\"id\":%d}}".formatted(events, key));
    }

    void commit() {
      send(SessionAction.COMMIT, id, "");
    }
  }
}
