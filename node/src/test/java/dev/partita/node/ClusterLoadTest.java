package dev.partita.node;

import static java.util.Comparator.comparingInt;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.partita.node.error.DatabaseException;
import dev.partita.node.index.JsonBytes;
import dev.partita.node.partition.Mutation;
import dev.partita.node.partition.MutationResult;
import dev.partita.node.partition.PartitionDescriptor;
import dev.partita.node.partition.Request;
import dev.partita.node.partition.Response;
import dev.partita.node.raft.LinearizabilityChecker;
import dev.partita.node.raft.Operation;
import dev.partita.node.time.Deadline;
import dev.partita.node.time.Timestamp;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Clients read and write through all nodes while nodes fail; afterwards the histories are checked.
class ClusterLoadTest {
  private static final int REGISTERS = 8;
  private static final int COUNTER = 100;
  private static final int CLIENTS = 8;
  private static final int OPERATIONS_MAX = 400;
  private static final Duration DEADLINE = Duration.ofSeconds(4);

  /// A client's pause when no node takes its request.
  private static final long BACKOFF_NANOS = 1_000_000;

  @TempDir Path directory;

  private final Queue<Operation> history = new ConcurrentLinkedQueue<>();
  private final Set<Long> refused = ConcurrentHashMap.newKeySet();
  private final AtomicLong nextValue = new AtomicLong(1);
  private final AtomicInteger incremented = new AtomicInteger();
  private final AtomicInteger unknown = new AtomicInteger();
  private final AtomicBoolean running = new AtomicBoolean(true);

  @Test
  void noAcknowledgedWriteIsLostOrDoubledAndReadsAreLinearizable() throws InterruptedException {
    try (TestCluster cluster = TestCluster.founded(directory, 3)) {
      cluster.createPartition("registers", "things", "{\"range\":{\"end\":50}}", 0, 1, 2);
      cluster.createPartition("counters", "things", "{\"range\":{\"start\":50}}", 1, 2, 0);
      assertThat(cluster.put(0, "things", COUNTER, "{\"n\":0}"))
          .isInstanceOf(Response.Writes.class);
      List<Thread> clients = new ArrayList<>();
      for (int client = 0; client < CLIENTS; client++) {
        int number = client;
        clients.add(Thread.ofPlatform().start(() -> work(cluster, number)));
      }
      misfortunes(cluster);
      running.set(false);
      for (Thread client : clients) {
        client.join();
      }
      cluster.awaitReady();

      assertThat(history.size()).isGreaterThan(50);
      assertThat(reads().map(Operation::value).filter(refused::contains))
          .as("values of refused writes that were read")
          .isEmpty();
      assertThat(LinearizabilityChecker.violations(List.copyOf(history)))
          .as(this::describeHistory)
          .isEmpty();
      int counted = number(requireNonNull(cluster.text(0, "things", COUNTER)));
      assertThat(counted).isBetween(incremented.get(), incremented.get() + unknown.get());
      assertThat(incremented.get()).isPositive();
    }
  }

  private Stream<Operation> reads() {
    return history.stream().filter(operation -> operation.kind() == Operation.Kind.READ);
  }

  private String describeHistory() {
    return history.stream()
        .sorted(comparingInt(Operation::key).thenComparingLong(Operation::invokedNanos))
        .map(Operation::toString)
        .collect(Collectors.joining("\n"));
  }

  private void misfortunes(TestCluster cluster) {
    awaitProgress();
    int leader = cluster.leader("registers");
    cluster.kill(leader);
    awaitProgress();
    cluster.start(leader);
    cluster.awaitReady();
    awaitProgress();
    cluster.network().isolate(cluster.node(cluster.leader("counters")).id());
    awaitProgress();
    cluster.network().heal();
    awaitProgress();
    cluster.network().isolate(cluster.node(cluster.systemLeader()).id());
    awaitProgress();
    cluster.network().heal();
    awaitProgress();
    for (int node = 0; node < 3; node++) {
      cluster.kill(node);
    }
    for (int node = 0; node < 3; node++) {
      cluster.start(node);
    }
    cluster.awaitReady();
    awaitProgress();
  }

