package dev.partita.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.partita.node.admin.IndexSpec;
import dev.partita.node.admin.IndexView;
import dev.partita.node.admin.OperationSpec;
import dev.partita.node.admin.OperationView;
import dev.partita.node.admin.PartitionSpec;
import dev.partita.node.admin.PartitionView;
import dev.partita.node.admin.RowsPolicy;
import dev.partita.node.error.DatabaseException;
import dev.partita.node.error.ErrorCode;
import dev.partita.node.key.Datum;
import dev.partita.node.partition.Response;
import dev.partita.node.query.Document;
import dev.partita.node.query.IndexHit;
import dev.partita.node.query.IndexQuery;
import dev.partita.node.query.Page;
import dev.partita.node.query.Queries;
import dev.partita.node.query.RangeQuery;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Partitions of real nodes are split, while clients write and read and nodes fail.
class SplitClusterTest {
  private static final String THINGS = "things";

  @TempDir Path directory;

  private static String range(long start, long end) {
    return "{\"range\":{\"start\":%d,\"end\":%d}}".formatted(start, end);
  }

  private TestCluster cluster() {
    TestCluster cluster = TestCluster.founded(directory, 3);
    cluster.createPartition("p", THINGS, range(0, 1_000), 0, 1, 2);
    return cluster;
  }

  private static OperationView split(TestCluster cluster, String id, String partition, long at) {
    return cluster.run(id, OperationSpec.splitPartition(partition, TestCluster.json("" + at)));
  }

  private static List<String> children(TestCluster cluster, String partition) {
    return cluster.partition(partition).children();
  }

  private static void load(TestCluster cluster, int rows) {
    for (int key = 0; key < rows; key++) {
      assertThat(cluster.put(key % 3, THINGS, key, document(key, 0)))
          .isInstanceOf(Response.Writes.class);
    }
  }

  private static String document(long key, int round) {
    return "{\"id\":%d,\"code\":%d,\"round\":%d}".formatted(key, key % 7, round);
  }

  private static Queries queries(TestCluster cluster, int through) {
    Node node = cluster.node(through);
    return new Queries(node.router(), node.router(), node.oracle(), node.clock());
  }

  private static void addIndex(TestCluster cluster) {
    cluster
        .admin()
        .putIndex(
            "by-code",
            new IndexSpec(
                THINGS,
                List.of(new IndexSpec.Term("code")),
                List.of(new IndexSpec.Value("round", false)),
                false),
            cluster.deadline());
    await()
        .atMost(TestCluster.PATIENCE)
        .until(() ->
            cluster.state().indexes().stream()
                .allMatch(index -> index.state() == IndexView.State.READY));
  }

  @Test
  void aPartitionIsSplitAndItsChildrenServe() {
    try (TestCluster cluster = cluster()) {
      load(cluster, 30);

      OperationView done = split(cluster, "split-1", "p", 10);

      assertThat(done.state()).isEqualTo(OperationView.State.DONE);
      PartitionView parent = cluster.partition("p");
      assertThat(parent.state()).isEqualTo(PartitionView.State.SPLIT);
      assertThat(parent.replicas()).isEmpty();
      assertThat(parent.children()).hasSize(2).allMatch(name -> name.startsWith("p-"));
      PartitionView low = cluster.partition(parent.children().getFirst());
      assertThat(low.state()).isEqualTo(PartitionView.State.ACTIVE);
      assertThat(low.bounds()).hasToString(range(0, 10));
      assertThat(low.epoch()).isEqualTo(parent.epoch()).isGreaterThan(1);
      assertThat(low.replicas()).hasSize(3);
      await()
          .atMost(TestCluster.PATIENCE)
          .untilAsserted(() -> {
            assertThat(cluster.partition(parent.children().getFirst()).rows()).isEqualTo(10);
            assertThat(cluster.partition(parent.children().getLast()).rows()).isEqualTo(20);
          });
      for (int key = 0; key < 30; key++) {
        assertThat(cluster.text(key % 3, THINGS, key)).isEqualTo(document(key, 0));
      }
      await()
          .atMost(TestCluster.PATIENCE)
          .until(() ->
              cluster.running().stream()
                  .allMatch(node ->
                      node.replicas().stream()
                          .noneMatch(replica -> replica.partition().equals("p"))));
    }
  }

