package dev.partita.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.partita.node.admin.OperationSpec;
import dev.partita.node.error.DatabaseException;
import dev.partita.node.error.ErrorCode;
import dev.partita.node.index.JsonBytes;
import dev.partita.node.key.PrimaryKey;
import dev.partita.node.partition.Mutation;
import dev.partita.node.partition.PartitionDescriptor;
import dev.partita.node.partition.ReadSet;
import dev.partita.node.partition.Request;
import dev.partita.node.partition.Response;
import dev.partita.node.partition.Transaction;
import dev.partita.node.partition.TransactionId;
import dev.partita.node.partition.TransactionOutcome;
import dev.partita.node.time.Deadline;
import dev.partita.node.time.Timestamp;
import dev.partita.node.time.TimestampBlock;
import dev.partita.node.time.TimestampOracle;
import dev.partita.node.transaction.OneShot;
import dev.partita.node.transaction.OneShotResult;
import dev.partita.node.transaction.OneShotTransactions;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Transactions over the partitions of real nodes that fail.
class TransactionClusterTest {
  static final String ACCOUNTS = "accounts";

  @TempDir Path directory;

  static TestCluster accounts(Path directory) {
    TestCluster cluster = TestCluster.founded(directory, 3);
    cluster.createPartition("low", ACCOUNTS, "{\"range\":{\"end\":4}}", 0, 1, 2);
    cluster.createPartition("middle", ACCOUNTS, "{\"range\":{\"start\":4,\"end\":8}}", 0, 1, 2);
    cluster.createPartition("high", ACCOUNTS, "{\"range\":{\"start\":8}}", 0, 1, 2);
    return cluster;
  }

  static OneShotTransactions through(Node node) {
    return new OneShotTransactions(node.router(), node.transactions(), node.oracle(), node.clock());
  }

  static OneShot.Item account(long key) {
    return new OneShot.Item(ACCOUNTS, PrimaryKey.of(key));
  }

  static OneShot.Write put(long key, int balance) {
    return new OneShot.Write(
        ACCOUNTS,
        Mutation.put(
            PrimaryKey.of(key),
            JsonBytes.of("{\"id\":%d,\"kind\":\"a\",\"balance\":%d}".formatted(key, balance))));
  }

  private static OneShot writes(OneShot.Write... writes) {
    return new OneShot(null, List.of(), List.of(), List.of(writes));
  }

  static OneShot reads(long... keys) {
    var items = new ArrayList<OneShot.Item>();
    for (long key : keys) {
      items.add(account(key));
    }
    return new OneShot(null, items, List.of(), List.of());
  }

  static int balance(OneShotResult.Found found) {
    JsonBytes document = found.document();
    return document == null ? -1 : balance(document);
  }

  static int balance(JsonBytes document) {
    return TestCluster.json(document.toString()).get("balance").intValue();
  }

  @Test
  void aTransactionWritesInAllPartitionsOrInNone() {
    try (TestCluster cluster = accounts(directory)) {
      OneShotResult written =
          through(cluster.node(0))
              .run(writes(put(1, 10), put(5, 50), put(9, 90)), cluster.deadline());
      OneShotResult read = through(cluster.node(1)).run(reads(1, 5, 9), cluster.deadline());
      assertThat(read.reads())
          .extracting(TransactionClusterTest::balance)
          .containsExactly(10, 50, 90);
      assertThat(read.reads()).extracting(OneShotResult.Found::version).containsOnly(written.at());

      OneShot refused =
          new OneShot(
              null,
              List.of(),
              List.of(new OneShot.Condition(account(9), new Mutation.IfAbsent())),
              List.of(put(1, 11), put(5, 51)));
      assertRefused(cluster, refused, ErrorCode.CONDITION_FAILED);
      OneShot.Write insert =
          new OneShot.Write(
              ACCOUNTS, Mutation.insert(PrimaryKey.of(9), JsonBytes.of("{\"id\":9}")));
      assertRefused(cluster, writes(put(1, 11), put(5, 51), insert), ErrorCode.CONDITION_FAILED);
      assertThat(through(cluster.node(2)).run(reads(1, 5, 9), cluster.deadline()).reads())
          .isEqualTo(read.reads());
      // A read at a past moment sees all of it or nothing.
      Timestamp before = written.at().previous();
      for (long key : new long[] {1, 5, 9}) {
        PartitionDescriptor owner = cluster.node(0).router().owner(ACCOUNTS, PrimaryKey.of(key));
        assertThat(
                cluster
                    .node(0)
                    .router()
                    .call(
                        owner,
                        new Request.Read(owner.id(), owner.epoch(), PrimaryKey.of(key), before),
                        cluster.deadline()))
            .isEqualTo(new Response.Row(null, null));
      }
    }
  }

