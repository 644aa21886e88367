package dev.partita.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.partita.node.admin.OperationSpec;
import dev.partita.node.admin.OperationView;
import dev.partita.node.error.DatabaseException;
import dev.partita.node.index.JsonBytes;
import dev.partita.node.key.PrimaryKey;
import dev.partita.node.partition.Mutation;
import dev.partita.node.query.ChangeConsumer;
import dev.partita.node.query.Changes;
import dev.partita.node.query.Queries;
import dev.partita.node.time.Timestamp;
import dev.partita.node.transaction.OneShot;
import dev.partita.node.transaction.OneShotTransactions;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Queue;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Consumers keep copies of a collection from its changes, while transactions over its partitions
/// go on, leaders are moved and killed, replicas move, and partitions are split.
class ChangesClusterTest {
  private static final String THINGS = "things";
  private static final int KEYS = 120;
  private static final Duration ATTEMPT = Duration.ofSeconds(5);

  @TempDir Path directory;

  /// Writers and consumers that go on until they are told to stop.
  private static final class Play implements AutoCloseable {
    private final TestCluster cluster;
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final AtomicBoolean writing = new AtomicBoolean(true);
    private final AtomicInteger written = new AtomicInteger();
    private final AtomicInteger compared = new AtomicInteger();
    private final Queue<String> wrong = new ConcurrentLinkedQueue<>();
    private final List<ChangeConsumer> consumers = new ArrayList<>();
    private volatile @Nullable Timestamp end;

    Play(TestCluster cluster) {
      this.cluster = cluster;
    }

    void start(int writers, int readers) {
      for (int reader = 0; reader < readers; reader++) {
        var random = new Random(100 + reader);
        var consumer =
            new ChangeConsumer(
                THINGS,
                () -> changes(anyNode(random)),
                () -> queries(anyNode(random)),
                cluster.node(0).oracle().next(1).join().first(),
                cluster.deadline(),
                reader);
        consumers.add(consumer);
        threads.execute(() -> consume(consumer, random));
      }
      for (int writer = 0; writer < writers; writer++) {
        int seed = writer;
        threads.execute(() -> write(new Random(seed)));
      }
    }

    private Node anyNode(Random random) {
      List<Node> running = cluster.running();
      return running.get(random.nextInt(running.size()));
    }

    private static Changes changes(Node node) {
      return new Changes(node.router(), node.router(), node.oracle(), node.clock());
    }

    private static Queries queries(Node node) {
      return new Queries(node.router(), node.router(), node.oracle(), node.clock());
    }

    private void write(Random random) {
      while (writing.get()) {
        Node node = anyNode(random);
        try {
          new OneShotTransactions(node.router(), node.transactions(), node.oracle(), node.clock())
              .run(
                  new OneShot(null, List.of(), List.of(), writes(random)),
                  cluster.deadline(ATTEMPT));
          written.incrementAndGet();
        } catch (RuntimeException e) {
          // Refused, or unknown: the changes tell what became of it.
          note(node, e);
        }
      }
    }

    private static List<OneShot.Write> writes(Random random) {
      Set<Long> keys = new HashSet<>();
      for (int count = random.nextInt(3); count >= 0; count--) {
        keys.add((long) random.nextInt(KEYS));
      }
      return keys.stream()
          .map(PrimaryKey::of)
          .map(key ->
              random.nextInt(4) == 0
                  ? Mutation.delete(key)
                  : Mutation.put(
                      key, JsonBytes.of("{\"n\":%d}".formatted(random.nextInt(1_000_000)))))
          .map(mutation -> new OneShot.Write(THINGS, mutation))
          .toList();
    }

    private void note(Node node, RuntimeException failure) {
      if (!(failure instanceof DatabaseException) && node.ready()) {
        wrong.add(failure.toString());
      }
    }

