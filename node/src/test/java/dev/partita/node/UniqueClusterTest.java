package dev.partita.node;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.partita.node.admin.IndexView;
import dev.partita.node.admin.OperationSpec;
import dev.partita.node.admin.OperationView;
import dev.partita.node.admin.PartitionView;
import dev.partita.node.admin.PartitionView.ReplicaView;
import dev.partita.node.admin.RowsPolicy;
import dev.partita.node.document.Documents.Outcome;
import dev.partita.node.document.SessionAction;
import dev.partita.node.error.DatabaseException;
import dev.partita.node.error.ErrorCode;
import dev.partita.node.index.JsonBytes;
import dev.partita.node.key.PrimaryKey;
import dev.partita.node.partition.Mutation;
import dev.partita.node.partition.MutationResult;
import dev.partita.node.partition.Response;
import dev.partita.node.transaction.OneShot;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/// Unique indexes over collections of several partitions. Each test has a collection of its own:
/// keys below 100 in one partition, the others in another one.
class UniqueClusterTest extends UniqueCollections {
  /// Those that have an index on their mails from the beginning, made all at once.
  private static final List<String> COLLECTIONS =
      List.of("people", "race", "batch", "moved", "slow", "strict", "gone", "parts");

  @Override
  List<String> collections() {
    return COLLECTIONS;
  }

  @Test
  void termsAreUniqueOverAllPartitions() {
    assertWritten(write(0, "people", mail(1, "a")));
    assertViolated(write(1, "people", mail(101, "a")));
    assertViolated(write(2, "people", mail(2, "a")));
    assertWritten(write(1, "people", mail(1, "a")));
    assertWritten(write(1, "people", mail(101, "b")));
    assertViolated(write(0, "people", mail(101, "a")));
    // What is given up is free.
    assertWritten(write(2, "people", mail(1, "c")));
    assertWritten(write(0, "people", mail(101, "a")));
    assertWritten(write(1, "people", mail(102, "b")));
    assertWritten(write(0, "people", Mutation.delete(PrimaryKey.of(102))));
    assertWritten(write(2, "people", mail(3, "b")));
    // Terms that are null or missing never collide, and the preconditions of writes hold as ever.
    assertWritten(write(0, "people", put(5, "{\"id\":5,\"mail\":null}")));
    assertWritten(write(0, "people", put(105, "{\"id\":105,\"mail\":null}")));
    assertWritten(write(0, "people", put(106, "{\"id\":106}")));
    assertThat(
            write(0, "people", Mutation.insert(PrimaryKey.of(3), JsonBytes.of("{\"mail\":\"z\"}"))))
        .isInstanceOf(MutationResult.Conflict.class);
    assertWritten(write(0, "people", mail(107, "z")));
  }

  @Test
  void combinationsAndElementsOfArraysAreClaimed() {
    create("tags");
    index("tags", "kind", "names[*]");
    awaitState("tags", IndexView.State.READY);
    assertWritten(write(0, "tags", put(1, "{\"kind\":1,\"names\":[\"x\",\"y\"]}")));
    assertWritten(write(0, "tags", put(101, "{\"kind\":2,\"names\":[\"x\",\"y\"]}")));
    assertViolated(write(1, "tags", put(102, "{\"kind\":1,\"names\":[\"z\",\"y\"]}")));
    assertWritten(write(1, "tags", put(1, "{\"kind\":1,\"names\":[\"x\"]}")));
    assertWritten(write(1, "tags", put(102, "{\"kind\":1,\"names\":[\"z\",\"y\"]}")));
    assertWritten(write(1, "tags", put(103, "{\"kind\":1,\"names\":[null]}")));
    assertWritten(write(1, "tags", put(3, "{\"kind\":1,\"names\":[null]}")));
  }

