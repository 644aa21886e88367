package dev.partita.launcher;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// Against a server that answers like a node whose partitions are away for a while.
class LoaderTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  private final List<Integer> written = Collections.synchronizedList(new ArrayList<>());
  private final Map<Integer, String> refusedOnce = new HashMap<>();
  private final List<Long> progress = new ArrayList<>();
  private final AtomicInteger silent = new AtomicInteger();
  private volatile boolean forgetful;
  private HttpServer node;
  private Loader loader;

  @BeforeEach
  void start() throws IOException {
    node = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    node.createContext("/v1/collections/things/documents", this::documents);
    node.createContext("/v1/partitions", this::partitions);
    node.start();
    loader = new Loader("http://127.0.0.1:" + node.getAddress().getPort());
  }

  @AfterEach
  void stop() {
    node.stop(0);
  }

  private void documents(HttpExchange exchange) throws IOException {
    if (exchange.getRequestMethod().equals("GET")) {
      ArrayNode data = JSON.createArrayNode();
      written.stream().limit(1).forEach(data::add);
      answer(exchange, JSON.createObjectNode().set("data", data));
    } else {
      post(exchange);
    }
  }

  /// One partition tells nothing for as long as it was told to.
  private void partitions(HttpExchange exchange) throws IOException {
    ObjectNode answer = JSON.createObjectNode();
    ArrayNode data = answer.putArray("data");
    data.addObject().put("collection", "others").put("rows", 7);
    data.addObject().put("collection", "things").put("rows", written.size() / 2);
    ObjectNode second = data.addObject().put("collection", "things");
    if (silent.getAndDecrement() <= 0) {
      second.put("rows", written.size() - written.size() / 2);
    }
    answer(exchange, answer);
  }

  private static void answer(HttpExchange exchange, JsonNode json) throws IOException {
    byte[] answer = json.toString().getBytes(StandardCharsets.UTF_8);
    exchange.sendResponseHeaders(200, answer.length);
    exchange.getResponseBody().write(answer);
    exchange.close();
  }

  /// Each document that is refused once with a code has a result of its own, and the others are
  /// written.
  private void post(HttpExchange exchange) throws IOException {
    JsonNode batch = JSON.readTree(exchange.getRequestBody());
    ArrayNode results = JSON.createArrayNode();
    boolean all = true;
    synchronized (refusedOnce) {
      for (JsonNode document : batch) {
        int id = document.path("id").intValue();
        String code = refusedOnce.remove(id);
        ObjectNode result = results.addObject().put("id", id);
        if (code == null) {
          written.add(id);
        } else {
          all = false;
          result.putObject("error").put("code", code).put("retryable", code.equals("UNAVAILABLE"));
        }
      }
    }
    if (forgetful) {
      results.removeAll();
      all = false;
    }
    byte[] answer =
        JSON.createObjectNode().set("results", results).toString().getBytes(StandardCharsets.UTF_8);
    exchange.sendResponseHeaders(all ? 200 : 207, answer.length);
    exchange.getResponseBody().write(answer);
    exchange.close();
  }

  private void load(int documents) {
    Stream<ObjectNode> all =
        IntStream.range(0, documents).mapToObj(id -> JSON.createObjectNode().put("id", id));
    loader.load("things", all, progress::add);
  }

  @Test
  void whatAPartitionCouldNotTakeIsSentAgain() {
    IntStream.range(500, 1000).forEach(id -> refusedOnce.put(id, "UNAVAILABLE"));
    refusedOnce.put(1001, "OUTCOME_UNKNOWN");

    load(1200);

    assertThat(written)
        .containsExactlyInAnyOrderElementsOf(IntStream.range(0, 1200).boxed().toList());
    assertThat(progress).last().isEqualTo(1200L);
  }

  @Test
  void whatIsRefusedForGoodStopsTheLoading() {
    refusedOnce.put(7, "UNIQUE_VIOLATION");

    assertThatThrownBy(() -> load(10))
        .isInstanceOf(LaunchFailure.class)
        .hasMessageContaining("things")
        .hasMessageContaining("UNIQUE_VIOLATION");
  }

  @Test
  void documentsAreThereThoughAPartitionHasJustChangedItsLeader() {
    load(10);
    silent.set(3);

    assertThat(loader.has("things", 10)).isTrue();
    assertThat(silent.get()).isNegative();
  }

  @Test
  void anEmptyCollectionIsNotWaitedFor() {
    silent.set(Integer.MAX_VALUE);

    assertThat(loader.has("things", 10)).isFalse();
    assertThat(silent.get()).isEqualTo(Integer.MAX_VALUE - 1);
  }

  @Test
  void whatHasNoResultDoesNotCountAsWritten() {
    forgetful = true;

    assertThatThrownBy(() -> load(10))
        .isInstanceOf(LaunchFailure.class)
        .hasMessageContaining("no result");
  }
}
