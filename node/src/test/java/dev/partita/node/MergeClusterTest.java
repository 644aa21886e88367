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
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Merges from end to end: real nodes, and clients that read and write meanwhile.
class MergeClusterTest {
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

  private static void split(TestCluster cluster, String id, String partition, long at) {
    JsonNode key = at < 0 ? null : TestCluster.json("" + at);
    assertThat(cluster.run(id, OperationSpec.splitPartition(partition, key)).state())
        .isEqualTo(OperationView.State.DONE);
  }

  private static OperationView merge(TestCluster cluster, String id, String partition) {
    return cluster.run(id, OperationSpec.mergePartitions(partition));
  }

  private static void merged(TestCluster cluster, String id, String partition) {
    OperationView done = merge(cluster, id, partition);
    assertThat(done.state()).as(done.message()).isEqualTo(OperationView.State.DONE);
  }

  private static void load(TestCluster cluster, int rows, int round) {
    for (int key = 0; key < rows; key++) {
      assertThat(cluster.put(key % 3, THINGS, key, document(key, round)))
          .isInstanceOf(Response.Writes.class);
    }
  }

  private static String document(long key, int round) {
    return "{\"id\":%d,\"code\":%d,\"round\":%d}".formatted(key, key % 7, round);
  }

  private static void assertAll(TestCluster cluster, int rows, int round) {
    for (int key = 0; key < rows; key++) {
      assertThat(cluster.text(key % 3, THINGS, key)).isEqualTo(document(key, round));
    }
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

  private static void awaitReplicasOf(TestCluster cluster, String only) {
    await()
        .atMost(TestCluster.PATIENCE)
        .untilAsserted(() ->
            assertThat(cluster.running())
                .allSatisfy(node ->
                    assertThat(node.replicas())
                        .allMatch(replica -> replica.partition().equals(only))
                        .hasSize(1)));
  }

  @Test
  void aMergeTakesASplitBack() {
    try (TestCluster cluster = cluster()) {
      assertRefused(cluster, "p", "the partition is not split");
      assertRefused(cluster, "nobody", "unknown partition");
      load(cluster, 30, 0);
      split(cluster, "split-1", "p", 10);
      List<String> parts = cluster.partition("p").children();
      long epoch = cluster.partition(parts.getFirst()).epoch();
      // The operator merges nothing whose size is not known, and what is nearly empty first of all.
      await()
          .atMost(TestCluster.PATIENCE)
          .until(() ->
              parts.stream().allMatch(part -> cluster.partition(part).splitPoints().measured()));

      merged(cluster, "merge-1", "p");

      PartitionView whole = cluster.partition("p");
      assertThat(whole.state()).isEqualTo(PartitionView.State.ACTIVE);
      assertThat(whole.children()).isEmpty();
      assertThat(whole.bounds()).hasToString(range(0, 1_000));
      assertThat(whole.epoch()).isGreaterThan(epoch);
      assertThat(whole.replicas()).hasSize(3);
      assertThat(cluster.state().partitions()).hasSize(1);
      assertAll(cluster, 30, 0);
      await()
          .atMost(TestCluster.PATIENCE)
          .untilAsserted(() -> assertThat(cluster.partition("p").rows()).isEqualTo(30));
      awaitReplicasOf(cluster, "p");
      load(cluster, 30, 1);
      assertAll(cluster, 30, 1);
      // Asked again it says the same; whoever has declared the partition finds it as it was.
      merged(cluster, "merge-1", "p");
      cluster
          .admin()
          .putPartition(
              "p",
              new PartitionSpec(THINGS, TestCluster.json(range(0, 1_000)), List.of(cluster.id(0))),
              cluster.deadline());

      split(cluster, "split-2", "p", 20);
      String high = cluster.partition("p").children().getLast();
      split(cluster, "split-3", high, 25);
      assertThatThrownBy(() -> merge(cluster, "merge-2", "p"))
          .hasMessageContaining("a part of the partition is split itself");
      merged(cluster, "merge-3", high);
      merged(cluster, "merge-2", "p");
      assertAll(cluster, 30, 1);
      cluster.admin().deletePartition("p", RowsPolicy.DELETE, cluster.deadline());
      assertThat(cluster.state().partitions()).isEmpty();
      await()
          .atMost(TestCluster.PATIENCE)
          .until(() -> cluster.running().stream().allMatch(node -> node.replicas().isEmpty()));
    }
  }

  private static void assertRefused(TestCluster cluster, String partition, String why) {
    assertThatThrownBy(() -> merge(cluster, "refused", partition))
        .isInstanceOfSatisfying(
            DatabaseException.class,
            refused ->
                assertThat(refused.code()).isIn(ErrorCode.REFUSED, ErrorCode.UNKNOWN_PARTITION))
        .hasMessageContaining(why);
  }

  @Test
  void aMergeThatLacksAMemberIsGivenUpAndOneThatFailsInTheMiddleIsFinished() {
    try (TestCluster cluster = cluster()) {
      load(cluster, 20, 0);
      split(cluster, "split-1", "p", 10);
      int away = (cluster.leader(cluster.partition("p").children().getFirst()) + 1) % 3;
      int here = (away + 1) % 3;
      cluster.kill(away);
      cluster
          .running()
          .getFirst()
          .admin()
          .putOperation("merge-1", OperationSpec.mergePartitions("p"), cluster.deadline());

      OperationView given = cluster.awaitOperation("merge-1");

      assertThat(given.state()).isEqualTo(OperationView.State.FAILED);
      for (int key = 0; key < 20; key++) {
        assertThat(cluster.put(here, THINGS, key, document(key, 1)))
            .isInstanceOf(Response.Writes.class);
      }
      assertThat(cluster.partition("p").state()).isEqualTo(PartitionView.State.SPLIT);
      cluster.start(away);
      cluster.awaitReady();
      assertAll(cluster, 20, 1);

      cluster
          .admin()
          .putOperation("merge-2", OperationSpec.mergePartitions("p"), cluster.deadline());
      await()
          .atMost(TestCluster.PATIENCE)
          .until(() ->
              cluster.partition("p").state() == PartitionView.State.ACTIVE
                  || operation(cluster, "merge-2").state() == OperationView.State.FAILED);
      load(cluster, 20, 2);
      for (int node = 0; node < 3; node++) {
        cluster.kill(node);
      }
      for (int node = 0; node < 3; node++) {
        cluster.start(node);
      }
      cluster.awaitReady();
      if (cluster.awaitOperation("merge-2").state() == OperationView.State.FAILED) {
        cluster.merge("p");
      }
      assertAll(cluster, 20, 2);
      awaitReplicasOf(cluster, "p");
    }
  }

  /// It comes back with what was split first, when the catalog knows only what came of it.
  @Test
  void aMemberThatWasAwayWhileAPartWasSplitAsWellHasAllParts() {
    try (TestCluster cluster = cluster()) {
      load(cluster, 30, 0);
      cluster.kill(2);
      ask(cluster, "split-1", "p", 20);
      String low = cluster.partition("p").children().getFirst();
      ask(cluster, "split-2", low, 10);

      cluster.start(2);
      cluster.awaitReady();
      assertThat(cluster.awaitOperation("split-2").state()).isEqualTo(OperationView.State.DONE);

      // Which takes all members of all parts.
      cluster.merge(low);
      cluster.merge("p");
      assertAll(cluster, 30, 0);
      awaitReplicasOf(cluster, "p");
    }
  }

  /// Splits without waiting for those who are away.
  private static void ask(TestCluster cluster, String id, String partition, long at) {
    cluster
        .admin()
        .putOperation(
            id,
            OperationSpec.splitPartition(partition, TestCluster.json("" + at)),
            cluster.deadline());
    await()
        .atMost(TestCluster.PATIENCE)
        .until(() -> cluster.partition(partition).state() == PartitionView.State.SPLIT);
  }

  private static OperationView operation(TestCluster cluster, String id) {
    return cluster.state().operations().stream()
        .filter(operation -> operation.id().equals(id))
        .findFirst()
        .orElseThrow();
  }

  @Test
  void writesGoOnWhilePartitionsAreMergedAndLeadersAreKilled() throws Exception {
    try (TestCluster cluster = cluster();
        ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      var counters = new SplitCounters(cluster, THINGS, 100, 900);
      counters.start(threads, 8);
      try {
        for (int round = 0; round < 2; round++) {
          counters.awaitMore(20);
          split(cluster, "split-" + round, "p", 500);
          counters.awaitMore(20);
          List<String> parts = cluster.partition("p").children();
          cluster
              .admin()
              .putOperation(
                  "merge-" + round, OperationSpec.mergePartitions("p"), cluster.deadline());
          int killed = round == 0 ? cluster.systemLeader() : cluster.leader(parts.getFirst());
          cluster.kill(killed);
          counters.awaitMore(20);
          cluster.start(killed);
          cluster.awaitReady();
          OperationView done = cluster.awaitOperation("merge-" + round);
          if (done.state() != OperationView.State.DONE) {
            cluster.merge("p");
          }
          counters.awaitMore(20);
        }
      } finally {
        counters.stop();
      }
      threads.shutdown();
      await().atMost(TestCluster.PATIENCE).until(threads::isTerminated);
      assertThat(counters.wrong()).isEmpty();
      counters.checkAll();
      assertThat(cluster.state().partitions()).hasSize(1);
    }
  }

  @Test
  void pagesOfHashPartitionsAreExactAcrossAMerge() {
    try (TestCluster cluster = TestCluster.founded(directory, 3)) {
      cluster.createPartition("p", THINGS, "{\"hash\":{\"modulus\":1,\"remainder\":0}}", 0, 1, 2);
      addIndex(cluster);
      load(cluster, 120, 0);
      split(cluster, "split-1", "p", -1);
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
        if (round == 1) {
          cluster.merge("p");
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
      assertThat(hits).extracting(hit -> hit.key().toString()).doesNotHaveDuplicates();
      List<IndexHit> again =
          queries(cluster, 0)
              .index(
                  IndexQuery.of("by-code", List.of(), 1_000).withPartition("p"), cluster.deadline())
              .data();
      assertThat(again).hasSize(120 + round);
      assertThat(
              queries(cluster, 1)
                  .index(IndexQuery.of("by-code", List.of(Datum.of(3)), 100), cluster.deadline())
                  .data())
          .allSatisfy(hit -> assertThat(hit.key()).isNotNull());
    }
  }
}