  /// Waits until clients have had some more success.
  private void awaitProgress() {
    int operations = history.size() + 30;
    int increments = incremented.get() + 3;
    await()
        .atMost(TestCluster.PATIENCE)
        .until(() -> history.size() >= operations && incremented.get() >= increments);
  }

  private void work(TestCluster cluster, int client) {
    SplittableRandom random = new SplittableRandom(client);
    while (running.get()) {
      List<Node> nodes = cluster.running();
      if (nodes.isEmpty()) {
        LockSupport.parkNanos(BACKOFF_NANOS);
        continue;
      }
      int through = random.nextInt(nodes.size());
      try {
        Node node = nodes.get(through);
        if (client < 2) {
          increment(node);
        } else {
          register(node, client, random);
        }
      } catch (DatabaseException | IllegalStateException e) {
        // The node was stopped in the middle of it, before anything was sent.
        LockSupport.parkNanos(BACKOFF_NANOS);
      }
    }
  }

  private void register(Node node, int client, SplittableRandom random) {
    int key = random.nextInt(REGISTERS);
    boolean write = random.nextBoolean() && history.size() < OPERATIONS_MAX * REGISTERS;
    long invoked = System.nanoTime();
    if (write) {
      long value = nextValue.getAndIncrement();
      Response response;
      try {
        response = write(node, Mutation.put(TestCluster.key(key), document(value)));
      } catch (RuntimeException e) {
        history.add(operation(client, Operation.Kind.WRITE, key, value, invoked, Operation.NEVER));
        return;
      }
      if (response instanceof Response.Writes) {
        history.add(
            operation(client, Operation.Kind.WRITE, key, value, invoked, System.nanoTime()));
      } else if (response instanceof Response.OutcomeUnknown) {
        history.add(operation(client, Operation.Kind.WRITE, key, value, invoked, Operation.NEVER));
      } else {
        refused.add(value);
      }
    } else if (read(node, key) instanceof Response.Row row) {
      long value = row.document() == null ? 0 : number(row.document().toString());
      history.add(operation(client, Operation.Kind.READ, key, value, invoked, System.nanoTime()));
    }
  }

  private static Operation operation(
      int client, Operation.Kind kind, int key, long value, long invoked, long returned) {
    return new Operation(client, kind, key, value, invoked, returned);
  }

  /// Compare-and-set: an increment that is lost or done twice shows in the sum.
  private void increment(Node node) {
    if (!(read(node, COUNTER) instanceof Response.Row row) || row.document() == null) {
      return;
    }
    int value = number(row.document().toString());
    Timestamp version = requireNonNull(row.version());
    Mutation next =
        Mutation.put(TestCluster.key(COUNTER), document(value + 1))
            .when(new Mutation.IfVersion(version));
    Response response;
    try {
      response = write(node, next);
    } catch (RuntimeException e) {
      unknown.incrementAndGet();
      return;
    }
    if (response instanceof Response.Writes(var results)) {
      if (results.getFirst() instanceof MutationResult.Written) {
        incremented.incrementAndGet();
      }
    } else if (response instanceof Response.OutcomeUnknown) {
      unknown.incrementAndGet();
    }
  }

  private static Response write(Node node, Mutation mutation) {
    PartitionDescriptor owner = node.router().owner("things", mutation.key());
    return node.router()
        .call(
            owner,
            new Request.Write(owner.id(), owner.epoch(), List.of(mutation), false),
            Deadline.after(DEADLINE, node.clock()));
  }

  private static Response read(Node node, int key) {
    PartitionDescriptor owner = node.router().owner("things", TestCluster.key(key));
    return node.router()
        .call(
            owner,
            new Request.Read(owner.id(), owner.epoch(), TestCluster.key(key), null),
            Deadline.after(DEADLINE, node.clock()));
  }

  private static JsonBytes document(long value) {
    return JsonBytes.of("{\"n\":" + value + "}");
  }

  private static int number(String document) {
    return Integer.parseInt(document.replaceAll("\\D", ""));
  }
}
