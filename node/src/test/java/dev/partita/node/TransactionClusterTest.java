package dev.partita.node;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.partita.node.admin.IndexSpec;
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
import dev.partita.node.query.IndexQuery;
import dev.partita.node.query.Queries;
import dev.partita.node.query.RangeQuery;
import dev.partita.node.time.Deadline;
import dev.partita.node.time.Timestamp;
import dev.partita.node.transaction.OneShot;
import dev.partita.node.transaction.OneShotResult;
import dev.partita.node.transaction.OneShotTransactions;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Transactions over the partitions of real nodes that fail.
class TransactionClusterTest {
  private static final String ACCOUNTS = "accounts";
  private static final int COUNT = 12;
  private static final int BALANCE = 100;

  @TempDir Path directory;

  private static TestCluster accounts(Path directory) {
    TestCluster cluster = TestCluster.founded(directory, 3);
    cluster.createPartition("low", ACCOUNTS, "{\"range\":{\"end\":4}}", 0, 1, 2);
    cluster.createPartition("middle", ACCOUNTS, "{\"range\":{\"start\":4,\"end\":8}}", 0, 1, 2);
    cluster.createPartition("high", ACCOUNTS, "{\"range\":{\"start\":8}}", 0, 1, 2);
    return cluster;
  }

  private static OneShotTransactions through(Node node) {
    return new OneShotTransactions(node.router(), node.transactions(), node.oracle(), node.clock());
  }

  private static OneShot.Item account(long key) {
    return new OneShot.Item(ACCOUNTS, PrimaryKey.of(key));
  }

  private static OneShot.Write put(long key, int balance) {
    return new OneShot.Write(
        ACCOUNTS,
        Mutation.put(
            PrimaryKey.of(key),
            JsonBytes.of("{\"id\":%d,\"kind\":\"a\",\"balance\":%d}".formatted(key, balance))));
  }

  private static OneShot writes(OneShot.Write... writes) {
    return new OneShot(null, List.of(), List.of(), List.of(writes));
  }

  private static OneShot reads(long... keys) {
    var items = new ArrayList<OneShot.Item>();
    for (long key : keys) {
      items.add(account(key));
    }
    return new OneShot(null, items, List.of(), List.of());
  }

  private static int balance(OneShotResult.Found found) {
    JsonBytes document = found.document();
    return document == null ? -1 : balance(document);
  }