    private void consume(ChangeConsumer consumer, Random random) {
      while (consumer.wrong().isEmpty() && !isDone(consumer)) {
        Node node = anyNode(random);
        try {
          consumer.step(cluster.deadline(ATTEMPT));
          if (consumer.isWhole() && random.nextInt(4) == 0) {
            consumer.compare(cluster.deadline(ATTEMPT));
            compared.incrementAndGet();
          }
        } catch (RuntimeException e) {
          note(node, e);
        }
      }
      wrong.addAll(consumer.wrong());
    }

    private boolean isDone(ChangeConsumer consumer) {
      Timestamp last = end;
      return last != null && !consumer.resolved().isBefore(last) && consumer.isWhole();
    }

    void awaitMore(int transactions) {
      int before = written.get();
      int comparedBefore = compared.get();
      await()
          .atMost(TestCluster.PATIENCE)
          .until(() ->
              !wrong.isEmpty()
                  || (written.get() >= before + transactions
                      && compared.get() >= comparedBefore + 3));
    }

    /// Lets the consumers take the rest, and has each compared once more.
    void finish() throws InterruptedException {
      writing.set(false);
      await()
          .atMost(TestCluster.PATIENCE)
          .ignoreExceptions()
          .until(() -> {
            end = cluster.node(0).oracle().next(1).get(5, TimeUnit.SECONDS).first();
            return true;
          });
      threads.shutdown();
      assertThat(threads.awaitTermination(2, TimeUnit.MINUTES)).isTrue();
      assertThat(wrong).isEmpty();
      for (ChangeConsumer consumer : consumers) {
        consumer.compare(cluster.deadline());
        assertThat(consumer.wrong()).isEmpty();
        assertThat(consumer.resumptions()).isPositive();
        assertThat(consumer.size()).isGreaterThan(written.get() / 2);
      }
    }

    @Override
    public void close() {
      writing.set(false);
      end = Timestamp.MIN;
      threads.shutdownNow();
    }
  }

  private static String range(String bounds) {
    return "{\"range\":{" + bounds + "}}";
  }

  private static void split(TestCluster cluster, String partition, long at) {
    cluster
        .admin()
        .putOperation(
            "split-" + partition,
            OperationSpec.splitPartition(partition, TestCluster.json("" + at)),
            cluster.deadline());
  }

  private static void awaitDone(TestCluster cluster, String operation) {
    assertThat(cluster.awaitOperation(operation).state()).isEqualTo(OperationView.State.DONE);
  }

  @Test
  void copiesAreExactWhateverHappensToPartitions() throws Exception {
    try (TestCluster cluster = TestCluster.founded(directory, 4);
        Play play = new Play(cluster)) {
      cluster.createPartition("low", THINGS, range("\"end\":40"), 0, 1, 2);
      cluster.createPartition("middle", THINGS, range("\"start\":40,\"end\":80"), 0, 1, 2);
      cluster.createPartition("high", THINGS, range("\"start\":80"), 0, 1, 2);
      play.start(3, 3);
      play.awaitMore(20);

      split(cluster, "low", 20);
      play.awaitMore(10);
      awaitDone(cluster, "split-low");

      String low = cluster.partition("low").children().getFirst();
      int next = (cluster.leader(low) + 1) % 3;
      cluster.run("lead", OperationSpec.transferLeader(low, cluster.id(next)));
      String leader = cluster.id(cluster.leader("high"));
      cluster
          .admin()
          .putOperation(
              "move", OperationSpec.moveReplica("high", leader, cluster.id(3)), cluster.deadline());
      play.awaitMore(10);
      awaitDone(cluster, "move");

      split(cluster, "middle", 60);
      int killed = cluster.leader("high");
      cluster.kill(killed);
      play.awaitMore(10);
      cluster.start(killed);
      cluster.awaitReady();
      awaitDone(cluster, "split-middle");
      cluster.merge("low");
      play.awaitMore(10);

      int system = cluster.systemLeader();
      cluster.stop(system);
      play.awaitMore(10);
      cluster.start(system);
      cluster.awaitReady();
      play.finish();
    }
  }
}
