package dev.partita.launcher;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;

/// Clients that write the documents of a collection again and again, each its own keys, and
/// remember what was acknowledged last.
final class GrowingLoad implements AutoCloseable {

  /// The Partition whose rows these are.
  static final String PARTITION =
      """
      apiVersion: partita.dev/v1alpha1
      kind: Partition
      metadata: {name: growing}
      spec:
        collection: growing
        range: {}
        deletionPolicy: Delete
        split: {maxSize: 1Mi, mode: Auto}
      """;

  private static final Duration PATIENCE = Duration.ofMinutes(10);
  private static final String FILLING = "x".repeat(3_000);

  /// Sends a request to the database.
  interface Sender {
    HttpResponse<String> send(String method, String path, String body) throws Exception;
  }

  private final Sender sender;
  private final int keys;
  private final int writers;
  private final Map<Integer, Integer> acknowledged = new ConcurrentHashMap<>();
  private final ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor();
  private final List<CompletableFuture<Void>> running = new ArrayList<>();
  private volatile boolean stopped;

  GrowingLoad(Sender sender, int keys, int writers) {
    this.sender = sender;
    this.keys = keys;
    this.writers = writers;
  }

  void start() {
    for (int writer = 0; writer < writers; writer++) {
      int first = writer;
      running.add(CompletableFuture.runAsync(() -> write(first), executor));
    }
  }

  private void write(int first) {
    for (int round = 1; !stopped; round++) {
      for (int key = first; key < keys && !stopped; key += writers) {
        int value = round;
        String path = path(key);
        String body = "{\"round\": %d, \"filling\": \"%s\"}".formatted(value, FILLING);
        await()
            .atMost(PATIENCE)
            .pollDelay(Duration.ZERO)
            .pollInterval(Duration.ofMillis(50))
            .ignoreExceptions()
            .until(() -> sender.send("PUT", path, body).statusCode() / 100 == 2);
        acknowledged.put(key, value);
      }
    }
  }

  private static String path(int key) {
    return "/v1/collections/growing/documents/" + key;
  }

  /// Ends the load.
  ///
  /// @return the documents that are not as they were acknowledged last, with what they are
  Map<Integer, String> stop() throws Exception {
    stopped = true;
    for (CompletableFuture<Void> writer : running) {
      writer.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
    }
    assertThat(acknowledged).as("acknowledged writes").hasSizeGreaterThan(keys / 2);
    Map<Integer, String> wrong = new TreeMap<>();
    for (Map.Entry<Integer, Integer> each : acknowledged.entrySet()) {
      HttpResponse<String> answer = sender.send("GET", path(each.getKey()), "");
      String expected = "\"round\":" + each.getValue() + ",";
      if (answer.statusCode() != 200 || !answer.body().replace(" ", "").contains(expected)) {
        wrong.put(each.getKey(), answer.statusCode() + " instead of round " + each.getValue());
      }
    }
    return wrong;
  }

  @Override
  public void close() {
    stopped = true;
    executor.close();
  }
}
