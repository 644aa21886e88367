package dev.partita.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Three node processes under load while things go wrong. Whatever happens: every acknowledged
/// write is there afterwards, once; a read never shows less than what was acknowledged before it
/// began, nor more than what was begun before it ended.
class ClusterProcessesIT {
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final byte[] EMPTY = {};
  private static final String PARTITION = "ledger-all";
  private static final String DOCUMENTS = "/v1/collections/ledger/documents/";
  private static final int WRITERS = 4;

  /// A client gives up on a paused node after this, and does not know what became of its write.
  private static final int ANSWER_MILLIS_MAX = 1_000;

  @TempDir Path directory;
  private Nodes nodes;

  @BeforeEach
  void start() throws IOException {
    nodes =
        Nodes.start(
            Path.of(
                System.getProperty("partita.checkout"), "node/target/quarkus-app/quarkus-run.jar"),
            directory);
    nodes.createPartition(PARTITION, "ledger", (ObjectNode) Nodes.JSON.readTree("{\"range\":{}}"));
  }

  @AfterEach
  void stop() {
    nodes.close();
  }

  @Test
  void nothingAcknowledgedIsLostOrDoubledWhateverFails() throws Exception {
    try (Ledger ledger = new Ledger()) {
      ledger.awaitProgress();

      int killed = nodes.leader(PARTITION);
      nodes.kill(killed);
      ledger.awaitProgress();
      nodes.restart(killed);
      nodes.awaitReady(killed);
      ledger.awaitProgress();

      int paused = nodes.leader(PARTITION);
      nodes.pause(paused);
      ledger.awaitProgress();
      nodes.resume(paused);
      ledger.awaitProgress();

      int lost = (nodes.leader(PARTITION) + 1) % 3;
      nodes.kill(lost);
      nodes.wipe(lost);
      nodes.restart(lost);
      nodes.replace(lost);
      ledger.awaitProgress();

      for (int node = 0; node < 3; node++) {
        nodes.kill(node);
      }
      for (int node = 0; node < 3; node++) {
        nodes.restart(node);
      }
      nodes.awaitActive(PARTITION);
      ledger.awaitProgress();

      ledger.stop();
      ledger.check();
    }
  }

  /// Writers that each insert documents of their own and all count up one shared document by
  /// compare-and-set, through whatever node answers.
  private final class Ledger implements AutoCloseable {
    private final ExecutorService threads = Executors.newFixedThreadPool(WRITERS + 1);
    private final Set<String> inserted = new ConcurrentSkipListSet<>();
    private final Set<String> maybeInserted = new ConcurrentSkipListSet<>();
    private final AtomicInteger countsBegun = new AtomicInteger();
    private final AtomicInteger countsAcknowledged = new AtomicInteger();
    private final AtomicInteger countsUnknown = new AtomicInteger();
    private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
    private volatile boolean stopped;

    Ledger() throws IOException {
      expect(0, "PUT", "counter", "{\"n\":0}");
      for (int writer = 0; writer < WRITERS; writer++) {
        int number = writer;
        threads.execute(() -> guarded(() -> write(number)));
      }
      threads.execute(() -> guarded(this::read));
    }

    /// Until some more writes have been acknowledged, so that each phase has seen work.
    void awaitProgress() {
      int inserts = inserted.size();
      int counts = countsAcknowledged.get();
      await()
          .atMost(PATIENCE)
          .until(() ->
              failure.get() != null
                  || (inserted.size() > inserts + 20 && countsAcknowledged.get() > counts + 5));
      assertThat(failure.get()).isNull();
    }

    void stop() throws InterruptedException {
      stopped = true;
      threads.shutdown();
      assertThat(threads.awaitTermination(60, java.util.concurrent.TimeUnit.SECONDS)).isTrue();
      assertThat(failure.get()).isNull();
    }

