package dev.partita.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.partita.node.error.DatabaseException;
import dev.partita.node.index.JsonBytes;
import dev.partita.node.key.PrimaryKey;
import dev.partita.node.partition.Mutation;
import dev.partita.node.partition.MutationResult;
import dev.partita.node.partition.PartitionDescriptor;
import dev.partita.node.partition.Request;
import dev.partita.node.partition.Response;
import dev.partita.node.time.Timestamp;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/// Clients that count up in rows of their own, each write on the condition that the row is as the
/// client knows it. So a write that is lost, and one that is made twice, both show at the next
/// step, and every read is checked against what was acknowledged.
final class SplitCounters {
  private final TestCluster cluster;
  private final String collection;
  private final long first;
  private final long end;
  private final AtomicBoolean over = new AtomicBoolean();
  private final AtomicInteger acknowledged = new AtomicInteger();
  private final Queue<String> wrong = new ConcurrentLinkedQueue<>();
  private final Map<Long, Row> known = new ConcurrentHashMap<>();

  /// What a client knows of a row.
  ///
  /// @param version null if there is none
  private record Row(@Nullable Timestamp version, long value) {}

  SplitCounters(TestCluster cluster, String collection, long first, long end) {
    this.cluster = cluster;
    this.collection = collection;
    this.first = first;
    this.end = end;
  }

  void start(ExecutorService threads, int clients) {
    for (int client = 0; client < clients; client++) {
      int each = client;
      threads.execute(() -> countUntilOver(each, clients));
    }
  }

  void stop() {
    over.set(true);
  }

  Queue<String> wrong() {
    return wrong;
  }

  void awaitMore(int writes) {
    int before = acknowledged.get();
    await()
        .atMost(TestCluster.PATIENCE)
        .until(() -> acknowledged.get() >= before + writes || !wrong.isEmpty());
  }

  private void countUntilOver(int client, int clients) {
    var random = new Random(client);
    while (!over.get()) {
      long key = first + client + clients * random.nextLong((end - first) / clients);
      List<Node> running = cluster.running();
      if (running.isEmpty()) {
        continue;
      }
      Node node = running.get(random.nextInt(running.size()));
      try {
        step(node, key);
      } catch (RuntimeException e) {
        if (!(e instanceof DatabaseException) && node.ready()) {
          wrong.add(e.toString());
        }
      }
    }
  }

  private void step(Node node, long key) {
    Row before = known.getOrDefault(key, new Row(null, 0));
    long value = before.value() + 1;
    Timestamp version = before.version();
    Mutation mutation =
        Mutation.put(PrimaryKey.of(key), JsonBytes.of("{\"id\":%d,\"n\":%d}".formatted(key, value)))
            .when(version == null ? new Mutation.IfAbsent() : new Mutation.IfVersion(version));
    Response response = write(node, key, mutation);
    switch (response) {
      case Response.Writes(List<MutationResult> results)
          when results.getFirst() instanceof MutationResult.Written(Timestamp at, boolean _) -> {
        known.put(key, new Row(at, value));
        acknowledged.incrementAndGet();
        check(node, key, value, value);
      }
      case Response.Writes(List<MutationResult> results) ->
          wrong.add("key " + key + " after " + before + ": " + results);
      case Response.OutcomeUnknown _ -> check(node, key, before.value(), value);
      default -> {} // nothing was done
    }
  }

  private Response write(Node node, long key, Mutation mutation) {
    PartitionDescriptor owner = node.router().owner(collection, PrimaryKey.of(key));
    return node.router()
        .call(
            owner,
            new Request.Write(owner.id(), owner.epoch(), List.of(mutation), false),
            cluster.deadline(Duration.ofSeconds(10)));
  }

  /// Reads the row and takes over what is there.
  private void check(Node node, long key, long least, long most) {
    Response response = null;
    Node asked = node;
    while (!(response instanceof Response.Row) && !over.get()) {
      PartitionDescriptor owner = asked.router().owner(collection, PrimaryKey.of(key));
      response =
          asked
              .router()
              .call(
                  owner,
                  new Request.Read(owner.id(), owner.epoch(), PrimaryKey.of(key), null),
                  cluster.deadline(Duration.ofSeconds(2)));
      List<Node> running = cluster.running();
      asked = running.isEmpty() ? asked : running.get((int) (key % running.size()));
    }
    if (response instanceof Response.Row row) {
      accept(key, row, least, most);
    } else {
      // Not known any more what is there: the last look tells.
      known.put(key, new Row(null, -1));
    }
  }

  private void accept(long key, Response.Row row, long least, long most) {
    JsonBytes document = row.document();
    long found = document == null ? 0 : TestCluster.json(document.toString()).get("n").longValue();
    if (found < least || found > most) {
      wrong.add("key %d: %d instead of %d to %d".formatted(key, found, least, most));
    }
    known.put(key, new Row(row.version(), found));
  }

  /// Looks at every row through every node, when all is quiet.
  void checkAll() {
    assertThat(known).isNotEmpty();
    known.forEach((key, row) -> {
      String text = cluster.text((int) (key % 3), collection, key);
      long found = text == null ? 0 : TestCluster.json(text).get("n").longValue();
      assertThat(row.value() < 0 || row.value() == found)
          .as(key + ": " + row + ", " + text)
          .isTrue();
    });
  }
}
