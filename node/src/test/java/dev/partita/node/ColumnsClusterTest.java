package dev.partita.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.partita.node.admin.PartitionSpec;
import dev.partita.node.admin.RowsPolicy;
import dev.partita.node.document.Documents;
import dev.partita.node.error.DatabaseException;
import dev.partita.node.error.ErrorCode;
import dev.partita.node.index.JsonBytes;
import dev.partita.node.index.JsonData;
import dev.partita.node.key.PrimaryKey;
import dev.partita.node.partition.Mutation;
import dev.partita.node.partition.MutationResult;
import dev.partita.node.query.Document;
import dev.partita.node.query.Page;
import dev.partita.node.query.Queries;
import dev.partita.node.query.RangeQuery;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A collection that is divided by columns, on real nodes.
class ColumnsClusterTest {
  /// Long enough for an answer, and the test waits for it to pass.
  private static final Duration SOON = Duration.ofMillis(700);

  private static final Duration ATTEMPT = Duration.ofSeconds(10);
  private static final int KEYS = 3;
  private static final int FAULTS = 3;
  private static final int READS_MIN = 100;

  @TempDir static Path directory;

  private static TestCluster cluster;
  private static int declared;

  private final String people = "people" + ++declared;

  @BeforeAll
  static void found() {
    cluster = TestCluster.founded(directory, 3);
  }

  @AfterAll
  static void close() {
    cluster.close();
  }

  @AfterEach
  void heal() {
    cluster.network().heal();
  }

  private String group(String column) {
    return people + "-" + column;
  }

  private void declare(String column, int... nodes) {
    cluster.createPartition(
        group(column), people, "{\"columns\":[\"%s\"]}".formatted(column), nodes);
  }

  private static Documents documents(int through) {
    return TestCluster.documents(cluster.node(through));
  }

  private MutationResult put(int through, long key, String json, String... columns) {
    return documents(through)
        .write(
            people,
            Mutation.put(PrimaryKey.of(key), JsonBytes.of(json)),
            columns.length == 0 ? null : List.of(columns),
            cluster.deadline());
  }

  private @Nullable String get(int through, long key, String... columns) {
    Document document =
        documents(through)
            .get(
                people,
                PrimaryKey.of(key),
                columns.length == 0 ? null : List.of(columns),
                null,
                cluster.deadline());
    return document == null ? null : document.json().toString();
  }

