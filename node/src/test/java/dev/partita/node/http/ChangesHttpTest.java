package dev.partita.node.http;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.common.http.TestHTTPResource;
import io.quarkus.test.junit.QuarkusTest;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.net.URI;
import java.net.URL;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// Changes through HTTP, as clients read them.
@QuarkusTest
@QuarkusTestResource(FreshDirectory.class)
class ChangesHttpTest {
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final ObjectMapper MAPPER = new ObjectMapper();
  private static final String LINES = "application/x-ndjson";
  private static final String EVENTS = "text/event-stream";
  private static final String CHANGES = "v1/collections/feed/changes";

  @TestHTTPResource("/")
  @Nullable URL root;

  private HttpClient client;

  @BeforeEach
  void open() throws Exception {
    client = HttpClient.newHttpClient();
    if (get(CHANGES).statusCode() == 404) {
      create("feed", "feed-low", "{\"end\":100}");
      create("feed", "feed-high", "{\"start\":100}");
      create("unread", "unread", "{}");
    }
  }

  @AfterEach
  void close() {
    client.shutdownNow();
  }

  private void create(String collection, String name, String range) throws Exception {
    HttpResponse<String> made =
        client.send(
            request("v1/partitions")
                .POST(
                    BodyPublishers.ofString(
                        "{\"name\":\"%s\",\"collection\":\"%s\",\"range\":%s}"
                            .formatted(name, collection, range)))
                .build(),
            BodyHandlers.ofString());
    assertThat(made.statusCode()).as(made.body()).isEqualTo(201);
  }

  private HttpRequest.Builder request(String path) {
    return HttpRequest.newBuilder(URI.create(requireNonNull(root).toString()).resolve(path))
        .header("Content-Type", "application/json");
  }

  private HttpResponse<String> get(String path) throws Exception {
    return client.send(request(path).build(), BodyHandlers.ofString());
  }

  private JsonNode page(String query) throws Exception {
    HttpResponse<String> answer = get(CHANGES + query);
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
    assertThat(answer.headers().firstValue("Content-Type")).contains("application/json");
    return MAPPER.readTree(answer.body());
  }

  private String now() throws Exception {
    return page("").get("token").textValue();
  }

  /// Writes a document and gives its version.
  private String put(long key, String json) {
    return version(
        request("v1/collections/feed/documents/" + key).PUT(BodyPublishers.ofString(json)));
  }

  private String delete(long key) {
    return version(request("v1/collections/feed/documents/" + key).DELETE());
  }

