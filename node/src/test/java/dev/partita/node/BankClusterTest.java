package dev.partita.node;

import static dev.partita.node.TransactionClusterTest.ACCOUNTS;
import static dev.partita.node.TransactionClusterTest.account;
import static dev.partita.node.TransactionClusterTest.accounts;
import static dev.partita.node.TransactionClusterTest.balance;
import static dev.partita.node.TransactionClusterTest.put;
import static dev.partita.node.TransactionClusterTest.reads;
import static dev.partita.node.TransactionClusterTest.through;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.partita.node.admin.IndexSpec;
import dev.partita.node.admin.OperationSpec;
import dev.partita.node.admin.OperationView;
import dev.partita.node.error.DatabaseException;
import dev.partita.node.partition.Mutation;
import dev.partita.node.query.IndexQuery;
import dev.partita.node.query.Queries;
import dev.partita.node.query.RangeQuery;
import dev.partita.node.time.Deadline;
import dev.partita.node.time.Timestamp;
import dev.partita.node.transaction.OneShot;
import dev.partita.node.transaction.OneShotResult;
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

/// Money is neither made nor lost, by whatever way the accounts are read and whatever fails.
class BankClusterTest {
  private static final int COUNT = 12;
  private static final int BALANCE = 100;

  @TempDir Path directory;

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
      boolean byRange = random.nextBoolean();
      if (byRange) {
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
        wrong.add("a sum of " + sum + " at " + at + " by " + (byRange ? "range" : "index"));
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

  @Test
  void moneyIsNeitherMadeNorLostWhilePartitionsAreSplitAndMerged() throws Exception {
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
        awaitMore(bank, 10);
        int at = 2;
        for (String partition : List.of("low", "middle", "high")) {
          cluster
              .admin()
              .putOperation(
                  "split-" + partition,
                  OperationSpec.splitPartition(partition, TestCluster.json("" + at)),
                  cluster.deadline());
          awaitMore(bank, 5);
          if (at == 6) {
            int killed = cluster.leader("high");
            cluster.kill(killed);
            awaitMore(bank, 5);
            cluster.start(killed);
            cluster.awaitReady();
          }
          assertThat(cluster.awaitOperation("split-" + partition).state())
              .isEqualTo(OperationView.State.DONE);
          at += 4;
        }
        awaitMore(bank, 10);
        for (String partition : List.of("low", "middle", "high")) {
          if (partition.equals("middle")) {
            cluster
                .admin()
                .putOperation(
                    "merge", OperationSpec.mergePartitions(partition), cluster.deadline());
            int killed = cluster.systemLeader();
            cluster.kill(killed);
            awaitMore(bank, 5);
            cluster.start(killed);
            cluster.awaitReady();
            if (cluster.awaitOperation("merge").state() == OperationView.State.DONE) {
              continue;
            }
          }
          cluster.merge(partition);
          awaitMore(bank, 5);
        }
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
