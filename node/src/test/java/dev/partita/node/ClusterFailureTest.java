package dev.partita.node;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.partita.node.admin.MemberView;
import dev.partita.node.admin.OperationSpec;
import dev.partita.node.admin.OperationView;
import dev.partita.node.admin.PartitionSpec;
import dev.partita.node.admin.PartitionView;
import dev.partita.node.error.DatabaseException;
import dev.partita.node.key.Key;
import dev.partita.node.key.KeyWriter;
import dev.partita.node.key.PrimaryKey;
import dev.partita.node.partition.Response;
import dev.partita.node.query.Queries;
import dev.partita.node.query.RangeQuery;
import dev.partita.node.storage.Batch;
import dev.partita.node.storage.Storage;
import dev.partita.node.time.Deadline;
import dev.partita.node.time.Timestamp;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Nodes fail in every way a machine or a network can.
class ClusterFailureTest {
  private static final String ALL = "{\"range\":{}}";

  @TempDir Path directory;

  private static void write(TestCluster cluster, int through, long key) {
    assertThat(cluster.put(through, "things", key, "{\"n\":" + key + "}"))
        .isInstanceOf(Response.Writes.class);
  }

  private static void assertWritten(TestCluster cluster, int through, long key) {
    assertThat(cluster.text(through, "things", key)).isEqualTo("{\"n\":" + key + "}");
  }

  @Test
  void writesGoOnWhenTheLeaderOfEverythingIsKilled() {
    try (TestCluster cluster = TestCluster.founded(directory, 3)) {
      cluster.createPartition("all", "things", ALL, 0, 1, 2);
      write(cluster, 0, 1);
      int leader = cluster.systemLeader();
      cluster.run("lead", OperationSpec.transferLeader("all", cluster.id(leader)));
      cluster.kill(leader);
      int other = (leader + 1) % 3;
      write(cluster, other, 2);
      assertWritten(cluster, other, 1);
      assertWritten(cluster, other, 2);
      cluster.start(leader);
      cluster.awaitReady();
      assertWritten(cluster, leader, 2);
    }
  }

  @Test
  void aNodeThatIsCutOffServesNobodyAndComesBack() {
    try (TestCluster cluster = TestCluster.founded(directory, 3)) {
      cluster.createPartition("all", "things", ALL, 0, 1, 2);
      write(cluster, 0, 1);
      int leader = cluster.leader("all");
      int other = (leader + 1) % 3;
      cluster.network().isolate(cluster.node(leader).id());
      // A write that was sent into the cut has no known outcome; the next one finds the new leader.
      await()
          .atMost(TestCluster.PATIENCE)
          .until(
              () ->
                  cluster.put(
                      other,
                      "things",
                      1,
                      "{\"n\":\"newer\"}",
                      cluster.deadline(Duration.ofSeconds(3))),
              Response.Writes.class::isInstance);
      // The old leader must not answer from what it has: the write above was acknowledged before.
      Response stale = cluster.get(leader, "things", 1, cluster.deadline(Duration.ofMillis(1_500)));
      assertThat(stale).isInstanceOf(Response.Refusal.class);
      cluster.network().heal();
      await()
          .atMost(TestCluster.PATIENCE)
          .untilAsserted(
              () -> assertThat(cluster.text(leader, "things", 1)).isEqualTo("{\"n\":\"newer\"}"));
    }
  }

  @Test
  void allNodesRestartWithEverything() {
    try (TestCluster cluster = TestCluster.founded(directory, 3)) {
      cluster.createPartition("all", "things", ALL, 0, 1, 2);
      for (int key = 0; key < 100; key++) {
        write(cluster, key % 3, key);
      }
      for (int round = 0; round < 2; round++) {
        for (int node = 0; node < 3; node++) {
          if (round == 0) {
            cluster.kill(node);
          } else {
            cluster.stop(node);
          }
        }
        for (int node = 0; node < 3; node++) {
          cluster.start(node);
        }
        cluster.awaitReady();
        for (int key = 0; key < 100; key++) {
          assertWritten(cluster, key % 3, key);
        }
      }
    }
  }

  @Test
  void aReplicaThatCannotBeOpenedHoldsUpNoOther() {
    try (TestCluster cluster = TestCluster.founded(directory, 3)) {
      cluster.createPartition("first", "things", ALL, 0, 1, 2);
      List<String> three = Stream.of(0, 1, 2).map(cluster::id).toList();
      cluster.stop(2);
      for (String name : List.of("damaged", "last")) {
        var spec = new PartitionSpec(name, TestCluster.json(ALL), three);
        cluster.admin().putPartition(name, spec, cluster.deadline());
        cluster.awaitActive(name);
      }
      // Data that no log knows, as nothing but damage leaves it.
      try (Storage store = cluster.openStore(2);
          Batch batch = store.newBatch()) {
        byte[] state = requireNonNull(store.meta(stateRecord(cluster.partition("first"))));
        batch.putMeta(stateRecord(cluster.partition("damaged")), state);
        batch.commit();
      }
      cluster.start(2);
      await().atMost(TestCluster.PATIENCE).until(() -> hasReplica(cluster, "last"));
      assertThat(hasReplica(cluster, "damaged")).isFalse();
    }
  }