  private static void assertUnavailable(Runnable call) {
    assertThatThrownBy(call::run)
        .isInstanceOfSatisfying(
            DatabaseException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.UNAVAILABLE));
  }

  @Test
  void aGroupNeedsNobodyOfTheOthers() {
    int cut = (cluster.systemLeader() + 1) % 3;
    int through = (cut + 1) % 3;
    // Not on the one that is cut off: a write that is on its way to a leader there would be lost.
    declare("hot", through);
    declare("cold", cut);
    put(through, 1, "{\"id\":1,\"hot\":1,\"cold\":1}");

    cluster.network().isolate(cluster.node(cut).id());

    for (int n = 2; n < 5; n++) {
      assertThat(put(through, 1, "{\"id\":1,\"hot\":%d}".formatted(n), "hot"))
          .isInstanceOfSatisfying(
              MutationResult.Written.class, written -> assertThat(written.existed()).isTrue());
      assertThat(get(through, 1, "hot")).isEqualTo("{\"id\":1,\"hot\":%d}".formatted(n));
    }
    PrimaryKey key = PrimaryKey.of(1);
    assertUnavailable(
        () -> documents(through).get(people, key, null, null, cluster.deadline(SOON)));
    assertUnavailable(
        () -> documents(through).get(people, key, List.of("cold"), null, cluster.deadline(SOON)));

    cluster.network().heal();
    await()
        .atMost(TestCluster.PATIENCE)
        .ignoreExceptions()
        .untilAsserted(
            () -> assertThat(get(through, 1)).isEqualTo("{\"id\":1,\"hot\":4,\"cold\":1}"));
  }

  /// Writers put the same number into both groups, while the leaders of these are cut off.
  @Test
  void nobodySeesHalfOfADocument() throws Exception {
    declare("one", 0, 1, 2);
    declare("two", 0, 1, 2);
    var over = new AtomicBoolean();
    var next = new AtomicInteger();
    var written = new AtomicInteger();
    var read = new AtomicInteger();
    List<Future<?>> clients = new ArrayList<>();
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int through = 0; through < 3; through++) {
        Documents documents = documents(through);
        Node node = cluster.node(through);
        clients.add(
            threads.submit(() -> {
              while (!over.get()) {
                int n = next.incrementAndGet();
                attempt(
                    () ->
                        documents.write(
                            people,
                            Mutation.put(
                                PrimaryKey.of(n % KEYS),
                                JsonBytes.of(
                                    "{\"id\":%d,\"one\":%d,\"two\":%d}".formatted(n % KEYS, n, n))),
                            cluster.deadline(ATTEMPT)),
                    written);
              }
            }));
        clients.add(
            threads.submit(() -> {
              for (int n = 0; !over.get(); n++) {
                PrimaryKey key = PrimaryKey.of(n % KEYS);
                attempt(
                    () -> {
                      Document whole = documents.get(people, key, null, cluster.deadline(ATTEMPT));
                      if (whole != null) {
                        assertWhole(whole);
                      }
                    },
                    read);
                attempt(
                    () -> {
                      var queries =
                          new Queries(node.router(), node.router(), node.oracle(), node.clock());
                      Page<Document> page =
                          queries.range(RangeQuery.of(people, KEYS + 1), cluster.deadline(ATTEMPT));
                      page.data().forEach(ColumnsClusterTest::assertWhole);
                    },
                    read);
              }
            }));
      }
      for (int fault = 0; fault < FAULTS; fault++) {
        int before = written.get();
        int cut = cluster.leader(group(fault % 2 == 0 ? "one" : "two"));
        cluster.network().isolate(cluster.node(cut).id());
        await().atMost(TestCluster.PATIENCE).until(() -> written.get() > before + 10);
        cluster.network().heal();
      }
      await()
          .atMost(TestCluster.PATIENCE)
          .until(() -> read.get() > READS_MIN || clients.stream().anyMatch(Future::isDone));
      over.set(true);
      for (Future<?> client : clients) {
        client.get();
      }
    }
  }

  private static void attempt(Runnable call, AtomicInteger done) {
    try {
      call.run();
      done.incrementAndGet();
    } catch (DatabaseException _) {
      // Nobody could answer then; what is answered has to be right.
    }
  }

  private static void assertWhole(Document document) {
    var json = JsonData.document(document.json());
    assertThat(json.path("one")).as(document.json().toString()).isEqualTo(json.path("two"));
  }

  /// Another node hears of a new group later than the one that was first to write to it.
  @Test
  void aGroupThatWasJustDeclaredIsNotMissed() {
    declare("first", 0, 1, 2);
    for (int round = 0; round < 5; round++) {
      String column = "c" + round;
      cluster
          .admin()
          .putPartition(
              group(column),
              new PartitionSpec(
                  people,
                  TestCluster.json("{\"columns\":[\"%s\"]}".formatted(column)),
                  IntStream.range(0, 3).mapToObj(cluster::id).toList()),
              cluster.deadline());
      // Waits until it serves.
      put(round % 3, round, "{\"id\":%d,\"first\":1,\"%s\":1}".formatted(round, column));
      assertThat(get((round + 1) % 3, round))
          .isEqualTo("{\"id\":%d,\"first\":1,\"%s\":1}".formatted(round, column));
      put((round + 2) % 3, round, "{\"id\":%d,\"first\":2}".formatted(round));
      for (int through = 0; through < 3; through++) {
        assertThat(get(through, round)).isEqualTo("{\"id\":%d,\"first\":2}".formatted(round));
      }
    }
  }

  @Test
  void aRetainedGroupTakesItsFieldsAlongAndBringsThemBack() {
    declare("kept", 0, 1, 2);
    declare("gone", 0, 1, 2);
    put(0, 1, "{\"id\":1,\"kept\":1,\"gone\":1}");
    put(0, 2, "{\"id\":2,\"gone\":2}");

    cluster.admin().deletePartition(group("gone"), RowsPolicy.RETAIN, cluster.deadline());
    await()
        .atMost(TestCluster.PATIENCE)
        .until(() ->
            cluster.running().stream()
                .allMatch(node -> node.catalog().partition(group("gone")).isEmpty()));
    assertThat(get(0, 1)).isEqualTo("{\"id\":1,\"kept\":1}");
    assertThat(get(0, 2)).isNull();
    assertThatThrownBy(() -> put(0, 1, "{\"id\":1,\"gone\":3}"))
        .isInstanceOfSatisfying(
            DatabaseException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.NO_PARTITION));
    put(0, 1, "{\"id\":1,\"kept\":2}");

    cluster.createPartition(group("gone") + "-again", people, "{\"columns\":[\"gone\"]}", 0, 1, 2);
    assertThat(get(1, 1)).isEqualTo("{\"id\":1,\"kept\":2,\"gone\":1}");
    assertThat(get(2, 2)).isEqualTo("{\"id\":2,\"gone\":2}");
    put(1, 1, "{\"id\":1,\"kept\":3}");
    assertThat(get(2, 1)).isEqualTo("{\"id\":1,\"kept\":3}");
  }
}