  @Test
  void ofManyWhoWantTheSameOneHasIt() throws Exception {
    var tasks = new ArrayList<Callable<MutationResult>>();
    for (int term = 0; term < 20; term++) {
      for (int client = 0; client < 6; client++) {
        String mail = "m" + term;
        long key = (client % 2 == 0 ? 0 : 100) + 4L * term + client / 2;
        int through = client % 3;
        tasks.add(() -> write(through, "race", mail(key, mail)));
      }
    }
    List<MutationResult> results = new ArrayList<>();
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      for (Future<MutationResult> future : threads.invokeAll(tasks)) {
        results.add(future.get());
      }
    }
    for (int term = 0; term < 20; term++) {
      List<MutationResult> ofTerm = results.subList(6 * term, 6 * term + 6);
      assertThat(ofTerm)
          .as("who may have m%d", term)
          .filteredOn(MutationResult.Written.class::isInstance)
          .hasSize(1);
      assertThat(ofTerm).filteredOn(MutationResult.UniqueViolation.class::isInstance).hasSize(5);
    }
  }

  @Test
  void batchesTellWhichDocumentsCollide() {
    assertWritten(write(0, "batch", mail(150, "taken")));
    List<Mutation> batch =
        List.of(mail(1, "one"), mail(2, "taken"), mail(101, "two"), mail(102, "one"));
    List<Outcome> outcomes =
        TestCluster.documents(cluster.node(1)).write("batch", batch, false, cluster.deadline());
    assertThat(outcomes).hasSize(4);
    List<MutationResult> results = new ArrayList<>();
    outcomes.forEach(outcome -> {
      assertThat(outcome).isInstanceOf(Outcome.Answered.class);
      results.add(((Outcome.Answered) outcome).result());
    });
    assertViolated(results.get(1));
    assertWritten(results.get(2));
    // Partitions are asked side by side: one of the two has it.
    assertThat(List.of(results.get(0), results.get(3)))
        .filteredOn(MutationResult.Written.class::isInstance)
        .hasSize(1);
    List<Outcome> together =
        TestCluster.documents(cluster.node(2))
            .write("batch", List.of(mail(7, "x"), mail(8, "x")), true, cluster.deadline());
    assertThat(together)
        .noneMatch(
            outcome -> ((Outcome.Answered) outcome).result() instanceof MutationResult.Written);
    assertThat(cluster.text(0, "batch", 7)).isNull();
  }

  private static void assertViolation(Runnable action) {
    assertThatThrownBy(action::run)
        .isInstanceOfSatisfying(
            DatabaseException.class,
            failure -> assertThat(failure.code()).isEqualTo(ErrorCode.UNIQUE_VIOLATION));
  }

  @Test
  void transactionsClaimTogether() {
    oneShots(0).run(writes("moved", mail(1, "a"), mail(101, "b")), cluster.deadline());
    // Terms change hands in one transaction.
    oneShots(1).run(writes("moved", mail(1, "b"), mail(101, "a")), cluster.deadline());
    oneShots(2)
        .run(
            writes("moved", Mutation.delete(PrimaryKey.of(1)), mail(2, "b"), mail(102, "c")),
            cluster.deadline());
    assertViolation(
        () -> oneShots(0).run(writes("moved", mail(3, "new"), mail(103, "c")), cluster.deadline()));
    assertViolation(
        () -> oneShots(0).run(writes("moved", mail(3, "d"), mail(103, "d")), cluster.deadline()));
    assertThat(cluster.text(0, "moved", 3)).isNull();
    assertWritten(write(0, "moved", mail(103, "new")));
    // A name of its own: sent again it is told what it did, although its terms are taken by now.
    OneShot named =
        new OneShot(
            new OneShot.Name("till", 7),
            List.of(),
            List.of(),
            List.of(new OneShot.Write("moved", mail(9, "named"))));
    assertThat(oneShots(0).run(named, cluster.deadline()).repeated()).isFalse();
    assertThat(oneShots(1).run(named, cluster.deadline()).repeated()).isTrue();
  }

  private String send(int through, SessionAction action, String id, String body) {
    return cluster
        .node(through)
        .sessions()
        .execute(action, id, body.getBytes(StandardCharsets.UTF_8), "", cluster.deadline())
        .toString();
  }

  private String begin(int through) {
    return TestCluster.json(send(through, SessionAction.BEGIN, "", "")).get("id").textValue();
  }

  private void write(int through, String id, String collection, long key, String mail) {
    send(
        through,
        SessionAction.WRITE,
        id,
        "{\"collection\":\"%s\",\"document\":{\"id\":%d,\"mail\":\"%s\"}}"
            .formatted(collection, key, mail));
  }

  @Test
  void statementsOneByOneClaimAtTheCommit() {
    assertWritten(write(0, "slow", mail(101, "a")));
    String first = begin(0);
    write(0, first, "slow", 1, "a");
    assertViolation(() -> send(0, SessionAction.COMMIT, first, ""));
    String second = begin(1);
    write(1, second, "slow", 101, "b");
    write(1, second, "slow", 1, "a");
    send(1, SessionAction.COMMIT, second, "");
    assertThat(cluster.text(2, "slow", 1)).contains("\"a\"");
    assertViolated(write(2, "slow", mail(2, "b")));
  }

  @Test
  void whoKnowsNothingOfTheIndexCannotWriteItsTerms() {
    Response blind = cluster.put(0, "strict", 1, "{\"id\":1,\"mail\":\"a\"}");
    assertThat(blind)
        .isInstanceOfSatisfying(
            Response.Writes.class,
            writes ->
                assertThat(writes.results()).hasOnlyElementsOfType(MutationResult.Unclaimed.class));
    assertWritten(write(0, "strict", mail(1, "a")));
    assertThat(cluster.put(0, "strict", 1, "{\"id\":1,\"mail\":\"a\",\"more\":1}"))
        .isInstanceOfSatisfying(
            Response.Writes.class,
            writes ->
                assertThat(writes.results()).hasOnlyElementsOfType(MutationResult.Written.class));
    // Claims are nobody's rows.
    String claims = "~" + view("strict").id();
    assertThatThrownBy(() -> cluster.get(0, claims, 1))
        .isInstanceOfSatisfying(
            DatabaseException.class,
            failure -> assertThat(failure.code()).isEqualTo(ErrorCode.NO_PARTITION));
  }

  @Test
  void anIndexIsBuiltOverWhatIsThereWhileWritesGoOn() throws Exception {
    create("old");
    for (int key = 0; key < 60; key++) {
      assertWritten(write(key % 3, "old", mail(key, "m" + key)));
      assertWritten(write(key % 3, "old", mail(100 + key, "n" + key)));
    }
    var stop = new AtomicBoolean();
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      Future<Integer> writer =
          threads.submit(() -> {
            int round = 0;
            while (!stop.get()) {
              int key = round % 60;
              assertWritten(write(round % 3, "old", mail(key, "m" + key + "-" + round)));
              round++;
            }
            return round;
          });
      try {
        index("old", "mail");
        awaitState("old", IndexView.State.READY);
      } finally {
        stop.set(true);
      }
      assertThat(writer.get()).isPositive();
    }
    for (int key = 0; key < 60; key++) {
      assertViolated(write(key % 3, "old", mail(99, "n" + key)));
      String mail =
          TestCluster.json(requireNonNull(cluster.text(0, "old", key))).get("mail").textValue();
      assertViolated(write(key % 3, "old", mail(199, mail)));
    }
  }

  @Test
  void duplicatesFailTheIndex() {
    create("twice");
    assertWritten(write(0, "twice", mail(1, "same")));
    assertWritten(write(0, "twice", mail(101, "same")));
    assertWritten(write(0, "twice", mail(102, "other")));
    index("twice", "mail");
    awaitState("twice", IndexView.State.FAILED);
    assertThat(view("twice").message())
        .contains("The documents", "101", " 1 ", "twice-by-mail", "[\"same\"]");
    // What has failed stands in nobody's way.
    await()
        .atMost(TestCluster.PATIENCE)
        .untilAsserted(() -> assertWritten(write(1, "twice", mail(103, "other"))));
    cluster.admin().deleteIndex("twice-by-mail", cluster.deadline());
    assertWritten(write(1, "twice", mail(101, "not the same")));
    assertWritten(write(1, "twice", mail(103, "another")));
    index("twice", "mail");
    awaitState("twice", IndexView.State.READY);
    assertViolated(write(0, "twice", mail(103, "same")));
  }

  @Test
  void anIndexFromBeforeItsPartitionsHoldsInAllOfThem() {
    index("later", "mail");
    create("later");
    awaitState("later", IndexView.State.READY);
    await()
        .atMost(TestCluster.PATIENCE)
        .untilAsserted(() -> {
          assertWritten(write(0, "later", mail(1, "a")));
          assertViolated(write(1, "later", mail(101, "a")));
        });
  }

  @Test
  void claimsOfDroppedRowsAreFreeAndThoseOfRetainedRowsAreNot() {
    assertWritten(write(0, "gone", mail(1, "a")));
    assertWritten(write(0, "gone", mail(101, "b")));
    cluster.admin().deletePartition("gone-low", RowsPolicy.DELETE, cluster.deadline());
    await()
        .atMost(TestCluster.PATIENCE)
        .untilAsserted(() -> assertWritten(write(1, "gone", mail(102, "a"))));
    cluster.admin().deletePartition("gone-high", RowsPolicy.RETAIN, cluster.deadline());
    cluster.createPartition("gone-low", "gone", "{\"range\":{\"end\":100}}", 0, 1, 2);
    await()
        .atMost(TestCluster.PATIENCE)
        .untilAsserted(() -> assertViolated(write(1, "gone", mail(1, "b"))));
    cluster.createPartition("gone-high", "gone", "{\"range\":{\"start\":100}}", 2, 1, 0);
    awaitState("gone", IndexView.State.READY);
    await()
        .atMost(TestCluster.PATIENCE)
        .untilAsserted(() -> assertViolated(write(1, "gone", mail(1, "a"))));
    assertWritten(write(1, "gone", Mutation.delete(PrimaryKey.of(101))));
    assertWritten(write(1, "gone", mail(1, "b")));
  }

  @Test
  void bothSidesCanBeSplitAndMergedAgain() {
    for (int key = 0; key < 20; key++) {
      assertWritten(write(key % 3, "parts", mail(key, "m" + key)));
    }
    OperationView rows =
        cluster.run(
            "split-parts", OperationSpec.splitPartition("parts-low", TestCluster.json("10")));
    assertThat(rows.state()).isEqualTo(OperationView.State.DONE);
    OperationView claims =
        cluster.run(
            "split-claims",
            OperationSpec.splitPartition("parts" + INDEX + "~unique-0", TestCluster.json("\"2\"")));
    assertThat(claims.state()).isEqualTo(OperationView.State.DONE);
    for (int key = 0; key < 20; key++) {
      assertViolated(write(key % 3, "parts", mail(100 + key, "m" + key)));
      assertWritten(write(key % 3, "parts", mail(key, "n" + key)));
      assertWritten(write(key % 3, "parts", mail(100 + key, "m" + key)));
    }
    cluster.merge("parts-low");
    cluster.merge("parts" + INDEX + "~unique-0");
    for (int key = 0; key < 20; key++) {
      assertViolated(write(key % 3, "parts", mail(key, "m" + key)));
      assertViolated(write(key % 3, "parts", mail(200 + key, "n" + key)));
      assertWritten(write(key % 3, "parts", mail(key, "o" + key)));
      assertWritten(write(key % 3, "parts", mail(200 + key, "n" + key)));
    }
  }

  private List<PartitionView> claims(String collection) {
    return cluster.state().partitions().stream()
        .filter(partition -> partition.name().startsWith(collection + INDEX + "~"))
        .toList();
  }

  @Test
  void claimsFollowTheCollectionAndGoWithTheIndex() {
    cluster.createPartition("near-low", "near", "{\"range\":{}}", 0);
    index("near", "mail");
    awaitState("near", IndexView.State.READY);
    assertWritten(write(0, "near", mail(1, "a")));
    cluster.run("near-move", OperationSpec.moveReplica("near-low", cluster.id(0), cluster.id(1)));
    await()
        .atMost(TestCluster.PATIENCE)
        .untilAsserted(() ->
            assertThat(claims("near"))
                .hasSize(4)
                .allSatisfy(one ->
                    assertThat(one.replicas())
                        .extracting(ReplicaView::nodeId)
                        .containsExactly(cluster.id(1))));
    await()
        .atMost(TestCluster.PATIENCE)
        .untilAsserted(() ->
            assertThat(cluster.state().operations())
                .noneMatch(operation -> operation.id().startsWith("claims-")));
    assertViolated(write(2, "near", mail(2, "a")));
    cluster.admin().deleteIndex("near" + INDEX, cluster.deadline());
    await()
        .atMost(TestCluster.PATIENCE)
        .untilAsserted(() -> {
          assertThat(claims("near")).isEmpty();
          assertThat(
                  IntStream.range(0, 3)
                      .boxed()
                      .flatMap(node -> cluster.node(node).replicas().stream())
                      .filter(replica -> replica.partition().startsWith("near" + INDEX)))
              .isEmpty();
        });
    await()
        .atMost(TestCluster.PATIENCE)
        .untilAsserted(() -> assertWritten(write(2, "near", mail(2, "a"))));
  }
}