  private String version(HttpRequest.Builder request) {
    try {
      HttpResponse<String> answer = client.send(request.build(), BodyHandlers.ofString());
      assertThat(answer.statusCode()).as(answer.body()).isBetween(200, 204);
      return answer.headers().firstValue("ETag").orElseThrow().replace("\"", "");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private void assertProblem(String path, int status, String code) throws Exception {
    HttpResponse<String> answer = get(path);
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(status);
    assertThat(MAPPER.readTree(answer.body()).get("code").textValue()).isEqualTo(code);
  }

  @Test
  void aPageTellsWhatChangedSinceItsToken() throws Exception {
    String start = now();
    String first = put(1, "{\"n\":1}");
    String second = put(101, "{\"n\":2}");
    String third = delete(1);

    JsonNode page = page("?before=true&start=" + start);

    assertThat(page.get("data"))
        .isEqualTo(
            MAPPER.readTree(
                """
                [{"key":1,"ts":"%s","action":"put","document":{"id":1,"n":1},"before":null},
                 {"key":101,"ts":"%s","action":"put","document":{"id":101,"n":2},"before":null},
                 {"key":1,"ts":"%s","action":"delete","before":{"id":1,"n":1}}]\
                """
                    .formatted(first, second, third)));
    assertThat(page.get("more").booleanValue()).isFalse();
    assertThat(Long.parseLong(page.get("resolved").textValue()))
        .isGreaterThanOrEqualTo(Long.parseLong(third));
    assertThat(page("?start=" + page.get("token").textValue()).get("data")).isEmpty();
    // Behind a timestamp.
    assertThat(page("?start=" + first).get("data")).hasSize(2);
    delete(101);
  }

  @Test
  void pagesGoOnWhereTheLastOneEnded() throws Exception {
    String token = now();
    var written = new ArrayList<String>();
    for (int key = 195; key < 205; key++) {
      written.add(put(key, "{}"));
    }
    var seen = new ArrayList<String>();
    boolean more = true;
    while (more) {
      JsonNode page = page("?limit=3&start=" + token);
      page.get("data").forEach(change -> seen.add(change.get("ts").textValue()));
      token = page.get("token").textValue();
      more = page.get("more").booleanValue();
    }
    assertThat(seen).isEqualTo(written);
  }

  @Test
  void aClientWaitsForAPage() throws Exception {
    String start = now();
    CompletableFuture<HttpResponse<String>> waiting =
        client.sendAsync(
            request(CHANGES + "?wait=30&start=" + start).build(), BodyHandlers.ofString());
    await().atMost(PATIENCE).until(() -> figure("partita_changes_streams") >= 1);
    String version = put(7, "{}");

    JsonNode page = MAPPER.readTree(waiting.get().body());

    assertThat(page.get("data")).hasSize(1);
    assertThat(page.get("data").get(0).get("ts").textValue()).isEqualTo(version);
    JsonNode nothing = page("?wait=1&start=" + page.get("token").textValue());
    assertThat(nothing.get("data")).isEmpty();
    assertThat(nothing.get("token").textValue()).isNotEqualTo(page.get("token").textValue());
  }

  @Test
  void whatMakesNoSenseIsRefused() throws Exception {
    assertProblem("v1/collections/nothing/changes", 404, "UNKNOWN_COLLECTION");
    assertProblem(CHANGES + "?start=nonsense", 400, "INVALID_CURSOR");
    assertProblem(CHANGES + "?start=9000000000000000000", 400, "TIMESTAMP_IN_FUTURE");
    assertProblem(CHANGES + "?limit=0", 400, "INVALID_REQUEST");
    assertProblem(CHANGES + "?wait=31", 400, "INVALID_REQUEST");
    assertProblem("v1/collections/unread/changes?start=" + now(), 400, "INVALID_CURSOR");
    for (String query : List.of("?limit=5", "?wait=5")) {
      HttpResponse<String> refused =
          client.send(
              request(CHANGES + query).header("Accept", LINES).build(), BodyHandlers.ofString());
      assertThat(refused.statusCode()).as(refused.body()).isEqualTo(400);
    }
  }

  /// A stream that is being read, line by line.
  private final class Reading implements AutoCloseable {
    private final InputStream in;
    private final BufferedReader lines;
    private String token = "";

    Reading(String format, String query, String... headers) throws Exception {
      HttpRequest.Builder request = request(CHANGES + query).header("Accept", format);
      for (int at = 0; at < headers.length; at += 2) {
        request.header(headers[at], headers[at + 1]);
      }
      HttpResponse<InputStream> answer = client.send(request.build(), BodyHandlers.ofInputStream());
      in = answer.body();
      assertThat(answer.statusCode()).isEqualTo(200);
      assertThat(answer.headers().firstValue("Content-Type").orElse("")).startsWith(format);
      lines = new BufferedReader(new InputStreamReader(in, UTF_8));
    }

    /// The next line; fails at the end.
    String line() throws IOException {
      return requireNonNull(lines.readLine(), "the stream has ended");
    }

    JsonNode json() throws IOException {
      JsonNode json = MAPPER.readTree(line());
      if (json.has("token")) {
        token = json.get("token").textValue();
      }
      return json;
    }

    /// The next change.
    JsonNode change() throws IOException {
      JsonNode json = json();
      while (!json.has("key")) {
        assertThat(json.has("resolved")).as(json.toString()).isTrue();
        json = json();
      }
      return json;
    }

    JsonNode mark() throws IOException {
      JsonNode json = json();
      while (!json.has("resolved")) {
        json = json();
      }
      return json;
    }

    @Override
    public void close() throws IOException {
      in.close();
    }
  }

  @Test
  void aStreamTellsChangesAndMarksAndGoesOnFromAToken() throws Exception {
    String token;
    String second;
    try (Reading stream = new Reading(LINES, "")) {
      long begun = Long.parseLong(stream.mark().get("resolved").textValue());
      String first = put(11, "{\"n\":1}");
      JsonNode change = stream.change();
      assertThat(change)
          .isEqualTo(
              MAPPER.readTree(
                  "{\"key\":11,\"ts\":\"%s\",\"action\":\"put\",\"document\":{\"id\":11,\"n\":1}}"
                      .formatted(first)));
      // Without anything that happens.
      long last = begun;
      for (int marks = 0; marks < 3; marks++) {
        long resolved = Long.parseLong(stream.mark().get("resolved").textValue());
        assertThat(resolved).isGreaterThan(last);
        last = resolved;
      }
      assertThat(last).isGreaterThanOrEqualTo(Long.parseLong(first));
      assertThat(figure("partita_changes_streams")).isGreaterThanOrEqualTo(1);
      token = stream.token;
      second = put(111, "{}");
    }
    // The connection was cut in the middle; what came meanwhile is told to who comes back.
    try (Reading stream = new Reading(LINES, "?start=" + token)) {
      assertThat(stream.change().get("ts").textValue()).isEqualTo(second);
    }
    await().atMost(PATIENCE).until(() -> figure("partita_changes_streams") == 0);
  }

  /// The client multiplexes all its requests over one connection.
  @Test
  void whoCancelsAStreamLosesNothingElse() throws Exception {
    try (Reading kept = new Reading(LINES, "")) {
      kept.mark();
      for (int at = 0; at < 5; at++) {
        try (Reading cancelled = new Reading(LINES, "")) {
          cancelled.mark();
        }
        await()
            .atMost(PATIENCE)
            .untilAsserted(() -> assertThat(figure("partita_changes_streams")).isEqualTo(1));
      }
      String version = put(31, "{}");
      assertThat(kept.change().get("ts").textValue()).isEqualTo(version);
    }
    await().atMost(PATIENCE).until(() -> figure("partita_changes_streams") == 0);
  }

  @Test
  void aBrowserGoesOnWithTheLastEventItSaw() throws Exception {
    String start = now();
    String id = "";
    put(21, "{}");
    String second = put(22, "{}");
    try (Reading events = new Reading(EVENTS, "?start=" + start)) {
      String line = events.line();
      String last = "";
      while (!line.contains("\"key\":21")) {
        last = line.startsWith("id: ") ? line.substring(4) : last;
        line = events.line();
      }
      assertThat(line).startsWith("data: {");
      id = last;
    }
    try (Reading events = new Reading(EVENTS, "?start=" + start, "Last-Event-ID", id)) {
      String line = events.line();
      while (!line.startsWith("event: change")) {
        line = events.line();
      }
      assertThat(events.line()).contains("\"key\":22").contains(second);
    }
  }

  /// Far more than fits into the buffers between the two.
  @Test
  void aClientThatDoesNotReadHoldsNothingUpAndGetsEverythingLater() throws Exception {
    int count = 60;
    String text = "x".repeat(300_000);
    String start = now();
    URL url = requireNonNull(root);
    double before = figure("partita_changes_sent_total");
    try (Socket socket = new Socket(url.getHost(), url.getPort())) {
      OutputStream out = socket.getOutputStream();
      out.write(
          "GET /%s?start=%s HTTP/1.1\r\nHost: localhost\r\nAccept: %s\r\n\r\n"
              .formatted(CHANGES, start, LINES)
              .getBytes(UTF_8));
      out.flush();
      for (int key = 0; key < count; key++) {
        put(1_000 + key, "{\"text\":\"" + text + "\"}");
      }
      assertThat(figure("partita_changes_sent_total") - before).isLessThan(count);
    }
    var seen = new ArrayList<Long>();
    try (Reading stream = new Reading(LINES, "?start=" + start)) {
      while (seen.size() < count) {
        seen.add(stream.change().get("key").longValue());
      }
    }
    assertThat(seen).isSorted().doesNotHaveDuplicates().hasSize(count);
    await().atMost(PATIENCE).until(() -> figure("partita_changes_streams") == 0);
  }

  @Test
  void thereIsALimitOfClientsThatWait() throws Exception {
    var open = new ArrayList<InputStream>();
    try {
      HttpResponse<InputStream> refused = null;
      while (refused == null) {
        HttpResponse<InputStream> answer =
            client.send(
                request(CHANGES).header("Accept", LINES).build(), BodyHandlers.ofInputStream());
        open.add(answer.body());
        refused = answer.statusCode() == 200 ? null : answer;
        assertThat(open).hasSizeLessThanOrEqualTo(65);
      }
      assertThat(refused.statusCode()).isEqualTo(503);
      assertThat(refused.headers().firstValue("Retry-After")).isPresent();
      assertThat(MAPPER.readTree(refused.body()).get("detail").textValue())
          .contains("partita.changes.streams");
    } finally {
      for (InputStream each : open) {
        each.close();
      }
    }
    await().atMost(PATIENCE).until(() -> figure("partita_changes_streams") == 0);
  }

  /// A number at `/metrics`.
  private double figure(String name) throws Exception {
    return get("metrics")
        .body()
        .lines()
        .filter(line -> line.startsWith(name + "{") || line.startsWith(name + " "))
        .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)))
        .sum();
  }

  @Test
  void theCommandsOfThePageDoWhatTheySay() throws Exception {
    assertThat(PageScript.run("k8s/docs/changes.md", requireNonNull(root)))
        .contains("\"action\":\"put\",\"document\":{\"id\":7,\"name\":\"lamp\"}")
        .contains("\"action\":\"delete\"")
        .contains("event: change")
        .contains("the copy is exact");
  }
}