    void check() throws IOException {
      Set<String> found = new TreeSet<>();
      String after = null;
      do {
        String query =
            "?limit=100"
                + (after == null
                    ? ""
                    : "&after=" + URLEncoder.encode(after, StandardCharsets.UTF_8));
        JsonNode page = expect(0, "GET", query, "");
        for (JsonNode document : page.path("data")) {
          assertThat(found.add(document.path("id").asText())).as("once").isTrue();
        }
        after = page.path("after").textValue();
      } while (after != null);
      assertThat(found.remove("counter")).isTrue();
      assertThat(found).containsAll(inserted);
      found.removeAll(inserted);
      assertThat(maybeInserted).as("nothing that was refused").containsAll(found);

      int count = expect(0, "GET", "counter", "").path("n").intValue();
      assertThat(count)
          .isBetween(countsAcknowledged.get(), countsAcknowledged.get() + countsUnknown.get());
    }

    @Override
    public void close() {
      stopped = true;
      threads.shutdownNow();
    }

    private void write(int number) throws Exception {
      for (int sequence = 0; !stopped; sequence++) {
        int node = (number + sequence) % 3;
        insert(node, "w" + number + "-" + sequence);
        if (sequence % 2 == 0) {
          count(node);
        }
      }
    }

    private void insert(int node, String key) {
      switch (send(node, "PUT", key, "{}", "If-None-Match: *\r\n")) {
        case Outcome.Acknowledged _ -> inserted.add(key);
        case Outcome.Unknown _ -> maybeInserted.add(key);
        case Outcome.Refused _ -> {}
      }
    }

    private void count(int node) throws IOException {
      if (!(send(node, "GET", "counter", "", "")
          instanceof Outcome.Acknowledged(int _, String body, String tag))) {
        return;
      }
      int next = Nodes.JSON.readTree(body).path("n").intValue() + 1;
      countsBegun.incrementAndGet();
      switch (send(node, "PUT", "counter", "{\"n\":" + next + "}", "If-Match: " + tag + "\r\n")) {
        case Outcome.Acknowledged _ -> countsAcknowledged.incrementAndGet();
        case Outcome.Unknown _ -> countsUnknown.incrementAndGet();
        case Outcome.Refused _ -> {}
      }
    }

    private void read() throws Exception {
      for (int turn = 0; !stopped; turn++) {
        int least = countsAcknowledged.get();
        if (send(turn % 3, "GET", "counter", "", "")
            instanceof Outcome.Acknowledged(int _, String body, String _)) {
          int most = countsBegun.get();
          assertThat(Nodes.JSON.readTree(body).path("n").intValue()).isBetween(least, most);
        }
      }
    }

    private void guarded(ThrowingRunnable work) {
      try {
        work.run();
      } catch (Throwable e) {
        failure.compareAndSet(null, e);
      }
    }
  }

  private interface ThrowingRunnable {
    void run() throws Exception;
  }

  /// What a client knows after a request.
  private sealed interface Outcome {
    record Acknowledged(int status, String body, String tag) implements Outcome {}

    record Refused(int status) implements Outcome {}

    record Unknown() implements Outcome {}
  }

  /// A broken connection and `OUTCOME_UNKNOWN` leave a write in the dark; every other refusal
  /// promises that nothing happened.
  private Outcome send(int node, String method, String key, String body, String headers) {
    try (HttpConnection connection = new HttpConnection(nodes.address(node), ANSWER_MILLIS_MAX)) {
      HttpConnection.Answer answer =
          connection.send(method, DOCUMENTS + key, headers, body.getBytes(StandardCharsets.UTF_8));
      if (answer.status() / 100 == 2) {
        return new Outcome.Acknowledged(answer.status(), answer.body(), answer.tag());
      }
      return answer.body().contains("OUTCOME_UNKNOWN") || answer.status() == 500
          ? new Outcome.Unknown()
          : new Outcome.Refused(answer.status());
    } catch (IOException e) {
      return new Outcome.Unknown();
    }
  }

  private JsonNode expect(int node, String method, String keyOrQuery, String body)
      throws IOException {
    String path =
        keyOrQuery.startsWith("?")
            ? DOCUMENTS.substring(0, DOCUMENTS.length() - 1) + keyOrQuery
            : DOCUMENTS + keyOrQuery;
    try (HttpConnection connection = new HttpConnection(nodes.address(node))) {
      HttpConnection.Answer answer =
          connection.send(
              method, path, body.isEmpty() ? EMPTY : body.getBytes(StandardCharsets.UTF_8));
      assertThat(answer.status() / 100).as(path + ": " + answer.body()).isEqualTo(2);
      return Nodes.JSON.readTree(answer.body());
    }
  }
}