  @Test
  void aLeaderTellsTheMiddleAndATreeThatWasRetainedServesAgain() {
    try (TestCluster cluster = cluster()) {
      String filling = "x".repeat(3_000);
      int rows = 300;
      for (int key = 0; key < rows; key++) {
        assertThat(
                cluster.put(
                    0, THINGS, key, "{\"id\":%d,\"filling\":\"%s\"}".formatted(key, filling)))
            .isInstanceOf(Response.Writes.class);
      }
      // The middle of when it was smaller does until the leader has looked again.
      JsonNode middle =
          await()
              .atMost(TestCluster.PATIENCE)
              .until(
                  () -> cluster.partition("p").splitPoints().bySize(),
                  known ->
                      known != null
                          && cluster.partition("p").rows() == rows
                          && known.asInt() > rows * 3 / 8
                          && known.asInt() < rows * 5 / 8);

      OperationView done = split(cluster, "split-1", "p", middle.asLong());
      assertThat(done.state()).isEqualTo(OperationView.State.DONE);
      List<String> children = children(cluster, "p");
      cluster.admin().deletePartition("p", RowsPolicy.RETAIN, cluster.deadline());
      assertThat(cluster.state().partitions()).isEmpty();

      PartitionSpec again =
          new PartitionSpec(THINGS, TestCluster.json(range(0, 1_000)), List.of(cluster.id(0)));
      cluster.admin().putPartition("p", again, cluster.deadline());

      assertThat(children(cluster, "p")).isEqualTo(children);
      for (int key : new int[] {0, middle.asInt() - 1, middle.asInt(), rows - 1}) {
        await()
            .atMost(TestCluster.PATIENCE)
            .ignoreExceptions()
            .untilAsserted(
                () -> assertThat(cluster.text(1, THINGS, key)).contains("\"id\":" + key + ","));
      }
    }
  }

  @Test
  void whatMakesNoSenseIsRefusedAndTheSameIsNotDoneTwice() {
    try (TestCluster cluster = cluster()) {
      assertRefused(cluster, "a", "p", "1000", ErrorCode.INVALID_DEFINITION);
      assertRefused(cluster, "a", "p", "null", ErrorCode.INVALID_DEFINITION);
      assertRefused(cluster, "a", "nobody", "5", ErrorCode.UNKNOWN_PARTITION);
      split(cluster, "a", "p", 10);
      List<String> children = children(cluster, "p");

      assertThat(split(cluster, "a", "p", 10).state()).isEqualTo(OperationView.State.DONE);
      assertThat(children(cluster, "p")).isEqualTo(children);
      assertRefused(cluster, "b", "p", "20", ErrorCode.REFUSED);
      // Whoever has declared the Partition finds it as it was declared.
      assertThat(
              cluster
                  .admin()
                  .putPartition(
                      "p",
                      new PartitionSpec(
                          THINGS, TestCluster.json(range(0, 1_000)), List.of(cluster.id(0))),
                      cluster.deadline())
                  .children())
          .isEqualTo(children);

      cluster.admin().deletePartition("p", RowsPolicy.DELETE, cluster.deadline());
      assertThat(cluster.state().partitions()).isEmpty();
    }
  }

  private static void assertRefused(
      TestCluster cluster, String id, String partition, String at, ErrorCode code) {
    JsonNode key = at.equals("null") ? null : TestCluster.json(at);
    assertThatThrownBy(() ->
            cluster
                .admin()
                .putOperation(id, OperationSpec.splitPartition(partition, key), cluster.deadline()))
        .isInstanceOfSatisfying(
            DatabaseException.class, refused -> assertThat(refused.code()).isEqualTo(code));
  }

