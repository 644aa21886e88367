package dev.partita.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.partita.history.History;
import dev.partita.history.HistoryChecker;
import dev.partita.node.admin.OperationSpec;
import dev.partita.node.admin.OperationView;
import dev.partita.node.error.DatabaseException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Histories of clients are strictly serializable whatever fails.
class HistoryClusterTest {
  private static final int KEYS = 9;

  /// Where the partitions are split.
  private static final List<JsonNode> SPLITS =
      List.of(TestCluster.json("1"), TestCluster.json("4"), TestCluster.json("8"));

  @TempDir Path directory;

  private TestCluster lists() {
    TestCluster cluster = TestCluster.founded(directory, 3);
    cluster.createPartition("low", ListClients.COLLECTION, "{\"range\":{\"end\":3}}", 0, 1, 2);
    cluster.createPartition(
        "middle", ListClients.COLLECTION, "{\"range\":{\"start\":3,\"end\":6}}", 0, 1, 2);
    cluster.createPartition("high", ListClients.COLLECTION, "{\"range\":{\"start\":6}}", 0, 1, 2);
    return cluster;
  }

  private static ExecutorService start(HistoryClients clients, int processes) {
    ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    for (int process = 0; process < processes; process++) {
      int each = process;
      threads.execute(() -> clients.runUntilStopped(each, each + 17));
    }
    return threads;
  }

  private static void awaitMore(HistoryClients clients, int transactions) {
    int before = clients.committed();
    await().atMost(TestCluster.PATIENCE).until(() -> clients.committed() >= before + transactions);
  }

  private static void finish(TestCluster cluster, HistoryClients clients, ExecutorService threads) {
    clients.stop();
    threads.shutdown();
    await().atMost(TestCluster.PATIENCE).until(threads::isTerminated);
    // Everything is read in the end, so that nothing can be lost unseen.
    await()
        .atMost(TestCluster.PATIENCE)
        .until(() -> {
          History.Begun last = clients.history().begin(-1);
          try {
            clients.readAll(cluster.running().getFirst(), last);
          } catch (DatabaseException e) {
            return false;
          }
          last.end(History.End.COMMITTED);
          return true;
        });
  }

  @Test
  void clientsThatDoNotCheckWhatTheyHaveReadAreFound() {
    try (TestCluster cluster = lists()) {
      var clients = new ListClients(cluster, KEYS, true);
      ExecutorService threads = start(clients, 6);
      awaitMore(clients, 60);
      finish(cluster, clients, threads);
      assertThat(HistoryChecker.check(clients.history())).isNotEmpty();
    }
  }

  @Test
  void leadersThatAreMovedAndKilledAndCutOffDoNotShow() {
    try (TestCluster cluster = lists()) {
      var clients = new ListClients(cluster, KEYS, false);
      ExecutorService threads = start(clients, 6);
      try {
        awaitMore(clients, 30);
        int round = 0;
        for (String partition : List.of("low", "middle", "high")) {
          int next = (cluster.leader(partition) + 1) % 3;
          cluster.run("move-" + round++, OperationSpec.transferLeader(partition, cluster.id(next)));
          awaitMore(clients, 5);
        }
        int cut = cluster.leader("high");
        cluster.network().isolate(cluster.node(cut).id());
        awaitMore(clients, 10);
        cluster.network().heal();
        awaitMore(clients, 10);
        int killed = cluster.leader("low");
        cluster.kill(killed);
        awaitMore(clients, 10);
        cluster.start(killed);
        cluster.awaitReady();
        awaitMore(clients, 10);
        int system = cluster.systemLeader();
        cluster.kill(system);
        awaitMore(clients, 10);
        cluster.start(system);
        cluster.awaitReady();
        awaitMore(clients, 10);
      } finally {
        finish(cluster, clients, threads);
      }
      assertThat(HistoryChecker.check(clients.history())).isEmpty();
      assertThat(clients.history().size()).isGreaterThan(200);
    }
  }

  @Test
  void partitionsThatAreSplitDoNotShow() {
    try (TestCluster cluster = lists()) {
      var clients = new ListClients(cluster, KEYS, false);
      ExecutorService threads = start(clients, 6);
      try {
        awaitMore(clients, 20);
        int round = 0;
        for (String partition : List.of("low", "middle", "high")) {
          String id = "split-" + partition;
          cluster
              .admin()
              .putOperation(
                  id,
                  OperationSpec.splitPartition(partition, SPLITS.get(round)),
                  cluster.deadline());
          awaitMore(clients, 10);
          if (round++ == 1) {
            int killed = cluster.leader("high");
            cluster.kill(killed);
            awaitMore(clients, 10);
            cluster.start(killed);
            cluster.awaitReady();
          }
          assertThat(cluster.awaitOperation(id).state()).isEqualTo(OperationView.State.DONE);
        }
        awaitMore(clients, 20);
      } finally {
        finish(cluster, clients, threads);
      }
      assertThat(HistoryChecker.check(clients.history())).isEmpty();
      assertThat(clients.history().size()).isGreaterThan(100);
    }
  }

  /// Documents whose lists lie in two column groups, which are read and written together and each
  /// by itself.
  @Test
  void columnGroupsOfDocumentsThatFailDoNotShow() {
    try (TestCluster cluster = TestCluster.founded(directory, 3)) {
      for (String column : ColumnClients.COLUMNS) {
        cluster.createPartition(
            "of-" + column,
            ColumnClients.COLLECTION,
            "{\"columns\":[\"%s\"]}".formatted(column),
            0,
            1,
            2);
      }
      var clients = new ColumnClients(cluster, 4);
      ExecutorService threads = start(clients, 6);
      try {
        awaitMore(clients, 20);
        int leader = cluster.leader("of-first");
        cluster.run("move", OperationSpec.transferLeader("of-first", cluster.id((leader + 1) % 3)));
        awaitMore(clients, 10);
        int killed = cluster.leader("of-second");
        cluster.kill(killed);
        awaitMore(clients, 10);
        cluster.start(killed);
        cluster.awaitReady();
        awaitMore(clients, 10);
      } finally {
        finish(cluster, clients, threads);
      }
      assertThat(HistoryChecker.check(clients.history())).isEmpty();
      assertThat(clients.history().size()).isGreaterThan(50);
    }
  }
}
