package dev.partita.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Every bound of a node, from outside: what goes over it is refused in a way that a client can act
/// on, others are served all the while, and memory stays bounded.
class ClusterBoundsIT {
  private static final Duration PATIENCE = Duration.ofMinutes(10);
  private static final String DOCUMENTS = "/v1/collections/ledger/documents";

  /// The heap and direct memory that the nodes are started with, and as much again for everything
  /// else.
  private static final long RESIDENT_BYTES_MAX = 640L << 20;

  /// Half of the memory outside of the heap that the nodes are started with for buffers.
  private static final long BUFFER_BYTES_MAX = 32L << 20;

  private static final int RECEIVED_BYTES = 4 << 10;

  @TempDir static Path directory;
  private static Nodes nodes;

  @BeforeAll
  static void start() throws IOException {
    nodes = LedgerNodes.start(directory, Nodes.Setup.PLAIN);
  }

  @AfterAll
  static void stop() {
    nodes.close();
  }

  @AfterEach
  void nothingBroke() throws IOException {
    for (int node = 0; node < 3; node++) {
      assertThat(nodes.isAlive(node)).isTrue();
      assertThat(nodes.log(node)).doesNotContain("OutOfMemoryError");
    }
    assertThat(nodes.residentBytes()).allMatch(bytes -> bytes < RESIDENT_BYTES_MAX);
  }

  // One request

  @Test
  void whatIsTooLargeForOneRequestIsNamed() throws IOException {
    assertProblem(put("d", text(1 << 20)), 413, "TOO_LARGE", false);
    assertProblem(beginPut(9 << 20), 413, "TOO_LARGE", false);
    assertProblem(post(batch(1_001, 1)), 413, "TOO_LARGE", false);
    assertProblem(post(batch(8, 512 << 10)), 413, "TOO_LARGE", false);
    assertProblem(put("k".repeat(1_200), "{}"), 400, "INVALID_KEY", false);
    assertThat(
            send(0, "GET", DOCUMENTS + "/x", "X-Long: " + "x".repeat(20 << 10) + "\r\n", "")
                .status())
        .isEqualTo(431);
    assertThat(put("d", text(1_000_000)).status()).isEqualTo(201);
  }

  // Many requests

  @Test
  void bodiesThatAreBeingSentAreBoundedAllTogether() throws Exception {
    byte[] half = new byte[7 << 19];
    Arrays.fill(half, (byte) ' ');
    CountDownLatch finish = new CountDownLatch(1);
    Queue<HttpConnection.Answer> answers = new ConcurrentLinkedQueue<>();
    List<Thread> clients = new ArrayList<>();
    for (int i = 0; i < 64; i++) {
      clients.add(
          Thread.ofVirtual()
              .start(() -> sendInTwoHalves(DOCUMENTS + "/large", half, finish, answers)));
    }
    await().atMost(PATIENCE).until(() -> answers.size() >= 32);
    assertThat(answers).allSatisfy(ClusterBoundsIT::assertOverloaded);
    assertOthersAreServed();
    finish.countDown();
    for (Thread client : clients) {
      client.join();
    }
    // Those that were let in were read, and are no documents.
    assertThat(answers).hasSize(64);
    assertThat(answers).anySatisfy(answer -> assertProblem(answer, 400, "INVALID_DOCUMENT", false));
    await().atMost(PATIENCE).untilAsserted(ClusterBoundsIT::assertOthersAreServed);
  }

  @Test
  void requestsUnderWayAreBounded() throws Exception {
    assertBoundedWhileNothingIsCommitted(800, "{}");
  }

  @Test
  void bytesUnderWayAreBounded() throws Exception {
    assertBoundedWhileNothingIsCommitted(100, text(900_000));
  }