  @Test
  void writesGoOnWhilePartitionsAreSplitAndLeadersAreKilled() throws Exception {
    try (TestCluster cluster = cluster();
        ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      var counters = new SplitCounters(cluster, THINGS, 100, 900);
      counters.start(threads, 8);
      try {
        counters.awaitMore(40);
        split(cluster, "split-1", "p", 500);
        counters.awaitMore(40);
        List<String> children = children(cluster, "p");
        String low = children.getFirst();
        String high = children.getLast();
        cluster
            .admin()
            .putOperation(
                "split-2",
                OperationSpec.splitPartition(low, TestCluster.json("300")),
                cluster.deadline());
        int killed = cluster.leader(high);
        cluster.kill(killed);
        counters.awaitMore(40);
        cluster.start(killed);
        cluster.awaitReady();
        assertThat(cluster.awaitOperation("split-2").state()).isEqualTo(OperationView.State.DONE);
        counters.awaitMore(20);
        int next = (cluster.leader(high) + 1) % 3;
        cluster.run("hand-over", OperationSpec.transferLeader(high, cluster.id(next)));
        cluster
            .admin()
            .putOperation(
                "split-3",
                OperationSpec.splitPartition(high, TestCluster.json("700")),
                cluster.deadline());
        int system = cluster.systemLeader();
        cluster.kill(system);
        counters.awaitMore(40);
        cluster.start(system);
        cluster.awaitReady();
        assertThat(cluster.awaitOperation("split-3").state()).isEqualTo(OperationView.State.DONE);
        counters.awaitMore(20);
      } finally {
        counters.stop();
      }
      threads.shutdown();
      await().atMost(TestCluster.PATIENCE).until(threads::isTerminated);
      assertThat(counters.wrong()).isEmpty();
      counters.checkAll();
      assertThat(
              cluster.state().partitions().stream()
                  .filter(partition -> partition.state() == PartitionView.State.ACTIVE))
          .hasSize(4);
    }
  }

  @Test
  void aReplicaThatWasAwaySplitsLater() {
    try (TestCluster cluster = cluster()) {
      load(cluster, 20);
      int away = (cluster.leader("p") + 1) % 3;
      int here = (away + 1) % 3;
      cluster.kill(away);
      cluster
          .running()
          .getFirst()
          .admin()
          .putOperation(
              "split-1",
              OperationSpec.splitPartition("p", TestCluster.json("10")),
              cluster.deadline());
      await()
          .atMost(TestCluster.PATIENCE)
          .until(() -> cluster.partition("p").state() == PartitionView.State.SPLIT);
      for (int key = 0; key < 20; key++) {
        cluster.put(here, THINGS, key, document(key, 1));
      }
      assertThat(cluster.state().operations())
          .as("the parent is kept for the one that is away")
          .allMatch(operation -> operation.state() == OperationView.State.RUNNING);

      cluster.start(away);
      cluster.awaitReady();
      assertThat(cluster.awaitOperation("split-1").state()).isEqualTo(OperationView.State.DONE);

      for (String child : children(cluster, "p")) {
        cluster.run("to-" + child, OperationSpec.transferLeader(child, cluster.id(away)));
      }
      for (int key = 0; key < 20; key++) {
        assertThat(cluster.text(away, THINGS, key)).isEqualTo(document(key, 1));
      }
    }
  }

  @Test
  void everythingIsThereAfterAllNodesFailInTheMiddle() {
    try (TestCluster cluster = cluster()) {
      load(cluster, 30);
      cluster
          .admin()
          .putOperation(
              "split-1",
              OperationSpec.splitPartition("p", TestCluster.json("10")),
              cluster.deadline());
      await()
          .atMost(TestCluster.PATIENCE)
          .until(() -> cluster.partition("p").state() == PartitionView.State.SPLIT);
      for (int key = 0; key < 30; key++) {
        assertThat(cluster.put(0, THINGS, key, document(key, 1)))
            .isInstanceOf(Response.Writes.class);
      }
      for (int node = 0; node < 3; node++) {
        cluster.kill(node);
      }
      for (int node = 0; node < 3; node++) {
        cluster.start(node);
      }
      cluster.awaitReady();
      assertThat(cluster.awaitOperation("split-1").state()).isEqualTo(OperationView.State.DONE);
      for (int key = 0; key < 30; key++) {
        assertThat(cluster.text(key % 3, THINGS, key)).isEqualTo(document(key, 1));
      }
    }
  }

