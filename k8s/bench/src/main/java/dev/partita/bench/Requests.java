package dev.partita.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;

/// The requests of one client, through whatever nodes answer. Not for several threads.
final class Requests implements AutoCloseable {
  private static final int ANSWER_MILLIS_MAX = 4_000;
  private static final int REQUESTS_MAX = 50;
  private static final int INTERNAL_ERROR = 500;

  /// Far more than there are; else a page comes back again and again.
  private static final int PAGES_MAX = 20_000;

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

  /// How to read page by page.
  ///
  /// @param limit of a page
  /// @param back whether what was read on the way back from the last page counts, instead of what
  ///   was read on the way there
  /// @param when how the moment is chosen: `at`, `maxStaleness`, or empty for now
  /// @param value of `when`
  record Paging(int limit, boolean descending, boolean back, String when, String value) {
    /// From the first to the last, now.
    static Paging of(int limit) {
      return new Paging(limit, false, false, "", "");
    }

    /// In any direction, now.
    static Paging any(Random random, int limitMax) {
      return new Paging(
          1 + random.nextInt(limitMax), random.nextBoolean(), random.nextInt(3) == 0, "", "");
    }

    Paging at(long moment) {
      return when("at", Long.toString(moment));
    }

    Paging when(String how, String chosen) {
      return new Paging(limit, descending, back, how, chosen);
    }
  }

  /// All of a range or an index, read page by page.
  ///
  /// @param moments of the pages; at least one, and all the same
  record Snapshot(List<JsonNode> data, List<Long> moments) {
    long at() {
      return moments.getLast();
    }
  }

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
      // Of a batch its documents tell it.
      return answer.status() == INTERNAL_ERROR || answer.body().contains("OUTCOME_UNKNOWN")
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
  /// @param columns the members that are wanted; empty for all
  /// @return empty if it was refused
  Optional<Snapshot> readAll(String collection, Paging paging, List<String> columns) {
    var path =
        new StringBuilder("/v1/collections/" + collection + "/documents?limit=" + paging.limit());
    if (paging.descending()) {
      path.append("&order=desc");
    }
    if (!columns.isEmpty()) {
      path.append("&columns=").append(String.join(",", columns));
    }
    String first = paging.when().isEmpty() ? "" : "&" + paging.when() + "=" + paging.value();
    return walk(
        paging,
        (side, cursor) ->
            send(
                "GET",
                path
                    + (side.isEmpty()
                        ? first
                        : "&" + side + "=" + URLEncoder.encode(cursor, StandardCharsets.UTF_8)),
                "",
                ""));
  }

  Optional<Snapshot> readAll(String collection, Paging paging) {
    return readAll(collection, paging, List.of());
  }

  /// Reads all entries of an index that begin with some terms.
  ///
  /// @return empty if it was refused
  Optional<Snapshot> query(String index, List<JsonNode> terms, Paging paging) {
    ObjectNode query = Nodes.JSON.createObjectNode();
    query.put("index", index).put("limit", paging.limit());
    query.putArray("terms").addAll(terms);
    if (paging.descending()) {
      query.put("order", "desc");
    }
    return walk(
        paging,
        (side, cursor) -> {
          ObjectNode page = query.deepCopy();
          if (!side.isEmpty()) {
            page.put(side, cursor);
          } else if (paging.when().equals("maxStaleness")) {
            page.put("maxStaleness", Integer.parseInt(paging.value()));
          } else if (!paging.when().isEmpty()) {
            page.put(paging.when(), paging.value());
          }
          return post("/v1/query", page.toString());
        });
  }

  /// @param page asked for by `after` or `before` and a cursor, both empty for the first
  private Optional<Snapshot> walk(Paging paging, BiFunction<String, String, Outcome> page) {
    Deque<JsonNode> pages = new ArrayDeque<>();
    Optional<JsonNode> next = answer(page.apply("", ""));
    while (next.isPresent() && next.get().has("after") && pages.size() < PAGES_MAX) {
      pages.addLast(next.get());
      next = answer(page.apply("after", next.get().path("after").textValue()));
    }
    if (next.isPresent() && paging.back()) {
      pages.clear();
      while (next.isPresent() && next.get().has("before") && pages.size() < PAGES_MAX) {
        pages.addFirst(next.get());
        next = answer(page.apply("before", next.get().path("before").textValue()));
      }
      next.ifPresent(pages::addFirst);
    } else {
      next.ifPresent(pages::addLast);
    }
    if (pages.size() > PAGES_MAX) {
      throw new IllegalStateException("pages without an end");
    }
    List<JsonNode> data = new ArrayList<>();
    pages.forEach(each -> each.path("data").forEach(data::add));
    return next.map(
        _ -> new Snapshot(data, pages.stream().map(each -> each.path("at").asLong()).toList()));
  }

  private static Optional<JsonNode> answer(Outcome outcome) {
    return outcome instanceof Outcome.Done(JsonNode body) ? Optional.of(body) : Optional.empty();
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
