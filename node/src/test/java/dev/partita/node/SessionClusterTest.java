package dev.partita.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.partita.node.admin.IndexSpec;
import dev.partita.node.admin.OperationSpec;
import dev.partita.node.document.SessionAction;
import dev.partita.node.error.DatabaseException;
import dev.partita.node.error.ErrorCode;
import dev.partita.node.partition.Response;
import dev.partita.node.time.Deadline;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/// Transactions whose statements come one by one, through any node.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class SessionClusterTest {
  private TestCluster cluster;

  @BeforeAll
  void found(@TempDir Path directory) {
    cluster = TestCluster.founded(directory, 3);
    cluster.createPartition("low", "things", "{\"range\":{\"end\":500}}", 0, 1, 2);
    cluster.createPartition("high", "things", "{\"range\":{\"start\":500}}", 0, 1, 2);
    cluster.createPartition(
        "hashed", "others", "{\"hash\":{\"modulus\":1,\"remainder\":0}}", 0, 1, 2);
    cluster
        .admin()
        .putIndex(
            "by-color",
            new IndexSpec("things", List.of(new IndexSpec.Term("color")), List.of(), false),
            cluster.deadline());
    Awaitility.await()
        .atMost(TestCluster.PATIENCE)
        .ignoreExceptions()
        .until(() -> {
          var session = new Client(0, "{\"readOnly\":true}");
          return session.query("{\"index\":\"by-color\"}") != null;
        });
  }

  @AfterAll
  void close() {
    cluster.close();
  }

  /// A client that sends each statement to the next node.
  private final class Client {
    private final String id;
    private String readable = "things";
    private int node;

    Client(int node, String options) {
      this.node = node;
      this.id = send(SessionAction.BEGIN, options).get("id").textValue();
    }

    Client(int node) {
      this(node, "");
    }

    private ObjectNode send(SessionAction action, String body) {
      String to = action == SessionAction.BEGIN ? "" : id;
      return cluster
          .node(node++ % 3)
          .sessions()
          .execute(
              action,
              to,
              body.getBytes(StandardCharsets.UTF_8),
              action == SessionAction.QUERY ? readable : "",
              cluster.deadline());
    }

    /// Where the node that takes the next statements has found that it may read.
    Client mayRead(String collection) {
      readable = collection;
      return this;
    }

    JsonNode read(long key) {
      return send(SessionAction.READ, "{\"collection\":\"things\",\"id\":" + key + "}")
          .get("document");
    }

    ObjectNode query(String query) {
      return send(SessionAction.QUERY, query);
    }

    JsonNode lock(long key) {
      return send(SessionAction.LOCK, "{\"collection\":\"things\",\"id\":" + key + "}")
          .get("document");
    }

    void abort() {
      send(SessionAction.ABORT, "");
    }

    List<Integer> range(long start, long end) {
      return query("{\"collection\":\"things\",\"start\":%d,\"end\":%d}".formatted(start, end))
          .get("data")
          .valueStream()
          .map(each -> each.get("document").get("id").intValue())
          .toList();
    }

    void put(long key, String members) {
      send(
          SessionAction.WRITE,
          "{\"collection\":\"things\",\"document\":{\"id\":%d%s}}".formatted(key, members));
    }

    void delete(long key) {
      send(SessionAction.WRITE, "{\"collection\":\"things\",\"delete\":%d}".formatted(key));
    }

    String commit() {
      return send(SessionAction.COMMIT, "").get("timestamp").textValue();
    }
  }

  private static void assertFails(ErrorCode code, Runnable statement) {
    assertThatThrownBy(statement::run)
        .isInstanceOfSatisfying(
            DatabaseException.class, failure -> assertThat(failure.code()).isEqualTo(code));
  }

  private void write(long key, String members) {
    assertThat(cluster.put(0, "things", key, "{\"id\":%d%s}".formatted(key, members)))
        .isInstanceOf(Response.Writes.class);
  }

  @Test
  void aTransactionSeesItsBeginningAndItsOwnWrites() {
    write(1, ",\"n\":1");
    write(501, ",\"n\":1");
    var client = new Client(0);
    write(501, ",\"n\":2");
    assertThat(client.read(501).get("n").intValue()).isEqualTo(1);
    var other = new Client(1);
    other.put(1, ",\"n\":5");
    other.put(2, ",\"n\":5");
    other.put(502, ",\"n\":5");
    other.delete(501);
    assertThat(other.read(1).get("n").intValue()).isEqualTo(5);
    assertThat(other.range(0, 600)).containsExactly(1, 2, 502);
    assertThat(cluster.text(0, "things", 2)).isNull();
    String timestamp = other.commit();
    assertThat(other.commit()).isEqualTo(timestamp);
    assertThat(cluster.text(0, "things", 501)).isNull();
    assertThat(cluster.text(1, "things", 502)).isEqualTo("{\"id\":502,\"n\":5}");
    assertThat(client.read(1).get("n").intValue()).isEqualTo(1);
    // It has read only: it took place when it began.
    client.commit();
  }

  @Test
  void whoHasReadWhatOthersHaveChangedSinceCannotCommit() {
    write(11, ",\"n\":0");
    write(511, ",\"n\":0");
    var one = new Client(0);
    var other = new Client(1);
    // Write skew: each reads what the other writes.
    one.read(511);
    one.put(11, ",\"n\":1");
    other.read(11);
    other.put(511, ",\"n\":1");
    one.commit();
    assertFails(ErrorCode.SERIALIZATION_FAILURE, other::commit);
    assertFails(ErrorCode.SERIALIZATION_FAILURE, other::commit);
    assertThat(cluster.text(0, "things", 511)).isEqualTo("{\"id\":511,\"n\":0}");
  }

  @Test
  void phantomsAreRefused() {
    write(21, "");
    write(29, "");
    var client = new Client(0);
    assertThat(client.range(20, 30)).containsExactly(21, 29);
    client.put(600, "");
    write(30, "");
    var same = new Client(1);
    assertThat(same.range(20, 30)).containsExactly(21, 29);
    same.put(601, "");
    same.commit();
    write(25, "");
    assertFails(ErrorCode.SERIALIZATION_FAILURE, client::commit);
  }

  /// One that is declared after the look was not looked into.
  @Test
  void phantomsInPartitionsThatAreDeclaredMeanwhileAreRefused() {
    cluster.createPartition("begin", "growing", "{\"range\":{\"end\":100}}", 0, 1, 2);
    String looking = "{\"collection\":\"growing\",\"start\":0,\"end\":500}";
    var early = new Client(0);
    var late = new Client(1);
    for (Client client : List.of(early, late)) {
      assertThat(client.query(looking).get("data")).isEmpty();
    }
    early.put(71, "");
    late.put(72, "");
    cluster.createPartition("rest", "growing", "{\"range\":{\"start\":100,\"end\":500}}", 0, 1, 2);

    early.commit();
    assertThat(cluster.put(2, "growing", 300, "{\"id\":300}")).isInstanceOf(Response.Writes.class);

    assertFails(ErrorCode.SERIALIZATION_FAILURE, late::commit);
  }

  @Test
  void phantomsOfIndexesAreRefused() {
    write(31, ",\"color\":\"red\"");
    String red = "{\"index\":\"by-color\",\"terms\":[\"red\"]}";
    var client = new Client(0);
    assertThat(client.query(red).get("data")).hasSize(1);
    client.put(610, "");
    var same = new Client(1);
    same.query(red);
    same.put(611, ",\"color\":\"blue\"");
    same.commit();
    write(532, ",\"color\":\"red\"");
    assertFails(ErrorCode.SERIALIZATION_FAILURE, client::commit);
  }

  @Test
  void anIndexHasWhatTheTransactionHasWritten() {
    write(431, ",\"color\":\"c2\"");
    write(432, ",\"color\":\"c3\"");
    write(631, ",\"color\":\"c4\"");
    write(632, ",\"color\":\"c5\"");
    var client = new Client(0);
    client.put(431, ",\"color\":\"c6\"");
    client.put(633, ",\"color\":\"c1\"");
    client.put(634, "");
    client.delete(432);
    client.put(631, ",\"color\":\"c4\",\"n\":1");

    String all = "{\"index\":\"by-color\",\"documents\":true,\"limit\":%d,\"order\":\"%s\"%s}";
    assertThat(colors(client.query(all.formatted(100, "asc", ""))))
        .containsSubsequence("c1", "c4", "c5", "c6")
        .doesNotContain("c2", "c3");
    assertThat(colors(client.query(all.formatted(2, "desc", ",\"partition\":\"high\""))))
        .contains("c5");
    assertThat(colors(client.query(all.formatted(1, "desc", ",\"partition\":\"low\""))).getFirst())
        .isEqualTo(
            colors(client.query(all.formatted(100, "desc", ",\"partition\":\"low\""))).getFirst());
    ObjectNode changed =
        client.query("{\"index\":\"by-color\",\"terms\":[\"c4\"],\"documents\":true}");
    assertThat(changed.get("data")).hasSize(1);
    assertThat(changed.get("data").get(0).get("document").get("n").intValue()).isEqualTo(1);
    assertThat(changed.get("data").get(0).get("version").isNull()).isTrue();
    client.commit();
    var after = new Client(1, "{\"readOnly\":true}");
    assertThat(colors(after.query(all.formatted(100, "asc", ""))))
        .containsSubsequence("c1", "c4", "c5", "c6")
        .doesNotContain("c2", "c3");
  }

  private static List<String> colors(ObjectNode answer) {
    return answer
        .get("data")
        .valueStream()
        .map(hit -> hit.path("document").path("color").asText())
        .toList();
  }

  /// The node that looks at rights may know of another index of that name, or of none: it is
  /// somebody else's on the node that has the transaction.
  @Test
  void anIndexIsLookedThroughOnlyInTheCollectionThatMayBeRead() {
    String query = "{\"index\":\"by-color\"}";
    for (int beginning = 0; beginning < 3; beginning++) {
      var client = new Client(beginning, "{\"readOnly\":true}");
      for (int taking = 0; taking < 3; taking++) {
        assertFails(ErrorCode.UNKNOWN_INDEX, () -> client.mayRead("others").query(query));
        assertFails(ErrorCode.UNKNOWN_INDEX, () -> client.mayRead("").query(query));
        assertThat(client.mayRead("things").query(query).has("data")).isTrue();
      }
    }
  }

  @Test
  void aReadOnlyTransactionReadsOneMomentAndNeverFails() {
    write(41, ",\"n\":1");
    write(541, ",\"n\":1");
    var client = new Client(0, "{\"readOnly\":true}");
    write(41, ",\"n\":2");
    write(541, ",\"n\":2");
    assertThat(client.read(41).get("n").intValue()).isEqualTo(1);
    assertThat(client.read(541).get("n").intValue()).isEqualTo(1);
    assertFails(ErrorCode.REFUSED, () -> client.put(41, ""));
    String at = client.commit();
    var past = new Client(1, "{\"readOnly\":true,\"at\":\"" + at + "\"}");
    assertThat(past.read(541).get("n").intValue()).isEqualTo(1);
  }

  @Test
  void whatIsAbortedOrUnknownTakesNoMoreStatements() {
    var client = new Client(0);
    client.put(51, "");
    client.send(SessionAction.ABORT, "");
    assertFails(ErrorCode.REFUSED, client::commit);
    assertFails(ErrorCode.REFUSED, () -> client.read(51));
    assertThat(cluster.text(0, "things", 51)).isNull();
    for (String id : List.of("", "x", "1-", cluster.id(1) + "-00", "77-00")) {
      assertThatThrownBy(() ->
              cluster
                  .node(0)
                  .sessions()
                  .execute(
                      SessionAction.COMMIT,
                      id,
                      new byte[0],
                      "",
                      cluster.deadline(Duration.ofSeconds(2))))
          .isInstanceOf(DatabaseException.class);
    }
  }

  /// As many as end in two minutes would be a limit of how many can be made.
  @Test
  void transactionsThatHaveEndedAreNotOpen() {
    var first = new Client(0);
    first.send(SessionAction.ABORT, "");
    for (int more = 0; more < 10_100; more++) {
      var client = new Client(0, "{\"readOnly\":true}");
      client.node = 0;
      client.commit();
    }
    assertThat(cluster.node(0).sessions().size()).isLessThan(100);
    first.node = 0;
    assertFails(ErrorCode.REFUSED, first::commit);
  }

  @Test
  void whatTheIndexOfASplitPartitionDidNotHaveIsReadToo() {
    cluster.createPartition("wide", "parts", "{\"range\":{\"end\":500}}", 0, 1, 2);
    cluster
        .admin()
        .putIndex(
            "parts-by-color",
            new IndexSpec("parts", List.of(new IndexSpec.Term("color")), List.of(), false),
            cluster.deadline());
    cluster.run("split-wide", OperationSpec.splitPartition("wide", TestCluster.json("100")));
    String query = "{\"index\":\"parts-by-color\",\"partition\":\"wide\",\"terms\":[\"red\"]}";
    Awaitility.await()
        .atMost(TestCluster.PATIENCE)
        .ignoreExceptions()
        .until(() -> new Client(0, "{\"readOnly\":true}").mayRead("parts").query(query) != null);

    var client = new Client(0).mayRead("parts");
    assertThat(client.query(query).get("data")).isEmpty();
    assertThat(cluster.put(0, "parts", 7, "{\"id\":7,\"color\":\"red\"}"))
        .isInstanceOf(Response.Writes.class);
    client.put(71, "");

    assertFails(ErrorCode.SERIALIZATION_FAILURE, client::commit);
  }

  /// Two documents in two partitions, each read and written by everybody at once.
  @Test
  void whoLocksBeforeReadingIsNeverToldToBeginAgain() throws Exception {
    write(70, ",\"n\":0");
    write(570, ",\"n\":0");
    int clients = 4;
    int rounds = 10;
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<?>> all = new ArrayList<>();
      for (int which = 0; which < clients; which++) {
        int number = which;
        all.add(
            threads.submit(() -> {
              for (int round = 0; round < rounds; round++) {
                var client = new Client(number);
                // Always in this order, so that nobody waits for two.
                int low = client.lock(70).get("n").intValue();
                int high = client.lock(570).get("n").intValue();
                client.put(70, ",\"n\":" + (low + 1));
                client.put(570, ",\"n\":" + (high + 1));
                client.commit();
              }
            }));
      }
      for (Future<?> one : all) {
        one.get();
      }
    }
    String expected = ",\"n\":%d}".formatted(clients * rounds);
    assertThat(cluster.text(0, "things", 70)).endsWith(expected);
    assertThat(cluster.text(1, "things", 570)).endsWith(expected);
  }

  @Test
  void ofTwoThatWaitForEachOtherTheOlderOneGoesOn() throws Exception {
    write(80, ",\"n\":0");
    write(580, ",\"n\":0");
    var older = new Client(0);
    var younger = new Client(1);
    older.lock(80);
    younger.lock(580);
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      Future<?> waiting = threads.submit(() -> younger.lock(80));
      // The younger one has it until the older one asks.
      assertThat(older.lock(580).get("n").intValue()).isZero();
      older.put(80, ",\"n\":1");
      older.put(580, ",\"n\":1");
      older.commit();
      // What it waited for it may get; what it had it has not any more.
      assertThatCode(waiting::get)
          .satisfiesAnyOf(
              failure -> assertThat(failure).isNull(),
              failure -> assertThat(failure).hasCauseInstanceOf(DatabaseException.class));
    }
    assertFails(
        ErrorCode.SERIALIZATION_FAILURE,
        () -> {
          younger.put(580, ",\"n\":2");
          younger.commit();
        });
    assertThat(cluster.text(0, "things", 580)).isEqualTo("{\"id\":580,\"n\":1}");
  }

  @Test
  void aLockMovesTheMomentOnlyIfNothingElseHasChanged() {
    write(91, ",\"n\":0");
    write(92, ",\"n\":0");
    write(591, ",\"n\":0");
    var moved = new Client(0);
    var refused = new Client(1);
    assertThat(moved.read(591).get("n").intValue()).isZero();
    assertThat(refused.read(92).get("n").intValue()).isZero();
    write(91, ",\"n\":1");
    write(92, ",\"n\":1");
    assertThat(moved.lock(91).get("n").intValue()).isEqualTo(1);
    // It reads everything as it is now.
    assertThat(moved.read(92).get("n").intValue()).isEqualTo(1);
    moved.put(91, ",\"n\":2");
    moved.commit();
    // It has read what has changed, so it could not commit.
    assertFails(ErrorCode.SERIALIZATION_FAILURE, () -> refused.lock(91));
    assertFails(ErrorCode.SERIALIZATION_FAILURE, refused::commit);
    // What it had locked is free.
    write(91, ",\"n\":3");
  }

  @Test
  void aDocumentThatIsNotThereCanBeLocked() {
    var first = new Client(0);
    assertThat(first.lock(95).isNull()).isTrue();
    Deadline soon = cluster.deadline(Duration.ofMillis(300));
    assertThat(cluster.put(1, "things", 95, "{\"id\":95}", soon))
        .isInstanceOf(Response.Refusal.class);
    assertThat(cluster.text(0, "things", 95)).isNull();
    first.abort();
    write(95, "");
    var second = new Client(1);
    assertFails(
        ErrorCode.CONDITION_FAILED,
        () ->
            second.send(
                SessionAction.WRITE,
                "{\"collection\":\"things\",\"document\":{\"id\":95},\"exists\":false}"));
    second.abort();
  }

  @Test
  void aDocumentThatIsNotThereAnyMoreIsLockedAsItIsNow() {
    for (long key = 96; key <= 99; key++) {
      write(key, ",\"n\":0");
    }
    var first = new Client(0);
    var second = new Client(1);
    var third = new Client(2);
    assertThat(second.read(98).get("n").intValue()).isZero();
    assertThat(third.read(99).get("n").intValue()).isZero();
    var other = new Client(0);
    other.delete(96);
    other.delete(97);
    other.put(99, ",\"n\":1");
    other.commit();
    // Who has read nothing reads everything as it is now.
    assertThat(first.lock(96).isNull()).isTrue();
    assertThat(first.read(99).get("n").intValue()).isEqualTo(1);
    first.put(96, ",\"n\":2");
    first.commit();
    assertThat(cluster.text(0, "things", 96)).isEqualTo("{\"id\":96,\"n\":2}");
    // So does who has read what has not changed; who has read what has, cannot.
    assertFails(ErrorCode.SERIALIZATION_FAILURE, () -> third.lock(97));
    assertThat(second.lock(97).isNull()).isTrue();
    assertThat(second.read(99).get("n").intValue()).isEqualTo(1);
    second.commit();
  }

  /// The new leader knows of no lock, so another one may come first; then the commit fails.
  @Test
  void aLeaderThatGoesTakesLocksWithItAndNothingElse() throws Exception {
    write(599, ",\"n\":0");
    var client = new Client(0);
    int seen = client.lock(599).get("n").intValue();
    int next = (cluster.leader("high") + 1) % 3;
    cluster.run("lead-high", OperationSpec.transferLeader("high", cluster.id(next)));

    boolean first;
    boolean second;
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      Future<Boolean> other =
          threads.submit(() -> {
            var quick = new Client(1);
            return increments(quick, quick.lock(599).get("n").intValue());
          });
      try {
        other.get(1, TimeUnit.SECONDS);
      } catch (TimeoutException e) {
        // The first one has renewed its lock at the new leader before.
      }
      first = increments(client, seen);
      second = other.get();
    }
    int committed = (first ? 1 : 0) + (second ? 1 : 0);
    assertThat(cluster.text(0, "things", 599)).endsWith(",\"n\":" + committed + "}");
  }

  private static boolean increments(Client client, int seen) {
    try {
      client.put(599, ",\"n\":" + (seen + 1));
      client.commit();
      return true;
    } catch (DatabaseException e) {
      assertThat(e.code()).isEqualTo(ErrorCode.SERIALIZATION_FAILURE);
      return false;
    }
  }
}