  /// An oracle that is asked, and an idea of the time that may be wrong.
  private static final class GuessingOracle implements TimestampOracle {
    private final TimestampOracle oracle;
    private final AtomicInteger asked = new AtomicInteger();
    private @Nullable Timestamp guess;

    GuessingOracle(TimestampOracle oracle) {
      this.oracle = oracle;
    }

    @Override
    public CompletableFuture<TimestampBlock> next(int count) {
      asked.incrementAndGet();
      return oracle.next(count);
    }

    @Override
    public @Nullable Timestamp estimate() {
      return guess;
    }
  }

  @Test
  void whoReadsNothingAsksForNoTimestamp() {
    try (TestCluster cluster = accounts(directory)) {
      Node node = cluster.node(0);
      var oracle = new GuessingOracle(node.oracle());
      var transactions =
          new OneShotTransactions(node.router(), node.transactions(), oracle, node.clock());
      Timestamp first = transactions.run(writes(put(1, 10), put(9, 90)), cluster.deadline()).at();
      assertThat(oracle.asked).hasValue(1);
      // However wrong the guess is, what comes later has a later timestamp, or is tried again.
      for (Timestamp guess :
          List.of(Timestamp.MIN.next(), first, Timestamp.ofMillis(first.millis() + 3_600_000))) {
        oracle.guess = guess;
        Timestamp next = transactions.run(writes(put(1, 11), put(9, 91)), cluster.deadline()).at();
        assertThat(next).isGreaterThan(first);
        first = next;
      }
      assertThat(oracle.asked).hasValue(1);
      OneShot.Condition balance = new OneShot.Condition(account(9), new Mutation.IfVersion(first));
      OneShotResult last =
          transactions.run(
              new OneShot(null, List.of(account(1)), List.of(balance), List.of(put(1, 12))),
              cluster.deadline());
      assertThat(oracle.asked).hasValue(2);
      assertThat(balance(last.reads().getFirst())).isEqualTo(11);
      Awaitility.await()
          .atMost(TestCluster.PATIENCE)
          .until(() -> {
            Timestamp now = node.oracle().next(1).join().first();
            Timestamp about = node.oracle().estimate();
            return about != null && !about.isBefore(now);
          });
    }
  }

  private static void assertRefused(TestCluster cluster, OneShot transaction, ErrorCode code) {
    OneShotTransactions transactions = through(cluster.node(2));
    Deadline deadline = cluster.deadline();
    assertThatThrownBy(() -> transactions.run(transaction, deadline))
        .isInstanceOfSatisfying(
            DatabaseException.class, failure -> assertThat(failure.code()).isEqualTo(code));
  }

  /// A coordinator that stops after some of its messages.
  private static final class DeadCoordinator {
    private final TestCluster cluster;
    private final List<PartitionDescriptor> partitions = new ArrayList<>();
    private final Transaction transaction;

    DeadCoordinator(TestCluster cluster, long... keys) {
      this.cluster = cluster;
      Node node = cluster.node(0);
      for (long key : keys) {
        partitions.add(node.router().owner(ACCOUNTS, PrimaryKey.of(key)));
      }
      Timestamp now = node.oracle().next(1).join().first();
      transaction =
          new Transaction(
              TransactionId.random(),
              now,
              now,
              partitions.stream().map(PartitionDescriptor::id).toList());
    }