  @Test
  void pagesUnderWayAreBounded() throws Exception {
    for (int i = 0; i < 5; i++) {
      String key = "page-" + i;
      await().atMost(PATIENCE).until(() -> put(key, text(900_000)).status() / 100 == 2);
    }
    String path = DOCUMENTS + "?start=page-&end=page.&limit=1000";
    int count = 200;
    CountDownLatch read = new CountDownLatch(1);
    Queue<HttpConnection.Answer> answers = new ConcurrentLinkedQueue<>();
    List<Thread> clients = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      clients.add(Thread.ofVirtual().start(() -> readSlowly(path, read, answers)));
    }
    // Nobody reads on, so those who wait in line are told.
    await()
        .atMost(PATIENCE)
        .untilAsserted(() -> assertThat(answers).anySatisfy(ClusterBoundsIT::assertOverloaded));
    assertThat(bufferBytes(0)).isLessThan(BUFFER_BYTES_MAX);
    assertThat(put("beside", "{}").status()).isBetween(200, 201);
    read.countDown();
    for (Thread client : clients) {
      client.join();
    }
    assertThat(answers).hasSize(count);
    assertThat(answers).anySatisfy(answer -> assertThat(answer.status()).isEqualTo(200));
    await()
        .atMost(PATIENCE)
        .untilAsserted(() -> assertThat(send(0, "GET", path, "", "").status()).isEqualTo(200));
  }

  /// The memory outside of its heap that a node has for buffers.
  private static long bufferBytes(int node) {
    String name = "jvm_buffer_memory_used_bytes{id=\"direct\"} ";
    return send(node, "GET", "/metrics", "", "")
        .body()
        .lines()
        .filter(line -> line.startsWith(name))
        .mapToLong(line -> (long) Double.parseDouble(line.substring(name.length())))
        .sum();
  }

  /// Looks at no more of a good answer than that it comes, until it is told to.
  private static void readSlowly(
      String path, CountDownLatch read, Queue<HttpConnection.Answer> answers) {
    try (HttpConnection connection = HttpConnection.receiving(nodes.address(0), RECEIVED_BYTES)) {
      connection.begin("GET", path, 0);
      boolean good = connection.startsWithin(PATIENCE, "HTTP/1.1 200");
      if (good) {
        read.await();
      }
      answers.add(connection.answerWithin(PATIENCE).orElseThrow());
    } catch (IOException e) {
      throw new AssertionError("was not answered", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /// Writes at a leader whose followers stand still: none can be answered, and they pile up.
  private static void assertBoundedWhileNothingIsCommitted(int count, String document)
      throws Exception {
    int leader = nodes.systemLeader();
    nodes.lead(LedgerNodes.PARTITION, leader);
    Queue<HttpConnection.Answer> answers = new ConcurrentLinkedQueue<>();
    List<Thread> clients = new ArrayList<>();
    pauseOthers(leader);
    try {
      for (int i = 0; i < count; i++) {
        String key = "pile-" + i;
        clients.add(Thread.ofVirtual().start(() -> answers.add(put(leader, key, document))));
      }
      await()
          .atMost(PATIENCE)
          .untilAsserted(() -> assertThat(answers).anySatisfy(ClusterBoundsIT::assertOverloaded));
      assertThat(send(leader, "GET", "/health/live", "", "").status()).isEqualTo(200);
    } finally {
      resumeOthers(leader);
    }
    for (Thread client : clients) {
      client.join();
    }
    assertThat(answers).hasSize(count);
    // Whatever else became of the others while there was no quorum, each was told.
    assertThat(answers)
        .filteredOn(answer -> answer.status() / 100 != 2)
        .allSatisfy(answer ->
            assertThat(json(answer.body()).path("code").asText())
                .isIn("OVERLOADED", "UNAVAILABLE", "DEADLINE_EXCEEDED", "OUTCOME_UNKNOWN"));
    await().atMost(PATIENCE).untilAsserted(ClusterBoundsIT::assertOthersAreServed);
  }

  private static void pauseOthers(int node) throws IOException, InterruptedException {
    nodes.pause((node + 1) % 3);
    nodes.pause((node + 2) % 3);
  }

  private static void resumeOthers(int node) throws IOException, InterruptedException {
    nodes.resume((node + 1) % 3);
    nodes.resume((node + 2) % 3);
  }

  private static void assertOthersAreServed() {
    for (int node = 0; node < 3; node++) {
      assertThat(put(node, "small", "{}").status()).isBetween(200, 201);
      assertThat(send(node, "GET", DOCUMENTS + "/small", "", "").status()).isEqualTo(200);
    }
  }

  // Answers

  private static void assertOverloaded(HttpConnection.Answer answer) {
    assertProblem(answer, 503, "OVERLOADED", true);
    assertThat(answer.retryAfter()).isNotEmpty();
  }

  private static void assertProblem(
      HttpConnection.Answer answer, int status, String code, boolean retryable) {
    assertThat(answer.status()).as(answer.body()).isEqualTo(status);
    JsonNode problem = json(answer.body());
    assertThat(problem.path("code").asText()).isEqualTo(code);
    assertThat(problem.path("detail").asText()).isNotEmpty();
    assertThat(problem.path("retryable").asBoolean()).isEqualTo(retryable);
  }

  private static JsonNode json(String text) {
    try {
      return Nodes.JSON.readTree(text);
    } catch (IOException e) {
      throw new AssertionError("not JSON: " + text, e);
    }
  }

  // Requests

  private static HttpConnection.Answer put(String key, String document) {
    return put(0, key, document);
  }

  private static HttpConnection.Answer put(int node, String key, String document) {
    return send(node, "PUT", DOCUMENTS + "/" + key, "", document);
  }

  private static HttpConnection.Answer post(String documents) {
    return send(0, "POST", DOCUMENTS, "", documents);
  }

  private static HttpConnection.Answer send(
      int node, String method, String path, String headers, String body) {
    try (HttpConnection connection = new HttpConnection(nodes.address(node))) {
      return connection.send(method, path, headers, body.getBytes(StandardCharsets.UTF_8));
    } catch (IOException e) {
      throw new AssertionError(method + " " + path + " was not answered", e);
    }
  }

  /// Says how much is coming, and waits for the answer.
  private static HttpConnection.Answer beginPut(int length) throws IOException {
    try (HttpConnection connection = new HttpConnection(nodes.address(0))) {
      connection.begin("PUT", DOCUMENTS + "/d", length);
      return connection.answerWithin(PATIENCE).orElseThrow();
    }
  }

  /// Sends half of a body, and the other half when it is told to, unless it is refused before.
  private static void sendInTwoHalves(
      String path, byte[] half, CountDownLatch finish, Queue<HttpConnection.Answer> answers) {
    try (HttpConnection connection = new HttpConnection(nodes.address(0))) {
      connection.begin("PUT", path, 2 * half.length);
      connection.write(half);
      Optional<HttpConnection.Answer> answer = Optional.empty();
      while (answer.isEmpty() && finish.getCount() > 0) {
        answer = connection.answerWithin(Duration.ofMillis(200));
      }
      if (answer.isEmpty()) {
        connection.write(half);
        answer = connection.answerWithin(PATIENCE);
      }
      answers.add(answer.orElseThrow());
    } catch (IOException e) {
      throw new AssertionError("was not answered", e);
    }
  }

  private static String text(int characters) {
    return "{\"text\":\"" + "x".repeat(characters) + "\"}";
  }

  private static String batch(int count, int characters) {
    StringBuilder batch = new StringBuilder("[");
    for (int i = 0; i < count; i++) {
      batch.append(i == 0 ? "" : ",").append("{\"id\":\"batch-").append(i).append("\",\"text\":\"");
      batch.append("x".repeat(characters)).append("\"}");
    }
    return batch.append(']').toString();
  }
}
