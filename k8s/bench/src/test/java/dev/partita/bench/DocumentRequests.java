package dev.partita.bench;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Requests to the documents of [LedgerNodes], through whatever node, and what a client knows after
/// each. Safe for all threads.
final class DocumentRequests {
  /// A client gives up on a node that does not answer after this, and does not know what became of
  /// its write.
  private static final int ANSWER_MILLIS_MAX = 3_000;

  private static final int PAGE = 500;
  private static final String PATH = "/v1/collections/" + LedgerNodes.COLLECTION + "/documents";
  private static final byte[] EMPTY = {};

  private final Nodes nodes;

  DocumentRequests(Nodes nodes) {
    this.nodes = nodes;
  }

  /// What a client knows after a request.
  sealed interface Outcome {
    /// It was done.
    ///
    /// @param tag the entity tag, empty if there is none
    record Done(String body, String tag) implements Outcome {}

    /// It was not done and will not be.
    record Refused(int status, String body) implements Outcome {}

    /// It was done or not, or will be.
    record Unknown(String reason) implements Outcome {}
  }

  Outcome get(int node, String key) {
    return send(node, "GET", key, "", EMPTY);
  }

  /// @param condition a header line, or nothing
  Outcome put(int node, String key, String condition, String document) {
    return send(node, "PUT", key, condition, document.getBytes(StandardCharsets.UTF_8));
  }

  /// A broken connection and `OUTCOME_UNKNOWN` leave a write in the dark; every other refusal
  /// promises that nothing happened, and so does a connection that was not made.
  private Outcome send(int node, String method, String key, String headers, byte[] body) {
    HttpConnection connection;
    try {
      connection = new HttpConnection(nodes.address(node), ANSWER_MILLIS_MAX);
    } catch (IOException e) {
      return new Outcome.Refused(0, e.toString());
    }
    try (connection) {
      HttpConnection.Answer answer = connection.send(method, PATH + "/" + key, headers, body);
      if (answer.status() / 100 == 2) {
        return new Outcome.Done(answer.body(), answer.tag());
      }
      return answer.body().contains("OUTCOME_UNKNOWN") || answer.status() == 500
          ? new Outcome.Unknown(answer.body())
          : new Outcome.Refused(answer.status(), answer.body());
    } catch (IOException e) {
      return new Outcome.Unknown(e.toString());
    }
  }

  /// The keys of all documents, through a node that works.
  List<String> keys(int node) throws IOException {
    List<String> keys = new ArrayList<>();
    String after = null;
    do {
      JsonNode page = page(node, after);
      page.path("data").forEach(document -> keys.add(document.path("id").asText()));
      after = page.path("after").textValue();
    } while (after != null);
    return keys;
  }

  private JsonNode page(int node, @Nullable String after) throws IOException {
    String query = "?limit=" + PAGE;
    if (after != null) {
      query += "&after=" + URLEncoder.encode(after, StandardCharsets.UTF_8);
    }
    try (HttpConnection connection = new HttpConnection(nodes.address(node))) {
      HttpConnection.Answer answer = connection.send("GET", PATH + query, EMPTY);
      assertThat(answer.status()).as(answer.body()).isEqualTo(200);
      return Nodes.JSON.readTree(answer.body());
    }
  }
}
