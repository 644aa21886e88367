package dev.partita.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.partita.node.catalog.DatabaseSettings;
import dev.partita.node.error.DatabaseException;
import dev.partita.node.index.JsonBytes;
import dev.partita.node.key.PrimaryKey;
import dev.partita.node.partition.CommitProtocolKind;
import dev.partita.node.partition.Mutation;
import dev.partita.node.partition.PartitionDescriptor;
import dev.partita.node.partition.ReadSet;
import dev.partita.node.partition.Request;
import dev.partita.node.partition.Response;
import dev.partita.node.partition.Transaction;
import dev.partita.node.partition.TransactionId;
import dev.partita.node.partition.TransactionOutcome;
import dev.partita.node.time.Timestamp;
import dev.partita.node.transaction.OneShot;
import dev.partita.node.transaction.OneShotResult;
import dev.partita.node.transaction.OneShotTransactions;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What three phases buy: the record's partition is away with all its replicas, and the others
/// decide.
class ThreePhaseClusterTest {
  private static final String COLLECTION = "things";

  @TempDir Path directory;

  /// The first partition is on node 2 alone, the others on the nodes 0 and 1 and, so that a
  /// majority lives without it, on node 2.
  private TestCluster cluster() {
    TestCluster cluster = TestCluster.founded(directory, 3);
    cluster.createPartition("low", COLLECTION, "{\"range\":{\"end\":10}}", 2);
    cluster.createPartition("middle", COLLECTION, "{\"range\":{\"start\":10,\"end\":20}}", 0, 1, 2);
    cluster.createPartition("high", COLLECTION, "{\"range\":{\"start\":20}}", 0, 1, 2);
    return cluster;
  }

  private static OneShotTransactions through(Node node) {
    return new OneShotTransactions(node.router(), node.transactions(), node.oracle(), node.clock());
  }

  private static Mutation put(long key) {
    return Mutation.put(PrimaryKey.of(key), JsonBytes.of("{\"id\":%d}".formatted(key)));
  }

  /// Prepares on all three partitions and stops.
  private static Transaction prepareAll(
      TestCluster cluster, CommitProtocolKind protocol, long key) {
    Node node = cluster.node(0);
    var partitions = new ArrayList<PartitionDescriptor>();
    for (long start : new long[] {0, 10, 20}) {
      partitions.add(node.router().owner(COLLECTION, PrimaryKey.of(start + key)));
    }
    Timestamp now = node.oracle().next(1).join().first();
    var transaction =
        new Transaction(
            TransactionId.random(),
            now,
            now,
            partitions.stream().map(PartitionDescriptor::id).toList(),
            protocol);
    for (int at = 0; at < 3; at++) {
      PartitionDescriptor partition = partitions.get(at);
      assertThat(
              node.router()
                  .call(
                      partition,
                      new Request.Prepare(
                          partition.id(),
                          partition.epoch(),
                          transaction,
                          ReadSet.nothing(now),
                          List.of(put(10L * at + key))),
                      cluster.deadline()))
          .isInstanceOf(Response.Prepared.class);
    }
    return transaction;
  }

  private static OneShot read(long... keys) {
    var items = new ArrayList<OneShot.Item>();
    for (long key : keys) {
      items.add(new OneShot.Item(COLLECTION, PrimaryKey.of(key)));
    }
    return new OneShot(null, items, List.of(), List.of());
  }