  private static int balance(JsonBytes document) {
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

  /// Money that moves between accounts in all partitions while leaders are moved and killed.
  private static final class Bank {
    private final TestCluster cluster;
    private final boolean careless;
    private final AtomicBoolean over = new AtomicBoolean();
    private final AtomicInteger transfers = new AtomicInteger();
    private final AtomicInteger checks = new AtomicInteger();
    private final ConcurrentLinkedQueue<String> wrong = new ConcurrentLinkedQueue<>();
    private final ConcurrentLinkedQueue<Timestamp> moments = new ConcurrentLinkedQueue<>();

    /// @param careless whether transfers do not check what they have read: a planted bug
    Bank(TestCluster cluster, boolean careless) {
      this.cluster = cluster;
      this.careless = careless;
    }

    void open() {
      var all = new ArrayList<OneShot.Write>();
      for (int key = 0; key < COUNT; key++) {
        all.add(put(key, BALANCE));
      }
      moments.add(
          through(cluster.node(0))
              .run(new OneShot(null, List.of(), List.of(), all), cluster.deadline())
              .at());
    }

    private @Nullable Node anyNode(Random random) {
      List<Node> running = cluster.running();
      return running.isEmpty() ? null : running.get(random.nextInt(running.size()));
    }

    void transferUntilOver(int seed) {
      var random = new Random(seed);
      while (!over.get()) {
        Node node = anyNode(random);
        if (node != null) {
          try {
            transfer(node, random);
          } catch (RuntimeException e) {
            // Refused, or unknown: both leave the sum as it is.
            if (!(e instanceof DatabaseException) && node.ready()) {
              wrong.add(e.toString());
            }
          }
        }
      }
    }

    private void transfer(Node node, Random random) {
      Deadline deadline = cluster.deadline(Duration.ofSeconds(5));
      long from = random.nextInt(COUNT);
      long to = (from + 1 + random.nextInt(COUNT - 1)) % COUNT;
      List<OneShotResult.Found> read = through(node).run(reads(from, to), deadline).reads();
      int amount = 1 + random.nextInt(10);
      List<OneShot.Condition> unchanged = new ArrayList<>();
      if (!careless) {
        unchanged.add(
            new OneShot.Condition(
                account(from), new Mutation.IfVersion(requireNonNull(read.get(0).version()))));
        unchanged.add(
            new OneShot.Condition(
                account(to), new Mutation.IfVersion(requireNonNull(read.get(1).version()))));
      }
      OneShotResult done =
          through(node)
              .run(
                  new OneShot(
                      null,
                      List.of(),
                      unchanged,
                      List.of(
                          put(from, balance(read.get(0)) - amount),
                          put(to, balance(read.get(1)) + amount))),
                  deadline);
      transfers.incrementAndGet();
      moments.add(done.at());
    }

    void checkUntilOver(int seed) {
      var random = new Random(seed);
      while (!over.get()) {
        Node node = anyNode(random);
        if (node != null) {
          try {
            check(node, random);
          } catch (RuntimeException e) {
            if (!(e instanceof DatabaseException) && node.ready()) {
              wrong.add(e.toString());
            }
          }
        }
      }
    }

    void check(Node node, Random random) {
      Deadline deadline = cluster.deadline(Duration.ofSeconds(10));
      var queries = new Queries(node.router(), node.router(), node.oracle(), node.clock());
      List<Timestamp> past = List.copyOf(moments);
      @Nullable Timestamp at = random.nextBoolean() ? null : past.get(random.nextInt(past.size()));
      int sum;
      if (random.nextBoolean()) {
        sum =
            queries.range(RangeQuery.of(ACCOUNTS, 100).withAt(at), deadline).data().stream()
                .mapToInt(document -> balance(document.json()))
                .sum();
      } else {
        sum =
            queries
                .index(IndexQuery.of("by-kind", List.of(), 100).withAt(at), deadline)
                .data()
                .stream()
                .map(hit -> TestCluster.json(hit.values().toString()))
                .mapToInt((JsonNode values) -> values.get(0).intValue())
                .sum();
      }
      checks.incrementAndGet();
      if (sum != COUNT * BALANCE) {
        wrong.add("a sum of " + sum + " at " + at);
      }
    }
  }

  private static void addIndex(TestCluster cluster) {
    cluster
        .admin()
        .putIndex(
            "by-kind",
            new IndexSpec(
                ACCOUNTS,
                List.of(new IndexSpec.Term("kind")),
                List.of(new IndexSpec.Value("balance", false)),
                false),
            cluster.deadline());
    Queries queries =
        new Queries(
            cluster.node(0).router(),
            cluster.node(0).router(),
            cluster.node(0).oracle(),
            cluster.node(0).clock());
    await()
        .atMost(TestCluster.PATIENCE)
        .ignoreExceptions()
        .until(() ->
            queries.index(IndexQuery.of("by-kind", List.of(), 100), cluster.deadline()) != null);
  }

  @Test
  void moneyIsNeitherMadeNorLostWhileLeadersAreMovedAndKilled() throws Exception {
    try (TestCluster cluster = accounts(directory);
        ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      addIndex(cluster);
      var bank = new Bank(cluster, false);
      bank.open();
      for (int seed = 0; seed < 4; seed++) {
        int each = seed;
        threads.execute(() -> bank.transferUntilOver(each));
      }
      for (int seed = 10; seed < 12; seed++) {
        int each = seed;
        threads.execute(() -> bank.checkUntilOver(each));
      }
      try {
        awaitMore(bank, 20);
        int round = 0;
        for (String partition : List.of("low", "middle", "high")) {
          int next = (cluster.leader(partition) + 1) % 3;
          cluster.run("move-" + round++, OperationSpec.transferLeader(partition, cluster.id(next)));
          awaitMore(bank, 5);
        }
        int killed = cluster.leader("middle");
        cluster.kill(killed);
        awaitMore(bank, 10);
        cluster.start(killed);
        cluster.awaitReady();
        awaitMore(bank, 10);
      } finally {
        bank.over.set(true);
      }
      threads.shutdown();
      await().atMost(TestCluster.PATIENCE).until(threads::isTerminated);
      var random = new Random(99);
      for (int more = 0; more < 10; more++) {
        bank.check(cluster.node(more % 3), random);
      }
      assertThat(bank.wrong).isEmpty();
      assertThat(bank.checks.get()).isGreaterThan(10);
    }
  }

  private static void awaitMore(Bank bank, int transfers) {
    int before = bank.transfers.get();
    await()
        .atMost(TestCluster.PATIENCE)
        .until(() -> bank.transfers.get() >= before + transfers || !bank.wrong.isEmpty());
  }

  @Test
  void theBankNoticesTransfersThatDoNotCheckWhatTheyHaveRead() {
    try (TestCluster cluster = accounts(directory);
        ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      addIndex(cluster);
      var bank = new Bank(cluster, true);
      bank.open();
      for (int seed = 0; seed < 6; seed++) {
        int each = seed;
        threads.execute(() -> bank.transferUntilOver(each));
      }
      threads.execute(() -> bank.checkUntilOver(10));
      try {
        await().atMost(TestCluster.PATIENCE).until(() -> !bank.wrong.isEmpty());
      } finally {
        bank.over.set(true);
      }
      assertThat(bank.wrong.peek()).startsWith("a sum of ");
    }
  }
}