  private static Key stateRecord(PartitionView partition) {
    return new KeyWriter().u8('p').u64(Long.parseLong(partition.id())).toKey();
  }

  private static boolean hasReplica(TestCluster cluster, String partition) {
    return cluster.node(2).replicas().stream()
        .anyMatch(replica -> replica.partition().equals(partition));
  }

  @Test
  void aNodeThatLostItsDiskComesBackAsAnotherAndIsReplaced() {
    try (TestCluster cluster = TestCluster.founded(directory, 3)) {
      cluster.createPartition("all", "things", ALL, 0, 1, 2);
      for (int key = 0; key < 20; key++) {
        write(cluster, 0, key);
      }
      String lost = cluster.id(2);
      cluster.kill(2);
      cluster.wipe(2);
      cluster.start(2);
      cluster.awaitReady();
      assertThat(cluster.id(2)).isNotEqualTo(lost);

      assertThat(cluster.run("heal", OperationSpec.moveReplica("all", lost, cluster.id(2))).state())
          .isEqualTo(OperationView.State.DONE);
      assertThat(
              cluster
                  .run("forget", OperationSpec.ofNode(OperationSpec.Kind.REMOVE_NODE, lost))
                  .state())
          .isEqualTo(OperationView.State.DONE);

      // Both groups are whole again: they survive the loss of another founder.
      await()
          .atMost(TestCluster.PATIENCE)
          .untilAsserted(() ->
              assertThat(
                      cluster.state().nodes().stream()
                          .filter(node -> node.nodeId().equals(cluster.id(2)))
                          .map(node -> node.systemMember()))
                  .containsExactly(MemberView.SystemRole.VOTER));
      cluster.kill(0);
      write(cluster, 2, 100);
      assertWritten(cluster, 1, 100);
      assertWritten(cluster, 2, 7);
    }
  }

  @Test
  void anOperationGoesOnUnderEachNewLeader() {
    try (TestCluster cluster = TestCluster.founded(directory, 4)) {
      cluster.createPartition("all", "things", ALL, 0, 1, 2);
      write(cluster, 0, 1);
      // Between any two steps the leader of the system partition goes away and another one takes
      // over.
      for (int round = 0; round < 4; round++) {
        int from = round % 2 == 0 ? 2 : 3;
        int to = round % 2 == 0 ? 3 : 2;
        String id = "move-" + round;
        cluster
            .admin()
            .putOperation(
                id,
                OperationSpec.moveReplica("all", cluster.id(from), cluster.id(to)),
                cluster.deadline());
        int leader = cluster.systemLeader();
        cluster.kill(leader);
        cluster.start(leader);
        cluster.awaitReady();
        assertThat(cluster.awaitOperation(id).state()).isEqualTo(OperationView.State.DONE);
        assertThat(cluster.partition("all").replicas()).hasSize(3);
        assertWritten(cluster, 0, 1);
      }
    }
  }

  @Test
  void aFollowerThatIsCutOffGoesOnReadingThePast() {
    try (TestCluster cluster = TestCluster.founded(directory, 3)) {
      cluster.createPartition("low", "things", "{\"range\":{\"end\":10}}", 0, 1, 2);
      cluster.createPartition("high", "things", "{\"range\":{\"start\":10}}", 0, 1, 2);
      write(cluster, 0, 1);
      Timestamp then = cluster.node(0).oracle().next(1).join().first();
      write(cluster, 0, 11);
      Node follower =
          cluster.node(
              Stream.of(0, 1, 2)
                  .filter(one -> one != cluster.leader("low") && one != cluster.leader("high"))
                  .findFirst()
                  .orElseThrow());
      await()
          .atMost(TestCluster.PATIENCE)
          .until(() -> {
            Timestamp readable = follower.router().readableUpTo("things");
            return readable != null && !readable.isBefore(then);
          });

      cluster.network().isolate(follower.id());

      var queries =
          new Queries(follower.router(), follower.router(), follower.oracle(), follower.clock());
      assertThat(
              queries
                  .range(
                      RangeQuery.of("things", 10).withAt(then),
                      cluster.deadline(Duration.ofSeconds(10)))
                  .data())
          .extracting(document -> document.json().toString())
          .containsExactly("{\"n\":1}");
      var documents = TestCluster.documents(follower);
      Deadline soon = cluster.deadline(Duration.ofSeconds(3));
      assertThatThrownBy(() -> documents.get("things", PrimaryKey.of(1), null, soon))
          .isInstanceOf(DatabaseException.class);
      cluster.network().heal();
    }
  }
}
