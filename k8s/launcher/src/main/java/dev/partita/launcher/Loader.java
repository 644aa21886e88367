package dev.partita.launcher;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.partita.launcher.http.WholeAnswers;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.LongConsumer;
import java.util.stream.Stream;

/// Loads documents through the public HTTP API in batches, a few at a time.
final class Loader {
  private static final int BATCH_DOCUMENTS = 500;

  /// Two batches keep both a node and this process busy; more only wait in the node's queue.
  private static final int BATCHES_IN_FLIGHT = 4;

  /// A document is an upsert and may be sent again; an election takes well under this many pauses.
  private static final int ATTEMPTS_MAX = 20;

  /// The code of a write that may have been applied: no harm for an upsert.
  private static final String OUTCOME_UNKNOWN = "OUTCOME_UNKNOWN";

  private static final Duration PAUSE = Duration.ofMillis(250);
  private static final Duration REQUEST_TIMEOUT = Duration.ofSeconds(30);

  /// How long a partition may take to tell how many documents it has, after its leader has changed.
  private static final Duration FIGURES_MAX = Duration.ofSeconds(20);

  private static final ObjectMapper JSON = new ObjectMapper();

  private final HttpClient client =
      HttpClient.newBuilder()
          .version(HttpClient.Version.HTTP_1_1)
          .connectTimeout(Duration.ofSeconds(5))
          .build();
  private final String http;

  Loader(String http) {
    this.http = http;
  }

  /// Whether a collection has so many documents. Where a leader has just changed, its partition
  /// tells none for a moment; so one that has any document is given some time.
  boolean has(String collection, long documents) {
    long deadline = System.nanoTime() + FIGURES_MAX.toNanos();
    while (rows(collection) < documents) {
      if (isEmpty(collection) || System.nanoTime() > deadline) {
        return false;
      }
      try {
        Thread.sleep(PAUSE);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new CompletionException(e);
      }
    }
    return true;
  }

  private boolean isEmpty(String collection) {
    return getJson("/v1/collections/" + collection + "/documents?limit=1").path("data").isEmpty();
  }

  /// The documents that a collection's partitions tell.
  private long rows(String collection) {
    long rows = 0;
    for (JsonNode partition : getJson("/v1/partitions").path("data")) {
      if (partition.path("collection").asText().equals(collection)) {
        rows += partition.path("rows").asLong();
      }
    }
    return rows;
  }

  /// Writes all documents, replacing what is there under the same keys.
  ///
  /// @param loaded told the number of documents written so far, after each batch
  /// @throws LaunchFailure when a document is refused, or is not written after some attempts
  void load(String collection, Stream<ObjectNode> documents, LongConsumer loaded) {
    List<Future<Integer>> inFlight = new ArrayList<>();
    long count = 0;
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      Iterator<ObjectNode> iterator = documents.iterator();
      while (iterator.hasNext() || !inFlight.isEmpty()) {
        while (iterator.hasNext() && inFlight.size() < BATCHES_IN_FLIGHT) {
          ArrayNode batch = nextBatch(iterator);
          inFlight.add(threads.submit(() -> send(collection, batch)));
        }
        count += await(inFlight.removeFirst());
        loaded.accept(count);
      }
    }
  }

  JsonNode getJson(String path) {
    HttpResponse<String> response = exchange(request(path).GET().build());
    if (response.statusCode() != 200) {
      throw new LaunchFailure("GET " + path + " answered " + describe(response));
    }
    return parse(response.body());
  }

  private static ArrayNode nextBatch(Iterator<ObjectNode> documents) {
    ArrayNode batch = JSON.createArrayNode();
    while (documents.hasNext() && batch.size() < BATCH_DOCUMENTS) {
      batch.add(documents.next());
    }
    return batch;
  }

  private int send(String collection, ArrayNode batch) throws InterruptedException {
    ArrayNode left = batch;
    for (int attempt = 1; ; attempt++) {
      Answer answer = post(collection, left);
      if (answer.left().isEmpty()) {
        return batch.size();
      }
      if (!answer.mayBeSentAgain() || attempt == ATTEMPTS_MAX) {
        throw new LaunchFailure("loading " + collection + " stopped: " + answer.why());
      }
      left = answer.left();
      Thread.sleep(PAUSE);
    }
  }

  /// What became of a batch.
  ///
  /// @param left the documents that may not have been written
  /// @param mayBeSentAgain whether that may help all of them
  /// @param why one of them was not written
  private record Answer(ArrayNode left, boolean mayBeSentAgain, String why) {}

  private Answer post(String collection, ArrayNode batch) {
    HttpResponse<String> response =
        exchange(
            request("/v1/collections/" + collection + "/documents?onConflict=replace")
                .header("Content-Type", "application/json")
                .POST(BodyPublishers.ofString(batch.toString()))
                .build());
    return switch (response.statusCode()) {
      case 200 -> new Answer(JSON.createArrayNode(), false, "");
      case 207 -> someLeft(batch, parse(response.body()).path("results"));
      default -> new Answer(batch, response.statusCode() == 503, describe(response));
    };
  }

  /// Each document has a result of its own; one without does not count as written.
  private static Answer someLeft(ArrayNode batch, JsonNode results) {
    ArrayNode left = JSON.createArrayNode();
    boolean mayBeSentAgain = true;
    String why = "";
    for (int i = 0; i < batch.size(); i++) {
      JsonNode result = results.path(i);
      if (!result.isObject() || result.has("error")) {
        JsonNode error = result.path("error");
        left.add(batch.get(i));
        mayBeSentAgain &=
            error.path("retryable").asBoolean()
                || error.path("code").asText().equals(OUTCOME_UNKNOWN);
        why = error.isMissingNode() ? "no result for " + batch.get(i) : error.toString();
      }
    }
    return new Answer(left, mayBeSentAgain, why);
  }

  private static int await(Future<Integer> batch) {
    try {
      return batch.get();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CompletionException(e);
    } catch (ExecutionException e) {
      throw e.getCause() instanceof LaunchFailure failure ? failure : new CompletionException(e);
    }
  }

  private HttpRequest.Builder request(String path) {
    return HttpRequest.newBuilder(URI.create(http + path));
  }

  private HttpResponse<String> exchange(HttpRequest request) {
    try {
      return WholeAnswers.send(client, request, REQUEST_TIMEOUT);
    } catch (IOException e) {
      throw new LaunchFailure("no answer from " + request.uri() + ": " + e, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new LaunchFailure("interrupted while waiting for " + request.uri(), e);
    }
  }

  private static String describe(HttpResponse<String> response) {
    return response.statusCode() + " " + response.body();
  }

  private static JsonNode parse(String text) {
    try {
      return JSON.readTree(text);
    } catch (JsonProcessingException e) {
      throw new LaunchFailure("not JSON: " + text, e);
    }
  }
}