    Response prepare(int participant, long key, int balance) {
      PartitionDescriptor partition = partitions.get(participant);
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
                  List.of(put(key, balance).mutation())),
              cluster.deadline());
    }

    Response finish(int participant, TransactionOutcome outcome) {
      PartitionDescriptor partition = partitions.get(participant);
      return cluster
          .node(0)
          .router()
          .call(
              partition,
              new Request.Finish(
                  partition.id(),
                  partition.epoch(),
                  transaction.id(),
                  transaction.started(),
                  outcome),
              cluster.deadline());
    }
  }

  @Test
  void anOrphanThatAllHavePreparedIsCommittedByWhoeverMeetsIt() {
    try (TestCluster cluster = accounts(directory)) {
      var dead = new DeadCoordinator(cluster, 1, 5, 9);
      Timestamp last = Timestamp.MIN;
      for (int at = 0; at < 3; at++) {
        Response answer = dead.prepare(at, 4L * at + 1, 7);
        assertThat(answer).isInstanceOf(Response.Prepared.class);
        last = Timestamp.later(last, ((Response.Prepared) answer).at());
      }
      OneShotResult read = through(cluster.node(1)).run(reads(9, 5, 1), cluster.deadline());
      assertThat(read.reads()).extracting(OneShotResult.Found::version).containsOnly(last);
      // The coordinator was only slow.
      assertThat(dead.finish(0, new TransactionOutcome.Aborted()))
          .isEqualTo(new Response.Finished(new TransactionOutcome.Committed(last)));
    }
  }

  @Test
  void anOrphanThatNotAllHavePreparedIsAbortedAndCannotComeBack() {
    try (TestCluster cluster = accounts(directory)) {
      for (int missing = 0; missing < 3; missing++) {
        var dead = new DeadCoordinator(cluster, 1, 5, 9);
        for (int at = 0; at < 3; at++) {
          if (at != missing) {
            assertThat(dead.prepare(at, 4L * at + 1, 7)).isInstanceOf(Response.Prepared.class);
          }
        }
        OneShotResult read = through(cluster.node(1)).run(reads(1, 5, 9), cluster.deadline());
        assertThat(read.reads()).extracting(OneShotResult.Found::version).containsOnlyNulls();
        assertThat(dead.prepare(missing, 4L * missing + 1, 7))
            .isInstanceOf(Response.NotPrepared.class);
      }
      // Nothing is left in anybody's way.
      through(cluster.node(2)).run(writes(put(1, 1), put(5, 1), put(9, 1)), cluster.deadline());
    }
  }

  @Test
  void anOrphanIsEndedWhenTheLeaderOfItsRecordIsKilledToo() {
    try (TestCluster cluster = accounts(directory)) {
      int killed = cluster.leader("low");
      int survivor = (killed + 1) % 3;
      if (killed == 0) {
        // The coordinator is on node 0, which has to survive.
        cluster.run("lead-low", OperationSpec.transferLeader("low", cluster.id(1)));
        killed = 1;
        survivor = 2;
      }
      var committed = new DeadCoordinator(cluster, 1, 5);
      committed.prepare(0, 1, 7);
      committed.prepare(1, 5, 7);
      var aborted = new DeadCoordinator(cluster, 2, 9);
      aborted.prepare(0, 2, 8);
      cluster.kill(killed);
      OneShotResult read = through(cluster.node(survivor)).run(reads(1, 5, 2), cluster.deadline());
      assertThat(read.reads())
          .extracting(TransactionClusterTest::balance)
          .containsExactly(7, 7, -1);
      assertThat(aborted.prepare(1, 9, 8)).isInstanceOf(Response.NotPrepared.class);
    }
  }

  @Test
  void whatAClientNumbersHappensOnceThroughAnyNodeAndAfterAFailover() {
    try (TestCluster cluster = accounts(directory)) {
      OneShot.Write insert =
          new OneShot.Write(
              ACCOUNTS,
              Mutation.insert(PrimaryKey.of(1), JsonBytes.of("{\"id\":1,\"balance\":1}")));
      OneShot once =
          new OneShot(
              new OneShot.Name("till", 1),
              List.of(account(5)),
              List.of(),
              List.of(insert, put(5, 5)));
      OneShotResult first = through(cluster.node(0)).run(once, cluster.deadline());
      assertThat(first.repeated()).isFalse();
      through(cluster.node(1)).run(writes(put(5, 55)), cluster.deadline());
      int leader = cluster.leader("low");
      cluster.kill(leader);
      int other = (leader + 1) % 3;
      OneShotResult again = through(cluster.node(other)).run(once, cluster.deadline());
      assertThat(again.repeated()).isTrue();
      assertThat(again.at()).isEqualTo(first.at());
      assertThat(again.reads()).isEqualTo(first.reads());
      assertThat(
              balance(
                  through(cluster.node(other))
                      .run(reads(5), cluster.deadline())
                      .reads()
                      .getFirst()))
          .isEqualTo(55);
    }
  }
}
