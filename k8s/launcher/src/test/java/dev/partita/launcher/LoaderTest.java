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
  private volatile boolean forgetful;
  private HttpServer node;
  private Loader loader;

  @BeforeEach
  void start() throws IOException {
    node = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    node.createContext("/v1/collections/things/documents", this::post);
    node.start();
    loader = new Loader("http://127.0.0.1:" + node.getAddress().getPort());
  }

  @AfterEach
  void stop() {
    node.stop(0);
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
  void whatHasNoResultDoesNotCountAsWritten() {
    forgetful = true;

    assertThatThrownBy(() -> load(10))
        .isInstanceOf(LaunchFailure.class)
        .hasMessageContaining("no result");
  }
}
