package dev.partita.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/// The requests of one client, through whatever nodes answer. Not for several threads.
final class Requests implements AutoCloseable {
  private static final int ANSWER_MILLIS_MAX = 4_000;
  private static final int REQUESTS_MAX = 50;
  private static final int INTERNAL_ERROR = 500;

  private final Nodes nodes;
  private final Random random;
  private @Nullable HttpConnection connection;
  private int left;

  Requests(Nodes nodes, Random random) {
    this.nodes = nodes;
    this.random = random;
  }

  /// What became of a request, as its client knows.
  sealed interface Outcome {
    /// It was done.
    record Done(JsonNode body) implements Outcome {}

    /// Nothing has happened.
    ///
    /// @param code why; empty if no node was reached
    record Refused(String code) implements Outcome {}

    /// Nobody has told.
    record Unknown() implements Outcome {}
  }

  /// All of a range or an index, read page by page at one moment.
  ///
  /// @param at the moment
  record Snapshot(List<JsonNode> data, long at) {}

  Outcome post(String path, String body) {
    return send("POST", path, "", body);
  }

  /// @param headers further header lines, each with its line end
  Outcome send(String method, String path, String headers, String body) {
    HttpConnection open;
    try {
      open = connection();
    } catch (IOException e) {
      return new Outcome.Refused("");
    }
    try {
      HttpConnection.Answer answer =
          open.send(method, path, headers, body.getBytes(StandardCharsets.UTF_8));
      JsonNode json =
          answer.body().isEmpty() ? Nodes.JSON.missingNode() : Nodes.JSON.readTree(answer.body());
      if (answer.status() / 100 == 2) {
        return new Outcome.Done(json);
      }
      String code = json.path("code").asText();
      return answer.status() == INTERNAL_ERROR || code.equals("OUTCOME_UNKNOWN")
          ? new Outcome.Unknown()
          : new Outcome.Refused(code);
    } catch (IOException e) {
      close();
      return new Outcome.Unknown();
    }
  }

  /// Some requests through one node, then some through another.
  private HttpConnection connection() throws IOException {
    if (left-- <= 0) {
      close();
    }
    HttpConnection open = connection;
    if (open == null) {
      open = new HttpConnection(nodes.address(random.nextInt(Nodes.COUNT)), ANSWER_MILLIS_MAX);
      connection = open;
      left = random.nextInt(REQUESTS_MAX);
    }
    return open;
  }

  /// Reads all documents of a collection.
  ///
  /// @param limit of a page
  /// @param when `at=…` or `maxStaleness=…`; empty for now
  /// @return empty if it was refused
  Optional<Snapshot> readAll(String collection, int limit, String when) {
    String path = "/v1/collections/" + collection + "/documents?limit=" + limit;
    List<JsonNode> data = new ArrayList<>();
    String next = when.isEmpty() ? "" : "&" + when;
    while (true) {
      if (!(send("GET", path + next, "", "") instanceof Outcome.Done(JsonNode page))) {
        return Optional.empty();
      }
      page.path("data").forEach(data::add);
      String after = page.path("after").textValue();
      if (after == null) {
        return Optional.of(new Snapshot(data, page.path("at").asLong()));
      }
      next = "&after=" + URLEncoder.encode(after, StandardCharsets.UTF_8);
    }
  }

  /// Reads all entries of an index that have one term.
  ///
  /// @param when `at` or `maxStaleness` with its value; both empty for now
  /// @return empty if it was refused
  Optional<Snapshot> query(String index, String term, int limit, String when, String value) {
    List<JsonNode> data = new ArrayList<>();
    ObjectNode query = Nodes.JSON.createObjectNode();
    query.put("index", index).put("limit", limit);
    query.putArray("terms").add(term);
    switch (when) {
      case "at" -> query.put("at", value);
      case "maxStaleness" -> query.put("maxStaleness", Integer.parseInt(value));
      default -> {}
    }
    while (true) {
      if (!(post("/v1/query", query.toString()) instanceof Outcome.Done(JsonNode page))) {
        return Optional.empty();
      }
      page.path("data").forEach(data::add);
      String after = page.path("after").textValue();
      if (after == null) {
        return Optional.of(new Snapshot(data, page.path("at").asLong()));
      }
      query.remove(List.of("at", "maxStaleness"));
      query.put("after", after);
    }
  }

  @Override
  public void close() {
    HttpConnection open = connection;
    connection = null;
    if (open != null) {
      try {
        open.close();
      } catch (IOException e) {
        // It is closed all the same.
      }
    }
  }
}
