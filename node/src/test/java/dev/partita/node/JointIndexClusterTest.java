package dev.partita.node;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.partita.node.admin.IndexView;
import dev.partita.node.admin.RowsPolicy;
import dev.partita.node.error.DatabaseException;
import dev.partita.node.error.ErrorCode;
import dev.partita.node.index.JsonBytes;
import dev.partita.node.key.PrimaryKey;
import dev.partita.node.partition.Mutation;
import dev.partita.node.partition.MutationResult;
import dev.partita.node.partition.PartitionDescriptor;
import dev.partita.node.partition.ReadSet;
import dev.partita.node.partition.Request;
import dev.partita.node.partition.Response;
import dev.partita.node.partition.Transaction;
import dev.partita.node.partition.TransactionId;
import dev.partita.node.query.IndexHit;
import dev.partita.node.query.IndexQuery;
import dev.partita.node.query.Order;
import dev.partita.node.query.Page;
import dev.partita.node.routing.JointIndex;
import dev.partita.node.time.Timestamp;
import dev.partita.node.transaction.OneShot;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/// Indexes whose fields lie in two column groups. Each test has a collection, and an index, of its
/// own name.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class JointIndexClusterTest {
  /// Those that have an index from the beginning, made all at once.
  private static final List<String> INDEXED =
      List.of("race", "turns", "parts", "phantom", "pages", "orphan", "blind");

  private static final String WITHOUT_TERMS = "termless";

  private static final String UNIQUE = "unique";
  private static final List<String> NOT_INDEXED = List.of("old", "twice");

  private TestCluster cluster;
  private JointIndexes joint;

  @BeforeAll
  void found(@TempDir Path directory) {
    cluster = TestCluster.founded(directory, 3);
    joint = new JointIndexes(cluster);
    Stream.of(INDEXED, List.of(UNIQUE, WITHOUT_TERMS), NOT_INDEXED)
        .flatMap(List::stream)
        .forEach(joint::order);
    INDEXED.forEach(collection -> joint.index(collection, false, "a", "b"));
    joint.index(UNIQUE, true, "a", "b");
    joint.indexWithoutTerms(WITHOUT_TERMS, "a", "b");
    cluster.createPartition("grown-a", "grown", "{\"columns\":[\"a\",\"more\"]}", 0, 1, 2);
    joint.put("grown", 1, "\"a\":1");
    joint.index("grown", false, "a", "b");
    NOT_INDEXED.forEach(joint::awaitServing);
    joint.put("twice", 1, "\"a\":1,\"b\":1");
    joint.put("twice", 2, "\"a\":1,\"b\":1");
    joint.put("twice", 3, "\"a\":1,\"b\":3");
    joint.index("twice", true, "a", "b");
    Stream.concat(INDEXED.stream(), Stream.of(UNIQUE, WITHOUT_TERMS))
        .forEach(index -> joint.awaitState(index, IndexView.State.READY));
  }

  @AfterAll
  void close() {
    cluster.close();
  }

  private static void assertFails(ErrorCode code, ThrowingCallable statement) {
    assertThatThrownBy(statement)
        .isInstanceOfSatisfying(
            DatabaseException.class, failure -> assertThat(failure.code()).isEqualTo(code));
  }

  @Test
  void itIsBuiltOverWhatIsThereWhileWritesGoOn() throws Exception {
    for (int key = 0; key < 120; key++) {
      String a = key % 3 == 0 ? "" : "\"a\":" + key % 10;
      String b = key % 4 == 0 ? "" : "\"b\":" + key;
      joint.put("old", key, a.isEmpty() || b.isEmpty() ? a + b : a + "," + b);
    }
    Timestamp before = cluster.node(0).oracle().next(1).join().first();
    var stop = new AtomicBoolean();
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<Integer>> writers = new ArrayList<>();
      for (String column : List.of("a", "b")) {
        writers.add(
            threads.submit(() -> {
              int round = 0;
              while (!stop.get()) {
                String member = round % 5 == 0 ? "" : "\"%s\":%d".formatted(column, round % 10);
                joint.put("old", 7L * round % 130, member, column);
                round++;
              }
              return round;
            }));
      }
      try {
        joint.index("old", false, "a", "b");
        joint.awaitState("old", IndexView.State.READY);
      } finally {
        stop.set(true);
      }
      for (Future<Integer> writer : writers) {
        assertThat(writer.get()).isPositive();
      }
    }
    assertThat(joint.assertExact(1, "old", null)).hasSizeGreaterThan(50);
    assertFails(
        ErrorCode.INDEX_NOT_READY,
        () -> joint.hits(0, IndexQuery.of("old", List.of(), 10).withAt(before)));
    await()
        .atMost(TestCluster.PATIENCE)
        .untilAsserted(() -> assertThat(joint.view("old").entries()).isGreaterThan(50));
  }

  @Test
  void writersOfBothGroupsOfADocumentLeaveOneEntry() throws Exception {
    for (int key = 0; key < 4; key++) {
      joint.put("race", key, "\"a\":0,\"b\":0");
    }
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<?>> writers = new ArrayList<>();
      for (int client = 0; client < 4; client++) {
        String column = client % 2 == 0 ? "a" : "b";
        boolean requests = client < 2;
        int node = client % 3;
        writers.add(
            threads.submit(() -> {
              for (int round = 1; round <= 24; round++) {
                Mutation put = JointIndexes.put(round % 4, "\"%s\":%d".formatted(column, round));
                if (requests) {
                  run(node, new OneShot.Write("race", put, List.of(column)));
                } else {
                  assertThat(joint.write(node, "race", put, column))
                      .isInstanceOf(MutationResult.Written.class);
                }
              }
            }));
      }
      for (Future<?> writer : writers) {
        writer.get();
      }
    }
    assertThat(joint.assertExact(2, "race", null)).hasSize(4);
  }

  /// A request, which is tried as often as others are in the way.
  private void run(int node, OneShot.Write... writes) {
    OneShot request = new OneShot(null, List.of(), List.of(), List.of(writes));
    await()
        .atMost(TestCluster.PATIENCE)
        .until(() -> {
          try {
            var _ = HistoryClients.oneShots(cluster.node(node)).run(request, cluster.deadline());
            return true;
          } catch (DatabaseException e) {
            if (e.code() == ErrorCode.SERIALIZATION_FAILURE) {
              return false;
            }
            throw e;
          }
        });
  }

  @Test
  void theSecondOfTwoSessionsThatWriteOneDocumentHasSeenTheFirst() {
    for (boolean order : List.of(true, false)) {
      joint.put("turns", 1, "\"a\":1,\"b\":1");
      String first = order ? "a" : "b";
      String second = order ? "b" : "a";
      var one = joint.session(0);
      var other = joint.session(1);
      one.put("turns", 1, "\"%s\":2".formatted(first), first);
      other.put("turns", 1, "\"%s\":3".formatted(second), second);
      one.commit();
      assertFails(ErrorCode.SERIALIZATION_FAILURE, other::commit);
      var again = joint.session(1);
      again.put("turns", 1, "\"%s\":3".formatted(second), second);
      again.commit();
      assertThat(joint.assertExact(2, "turns", null))
          .containsExactly("{\"id\":1,\"a\":%d,\"b\":%d}".formatted(order ? 2 : 3, order ? 3 : 2));
    }
    // Of members that the index does not have nobody is in the way of anybody.
    var one = joint.session(0);
    var other = joint.session(1);
    one.put("turns", 1, "\"more\":1", "more");
    other.put("turns", 1, "\"b\":5", "b");
    other.commit();
    one.commit();
    assertThat(joint.assertExact(0, "turns", null))
        .containsExactly("{\"id\":1,\"a\":3,\"more\":1,\"b\":5}");
  }

  @Test
  void whatADocumentDoesNotHaveIsMissingInTheIndex() {
    joint.put("parts", 1, "\"a\":1");
    joint.put("parts", 2, "\"b\":1", "b");
    joint.put("parts", 3, "\"more\":1");
    joint.put("parts", 4, "");
    joint.put("parts", 5, "\"a\":1,\"b\":1");
    assertThat(joint.assertExact(0, "parts", null)).hasSize(3);
    assertThat(joint.keys(1, "parts", 1)).containsExactly("1", "5");
    joint.put("parts", 5, "\"a\":1");
    joint.put("parts", 1, "\"b\":2", "b");
    joint.put("parts", 2, "", "b");
    joint.put("parts", 3, "\"a\":2,\"more\":1", "a", "more");
    assertThat(joint.assertExact(1, "parts", null))
        .containsExactly(
            "{\"id\":5,\"a\":1}", "{\"id\":1,\"a\":1,\"b\":2}", "{\"id\":3,\"more\":1,\"a\":2}");
    var session = joint.session(2);
    session.put("parts", 6, "\"b\":6", "b");
    session.put("parts", 1, "\"a\":6", "a");
    session.delete("parts", 5);
    assertThat(session.index("parts", "6")).containsExactly("{\"id\":1,\"a\":6,\"b\":2}");
    assertThat(session.index("parts", ""))
        .containsExactly(
            "{\"id\":6,\"b\":6}", "{\"id\":3,\"more\":1,\"a\":2}", "{\"id\":1,\"a\":6,\"b\":2}");
    session.commit();
    assertThat(joint.assertExact(0, "parts", null)).hasSize(3);
    for (long key = 1; key <= 6; key++) {
      assertThat(joint.write(0, "parts", Mutation.delete(PrimaryKey.of(key))))
          .isInstanceOf(MutationResult.Written.class);
    }
    assertThat(joint.assertExact(0, "parts", null)).isEmpty();
  }

  @Test
  void withoutTermsItHasADocumentForAsLongAsThereIsARowOfIt() {
    joint.put("termless", 1, "\"a\":1,\"b\":1");
    joint.put("termless", 2, "\"b\":1", "b");
    joint.put("termless", 3, "\"more\":1");
    joint.put("termless", 4, "");
    assertThat(joint.assertExact(0, "termless", null)).hasSize(4);
    joint.put("termless", 1, "", "a");
    joint.put("termless", 1, "", "b");
    joint.put("termless", 2, "\"a\":1");
    assertThat(joint.assertExact(1, "termless", null)).hasSize(4);
    for (long key = 1; key <= 4; key++) {
      assertThat(joint.write(0, "termless", Mutation.delete(PrimaryKey.of(key))))
          .isInstanceOf(MutationResult.Written.class);
    }
    assertThat(joint.assertExact(2, "termless", null)).isEmpty();
  }

  @Test
  void aMatchThatComesAfterTheLookIsInTheWay() {
    joint.put("phantom", 1, "\"a\":1,\"b\":1");
    var disturbed = joint.session(0);
    var undisturbed = joint.session(1);
    assertThat(disturbed.index("phantom", "8,7")).isEmpty();
    assertThat(undisturbed.index("phantom", "9,7")).isEmpty();
    disturbed.put("phantom", 10, "\"more\":1", "more");
    undisturbed.put("phantom", 11, "\"more\":1", "more");
    joint.put("phantom", 1, "\"b\":7", "b");
    joint.put("phantom", 1, "\"a\":8", "a");
    assertFails(ErrorCode.SERIALIZATION_FAILURE, disturbed::commit);
    undisturbed.commit();
  }

  @Test
  void pagesHaveEveryEntryOnceInBothDirectionsAndInThePast() {
    for (int key = 0; key < 24; key++) {
      joint.put("pages", key, "\"a\":%d,\"b\":\"%s\"".formatted(key % 2, "x".repeat(key % 3)));
    }
    Timestamp at = joint.hits(0, IndexQuery.of("pages", List.of(), 1)).at();
    List<String> then = joint.assertExact(1, "pages", at);
    assertThat(then).hasSize(24);
    for (int key = 0; key < 24; key += 2) {
      joint.put("pages", key, "\"b\":\"y\"", "b");
      joint.put("pages", key + 1, "\"a\":5", "a");
    }
    assertThat(joint.assertExact(0, "pages", at)).isEqualTo(then);
    for (Order order : Order.values()) {
      for (int limit : List.of(1, 5)) {
        List<String> expected =
            order == Order.ASCENDING ? joint.assertExact(2, "pages", at) : then.reversed();
        IndexQuery query =
            IndexQuery.of("pages", List.of(), limit).withOrder(order).withDocuments();
        List<String> forward = new ArrayList<>();
        Page<IndexHit> page = joint.hits(1, query.withAt(at));
        forward.addAll(documents(page));
        while (page.after() != null) {
          page = joint.hits(1, query.withCursor(page.after()));
          forward.addAll(documents(page));
        }
        assertThat(forward).isEqualTo(expected);
        List<String> backward = new ArrayList<>(documents(page).reversed());
        while (page.before() != null) {
          page = joint.hits(2, query.withCursor(page.before()));
          backward.addAll(documents(page).reversed());
        }
        assertThat(backward).isEqualTo(expected.reversed());
      }
    }
    List<IndexHit> some =
        joint
            .hits(
                0,
                IndexQuery.of("pages", JointIndexes.data(1, "x"), 100)
                    .withAt(at)
                    .withDocuments()
                    .withColumns(List.of("b")))
            .data();
    assertThat(some)
        .hasSize(4)
        .allMatch(
            hit -> requireNonNull(hit.document()).json().toString().endsWith(",\"b\":\"x\"}"));
  }

  private static List<String> documents(Page<IndexHit> page) {
    return page.data().stream()
        .map(hit -> requireNonNull(hit.document()).json().toString())
        .toList();
  }

  @Test
  void termsInTwoGroupsAreUniqueInTheWholeCollection() {
    joint.put("unique", 1, "\"a\":1,\"b\":1");
    assertViolated(joint.write(0, "unique", JointIndexes.put(2, "\"a\":1,\"b\":1")));
    joint.put("unique", 2, "\"a\":1");
    assertViolated(joint.write(1, "unique", JointIndexes.put(2, "\"b\":1"), "b"));
    joint.put("unique", 3, "\"b\":1", "b");
    assertViolated(joint.write(2, "unique", JointIndexes.put(3, "\"a\":1"), "a"));
    assertFails(
        ErrorCode.UNIQUE_VIOLATION,
        () ->
            HistoryClients.oneShots(cluster.node(1))
                .run(
                    new OneShot(
                        null,
                        List.of(),
                        List.of(),
                        List.of(
                            new OneShot.Write(
                                "unique", JointIndexes.put(3, "\"a\":1"), List.of("a")))),
                    cluster.deadline()));
    var session = joint.session(0);
    session.put("unique", 3, "\"a\":1", "a", "more");
    assertFails(ErrorCode.UNIQUE_VIOLATION, session::commit);
    // What is given up in one group is free.
    joint.put("unique", 1, "\"b\":2", "b");
    joint.put("unique", 3, "\"a\":1", "a");
    assertViolated(joint.write(0, "unique", JointIndexes.put(1, "\"b\":1"), "b"));
    // Both at once.
    run(
        2,
        new OneShot.Write("unique", JointIndexes.put(1, "\"b\":1"), List.of("b")),
        new OneShot.Write("unique", JointIndexes.put(3, "\"b\":2"), List.of("b")));
    assertThat(joint.assertExact(0, "unique", null)).hasSize(3);
  }

  private static void assertViolated(MutationResult result) {
    assertThat(result).isInstanceOf(MutationResult.UniqueViolation.class);
  }

  @Test
  void documentsWithTheSameTermsFailAUniqueIndex() {
    joint.awaitState("twice", IndexView.State.FAILED);
    assertThat(joint.view("twice").message()).contains("The documents", " 1 ", "[1,1]");
    // What has failed stands in nobody's way.
    await().atMost(TestCluster.PATIENCE).untilAsserted(() -> joint.put("twice", 2, "\"b\":3", "b"));
  }

  @Test
  void aGroupThatComesOrGoesIsInTheIndexOrNotAnyMore() {
    joint.awaitState("grown", IndexView.State.READY);
    assertThat(joint.assertExact(0, "grown", null)).hasSize(1);
    cluster.createPartition("grown-b", "grown", "{\"columns\":[\"b\"]}", 2, 1, 0);
    joint.put("grown", 1, "\"b\":2", "b");
    joint.put("grown", 2, "\"b\":2", "b");
    assertComesTo("grown", "{\"id\":2,\"b\":2}", "{\"id\":1,\"a\":1,\"b\":2}");
    cluster.admin().deletePartition("grown-b", RowsPolicy.RETAIN, cluster.deadline());
    assertComesTo("grown", "{\"id\":1,\"a\":1}");
    cluster.createPartition("grown-c", "grown", "{\"columns\":[\"b\"]}", 2, 1, 0);
    assertComesTo("grown", "{\"id\":2,\"b\":2}", "{\"id\":1,\"a\":1,\"b\":2}");
  }

  private void assertComesTo(String index, String... documents) {
    await()
        .atMost(TestCluster.PATIENCE)
        .ignoreExceptions()
        .untilAsserted(() -> {
          assertThat(joint.view(index).state()).isEqualTo(IndexView.State.READY);
          assertThat(joint.assertExact(2, index, null)).containsExactly(documents);
        });
  }

  /// What the parts of a coordinator that is gone have prepared: a column and its joint row.
  @Test
  void anOrphanIsInTheDocumentAndInTheIndexOrInNeither() {
    for (long key = 1; key <= 2; key++) {
      joint.put("orphan", key, "\"a\":1,\"b\":1");
    }
    var whole = new Orphan();
    assertThat(whole.prepareColumn(1)).isInstanceOf(Response.Prepared.class);
    assertThat(whole.prepareRow(1)).isInstanceOf(Response.Prepared.class);
    assertThat(joint.keys(1, "orphan", 9)).containsExactly("1");
    assertThat(joint.assertExact(2, "orphan", null))
        .containsExactly("{\"id\":2,\"a\":1,\"b\":1}", "{\"id\":1,\"a\":9,\"b\":1}");
    var half = new Orphan();
    assertThat(half.prepareRow(2)).isInstanceOf(Response.Prepared.class);
    assertThat(joint.keys(0, "orphan", 9)).containsExactly("1");
    assertThat(joint.assertExact(0, "orphan", null)).hasSize(2);
    assertThat(half.prepareColumn(2)).isNotInstanceOf(Response.Prepared.class);
  }

  private final class Orphan {
    private final JointIndex index = cluster.node(0).router().jointIndexes("orphan").getFirst();
    private final PartitionDescriptor column = index.groups().getFirst();
    private final Transaction transaction;

    Orphan() {
      Timestamp now = cluster.node(0).oracle().next(1).join().first();
      transaction =
          new Transaction(
              TransactionId.random(), now, now, List.of(column.id(), index.partition().id()));
    }

    Response prepareColumn(long key) {
      return prepare(column, Set.of(index.definition().id()), JointIndexes.put(key, "\"a\":9"));
    }

    Response prepareRow(long key) {
      return prepare(index.partition(), Set.of(), JointIndexes.put(key, "\"a\":9,\"b\":1"));
    }

    private Response prepare(PartitionDescriptor partition, Set<Long> claims, Mutation mutation) {
      return cluster
          .node(0)
          .router()
          .call(
              partition,
              new Request.Prepare(
                  partition.id(),
                  partition.epoch(),
                  transaction,
                  ReadSet.nothing(transaction.started()),
                  List.of(mutation),
                  claims,
                  List.of()),
              cluster.deadline());
    }
  }

  @Test
  void onlyWhoSeesToTheJointRowWritesItsColumns() {
    joint.put("blind", 1, "\"a\":1,\"b\":1");
    assertThat(blind("{\"id\":1,\"a\":2}")).isInstanceOf(MutationResult.Unclaimed.class);
    assertThat(blind(null)).isInstanceOf(MutationResult.Unclaimed.class);
    assertThat(blind("{\"id\":1,\"a\":1,\"more\":2}")).isInstanceOf(MutationResult.Written.class);
    assertThat(joint.assertExact(0, "blind", null))
        .containsExactly("{\"id\":1,\"a\":1,\"more\":2,\"b\":1}");
    // An entry that is not possible is no fault of the index but of the document.
    assertThat(
            joint.write(
                1, "blind", JointIndexes.put(1, "\"b\":\"%s\"".formatted("x".repeat(5_000))), "b"))
        .isInstanceOf(MutationResult.Invalid.class);
    assertThat(joint.assertExact(0, "blind", null)).hasSize(1);
  }

  private MutationResult blind(@Nullable String row) {
    PartitionDescriptor group =
        requireNonNull(cluster.node(0).router().columnGroups("blind")).all().getFirst();
    PrimaryKey key = PrimaryKey.of(1L);
    Mutation mutation = row == null ? Mutation.delete(key) : Mutation.put(key, JsonBytes.of(row));
    Response response =
        cluster
            .node(0)
            .router()
            .call(
                group,
                new Request.Write(group.id(), group.epoch(), List.of(mutation), true),
                cluster.deadline());
    return ((Response.Writes) response).results().getFirst();
  }
}