  @Test
  void twoPhasesWaitForTheRecordAndThreeDoNot() {
    try (TestCluster cluster = cluster()) {
      prepareAll(cluster, CommitProtocolKind.TWO_PHASE, 1);
      prepareAll(cluster, CommitProtocolKind.THREE_PHASE, 2);
      cluster.kill(2);
      // The others decide.
      OneShotResult decided = through(cluster.node(0)).run(read(12, 22), cluster.deadline());
      assertThat(decided.reads().get(0).version()).isEqualTo(decided.reads().get(1).version());
      // Nobody can tell before the record is back.
      OneShotTransactions waiting = through(cluster.node(1));
      assertThatThrownBy(() -> waiting.run(read(11, 21), cluster.deadline(Duration.ofSeconds(12))))
          .isInstanceOf(DatabaseException.class);
      cluster.start(2);
      cluster.awaitReady();
      // And it agrees with what was decided without it.
      await()
          .atMost(TestCluster.PATIENCE)
          .ignoreExceptions()
          .untilAsserted(() -> {
            OneShotResult all = through(cluster.node(1)).run(read(2, 12, 22), cluster.deadline());
            assertThat(all.reads().get(0).version()).isEqualTo(decided.reads().get(0).version());
            assertThat(all.reads().subList(1, 3)).isEqualTo(decided.reads());
          });
      OneShotResult others = through(cluster.node(1)).run(read(1, 11, 21), cluster.deadline());
      assertThat(others.reads()).extracting(OneShotResult.Found::version).doesNotContainNull();
      assertThat(others.reads().get(1).version()).isEqualTo(others.reads().get(0).version());
    }
  }

  @Test
  void theDatabaseSaysHowTransactionsCommitThatDoNot() {
    try (TestCluster cluster = cluster()) {
      assertThat(protocols(cluster)).containsOnly(CommitProtocolKind.TWO_PHASE);
      cluster
          .node(1)
          .databaseSettings()
          .put(new DatabaseSettings(CommitProtocolKind.THREE_PHASE), cluster.deadline());
      await()
          .atMost(TestCluster.PATIENCE)
          .untilAsserted(
              () -> assertThat(protocols(cluster)).containsOnly(CommitProtocolKind.THREE_PHASE));
      for (int node = 0; node < 3; node++) {
        cluster.kill(node);
      }
      for (int node = 0; node < 3; node++) {
        cluster.start(node);
      }
      cluster.awaitReady();
      await()
          .atMost(TestCluster.PATIENCE)
          .untilAsserted(
              () -> assertThat(protocols(cluster)).containsOnly(CommitProtocolKind.THREE_PHASE));
    }
  }

  private static List<CommitProtocolKind> protocols(TestCluster cluster) {
    return IntStream.range(0, 3)
        .mapToObj(node -> cluster.node(node).router().commitProtocol())
        .toList();
  }

  @Test
  void transactionsOfThreePhasesCommit() {
    try (TestCluster cluster = cluster()) {
      var writes =
          List.of(
              new OneShot.Write(COLLECTION, put(3)),
              new OneShot.Write(COLLECTION, put(13)),
              new OneShot.Write(COLLECTION, put(23)));
      OneShotResult written =
          through(cluster.node(0))
              .run(
                  new OneShot(null, CommitProtocolKind.THREE_PHASE, List.of(), List.of(), writes),
                  cluster.deadline());
      OneShotResult read = through(cluster.node(1)).run(read(3, 13, 23), cluster.deadline());
      assertThat(read.reads()).extracting(OneShotResult.Found::version).containsOnly(written.at());
      // Who comes late finds what is decided.
      Transaction orphan = prepareAll(cluster, CommitProtocolKind.THREE_PHASE, 4);
      OneShotResult ended = through(cluster.node(2)).run(read(4, 14, 24), cluster.deadline());
      PartitionDescriptor low = cluster.node(0).router().owner(COLLECTION, PrimaryKey.of(4));
      Timestamp version = ended.reads().getFirst().version();
      assertThat(
              cluster
                  .node(0)
                  .router()
                  .call(
                      low,
                      new Request.Vote(
                          low.id(),
                          low.epoch(),
                          orphan.id(),
                          orphan.started(),
                          0,
                          new TransactionOutcome.Aborted()),
                      cluster.deadline()))
          .isEqualTo(
              new Response.Finished(
                  version == null
                      ? new TransactionOutcome.Aborted()
                      : new TransactionOutcome.Committed(version)));
    }
  }
}