  @Test
  void childrenMoveToOtherNodes() {
    try (TestCluster cluster = TestCluster.founded(directory, 4)) {
      cluster.createPartition("p", THINGS, range(0, 1_000), 0, 1, 2);
      addIndex(cluster);
      load(cluster, 40);
      split(cluster, "split-1", "p", 20);
      List<String> children = children(cluster, "p");
      for (String child : children) {
        assertThat(
                cluster
                    .run(
                        "move-" + child,
                        OperationSpec.moveReplica(child, cluster.id(0), cluster.id(3)))
                    .state())
            .isEqualTo(OperationView.State.DONE);
        cluster.run("lead-" + child, OperationSpec.transferLeader(child, cluster.id(3)));
      }
      for (int key = 0; key < 40; key++) {
        assertThat(cluster.text(key % 4, THINGS, key)).isEqualTo(document(key, 0));
      }
      List<IndexHit> hits =
          queries(cluster, 1)
              .index(IndexQuery.of("by-code", List.of(Datum.of(3)), 100), cluster.deadline())
              .data();
      assertThat(hits).hasSize(6);
      assertThat(
              cluster
                  .run("late", OperationSpec.moveReplica("p", cluster.id(1), cluster.id(3)))
                  .message())
          .contains("split");
    }
  }

  @Test
  void pagesAreExactAcrossSplits() {
    pagesAreExact(range(0, 1_000), TestCluster.json("60"), TestCluster.json("30"));
  }

  @Test
  void pagesOfHashPartitionsAreExactAcrossSplits() {
    pagesAreExact("{\"hash\":{\"modulus\":1,\"remainder\":0}}", null, null);
  }

  private void pagesAreExact(String bounds, @Nullable JsonNode at, @Nullable JsonNode then) {
    try (TestCluster cluster = TestCluster.founded(directory, 3)) {
      cluster.createPartition("p", THINGS, bounds, 0, 1, 2);
      addIndex(cluster);
      load(cluster, 120);
      var rows = new ArrayList<Document>();
      var hits = new ArrayList<IndexHit>();
      RangeQuery range = RangeQuery.of(THINGS, 20);
      IndexQuery index = IndexQuery.of("by-code", List.of(), 20);
      int round = 0;
      @Nullable String rowCursor = null;
      @Nullable String hitCursor = null;
      do {
        Page<Document> page =
            queries(cluster, round % 3).range(range.withCursor(rowCursor), cluster.deadline());
        rows.addAll(page.data());
        rowCursor = page.after();
        Page<IndexHit> entries =
            queries(cluster, (round + 1) % 3)
                .index(index.withCursor(hitCursor).withDocuments(), cluster.deadline());
        hits.addAll(entries.data());
        hitCursor = entries.after();
        if (round == 0) {
          cluster.run("split-1", OperationSpec.splitPartition("p", at));
        }
        if (round == 2) {
          String child = children(cluster, "p").getFirst();
          cluster.run("split-2", OperationSpec.splitPartition(child, then));
        }
        // What is written later is not in the snapshot of the pages.
        cluster.put(round % 3, THINGS, 7L * round, document(7L * round, 9));
        cluster.put(round % 3, THINGS, 200 + round, document(200 + round, 9));
        round++;
      } while (rowCursor != null || hitCursor != null);

      assertThat(rows).hasSize(120);
      assertThat(rows).extracting(row -> row.key().toString()).doesNotHaveDuplicates();
      assertThat(rows).allSatisfy(row -> assertThat(row.json().toString()).contains("\"round\":0"));
      assertThat(hits).hasSize(120);
      assertThat(new TreeSet<>(hits.stream().map(hit -> hit.key().toString()).toList()))
          .hasSize(120);
      List<IndexHit> again =
          queries(cluster, 0)
              .index(
                  IndexQuery.of("by-code", List.of(), 1_000).withPartition("p"), cluster.deadline())
              .data();
      assertThat(again).hasSize(120 + round);
    }
  }
}
