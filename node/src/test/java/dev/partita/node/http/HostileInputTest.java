package dev.partita.node.http;

import static io.restassured.RestAssured.given;
import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.hamcrest.Matchers.anyOf;
import static org.hamcrest.Matchers.equalTo;

import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.common.http.TestHTTPResource;
import io.quarkus.test.junit.QuarkusTest;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.net.URL;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// What a client may send that no client should: the node refuses it clearly, or hangs up, and goes
/// on serving others. `-Dpartita.fuzz.seed=` repeats a run, `-Dpartita.fuzz.rounds=` makes it
/// longer.
@QuarkusTest
@QuarkusTestResource(FreshDirectory.class)
class HostileInputTest {
  private static final long SEED = Long.getLong("partita.fuzz.seed", System.nanoTime());
  private static final int ROUNDS = Integer.getInteger("partita.fuzz.rounds", 200);
  private static final int SLOW_CLIENTS = 150;
  private static final int PATIENCE_MILLIS = 60_000;
  private static final String COLLECTION = "/v1/collections/hostile/documents";

  private static boolean created;

  @TestHTTPResource("/")
  @Nullable URL root;

  @BeforeEach
  void create() {
    System.out.println("seed " + SEED);
    if (!created) {
      created = true;
      given()
          .contentType("application/json")
          .body("{\"name\":\"hostile\",\"collection\":\"hostile\",\"range\":{}}")
          .post("/v1/partitions")
          .then()
          .statusCode(201);
    }
  }

  /// Whatever happened: an ordinary client is served.
  @AfterEach
  void othersAreUnharmed() {
    given()
        .contentType("application/json")
        .body("{\"well\":true}")
        .put(COLLECTION + "/1")
        .then()
        .statusCode(anyOf(equalTo(200), equalTo(201)));
    given().get(COLLECTION + "/1").then().statusCode(200);
    given().get("/health/ready").then().statusCode(200);
  }

  static Stream<String> bodies() {
    return Stream.of(
        "",
        "{",
        "[",
        "{\"a\":",
        "null",
        "7",
        "\"text\"",
        "[[1]]",
        "{\"id\":{}}",
        "{\"id\":1e999}",
        "{\"id\":\"\\ud800\"}",
        "\u0000\u0001",
        "{\"a\":1,\"a\":2}",
        "[".repeat(100_000),
        "{\"a\":".repeat(50_000) + "1" + "}".repeat(50_000),
        "{\"id\":1,\"a\":" + "[".repeat(5_000) + "]".repeat(5_000) + "}",
        "{\"id\":1,\"n\":" + "9".repeat(100_000) + "}",
        "{\"id\":1,\"" + "k".repeat(200_000) + "\":1}",
        "{\"id\":1,\"s\":\"" + "s".repeat(2 << 20) + "\"}",
        "{\"id\":\"" + "k".repeat(2_000) + "\"}");
  }

  /// Not with RestAssured, which prints each body prettily and runs out of memory on deep ones.
  @ParameterizedTest
  @MethodSource("bodies")
  void aBodyIsStoredOrRefusedAndNeverADefect(String body) throws Exception {
    URI base = URI.create(Objects.requireNonNull(root).toString());
    try (HttpClient client = HttpClient.newHttpClient()) {
      for (String path :
          List.of(COLLECTION, COLLECTION + "/5", "/v1/query", "/v1/partitions", "/v1/indexes")) {
        HttpRequest request =
            HttpRequest.newBuilder(base.resolve(path))
                .header("Content-Type", "application/json")
                .method(path.endsWith("/5") ? "PUT" : "POST", BodyPublishers.ofString(body))
                .build();
        HttpResponse<String> answer = client.send(request, BodyHandlers.ofString());
        assertThat(answer.statusCode()).as(path + ": " + answer.body()).isLessThan(500);
        if (answer.statusCode() >= 400) {
          assertThat(answer.body()).as(path).contains("\"code\"").doesNotContain("Exception");
        }
      }
    }
  }

  @Test
  void mutatedRequestsAreAnsweredOrHungUpOn() throws IOException {
    SplittableRandom random = new SplittableRandom(SEED);
    String valid =
        "POST "
            + COLLECTION
            + " HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 17\r\n"
            + "Connection: close\r\n\r\n{\"id\":3,\"a\":[1]}\n";
    for (int round = 0; round < ROUNDS; round++) {
      byte[] sent = mutated(valid, random);
      String answer = send(sent);
      assertThat(answer)
          .as("seed " + SEED + " round " + round + ": " + new String(sent, ISO_8859_1))
          .satisfiesAnyOf(
              text -> assertThat(text).isEmpty(),
              // Whatever the request called its protocol, the answer does so, too.
              text -> assertThat(text).matches("(?s)\\S+ ([1-4]\\d\\d|501|505) .*"));
    }
  }

  private static byte[] mutated(String valid, SplittableRandom random) {
    byte[] bytes = valid.getBytes(ISO_8859_1);
    return switch (random.nextInt(4)) {
      case 0 -> {
        byte[] noise = new byte[random.nextInt(1, 4096)];
        random.nextBytes(noise);
        yield noise;
      }
      case 1 -> Arrays.copyOf(bytes, random.nextInt(bytes.length));
      case 2 -> {
        for (int i = random.nextInt(1, 10); i > 0; i--) {
          bytes[random.nextInt(bytes.length)] = (byte) random.nextInt();
        }
        yield bytes;
      }
      default ->
          valid
              .replace("Content-Length: 17", "Content-Length: " + random.nextLong())
              .getBytes(ISO_8859_1);
    };
  }

  /// Sends, says that nothing follows, and reads what comes.
  private String send(byte[] bytes) throws IOException {
    try (Socket socket = connect()) {
      socket.getOutputStream().write(bytes);
      socket.shutdownOutput();
      ByteArrayOutputStream answer = new ByteArrayOutputStream();
      InputStream in = socket.getInputStream();
      byte[] buffer = new byte[4096];
      for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
        answer.write(buffer, 0, count);
      }
      return answer.toString(ISO_8859_1);
    } catch (SocketTimeoutException e) {
      throw new AssertionError("neither answered nor closed, seed " + SEED, e);
    } catch (IOException e) {
      // Reset while we were still writing.
      return "";
    }
  }

  private Socket connect() throws IOException {
    Socket socket =
        new Socket(Objects.requireNonNull(root).getHost(), Objects.requireNonNull(root).getPort());
    socket.setSoTimeout(PATIENCE_MILLIS);
    return socket;
  }

  @Test
  void headersBeyondTheLimitAreRefused() throws IOException {
    String many = "GET /health/live HTTP/1.1\r\nHost: x\r\n" + "X-A: b\r\n".repeat(10_000) + "\r\n";
    assertThat(send(many.getBytes(ISO_8859_1))).doesNotStartWith("HTTP/1.1 200");
    String line = "GET /" + "a".repeat(100_000) + " HTTP/1.1\r\nHost: x\r\n\r\n";
    assertThat(send(line.getBytes(ISO_8859_1))).doesNotStartWith("HTTP/1.1 200");
  }

  @Test
  void aBodyBeyondTheLimitIsRefusedWithoutBeingRead() throws IOException {
    String head =
        "PUT "
            + COLLECTION
            + "/9 HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 99999999999\r\n\r\n";
    assertThat(send(head.getBytes(ISO_8859_1)))
        .satisfiesAnyOf(
            text -> assertThat(text).startsWith("HTTP/1.1 413"),
            text -> assertThat(text).isEmpty());
  }

  /// Small ones and large ones are received in different ways.
  @Test
  void bodiesThatComeInPiecesAreTakenWhole() throws IOException {
    for (int bytes : new int[] {100, 200_000}) {
      for (boolean asks : new boolean[] {false, true}) {
        byte[] body = ("{\"v\":\"" + "x".repeat(bytes) + "\"}").getBytes(ISO_8859_1);
        String head =
            "PUT "
                + COLLECTION
                + "/8 HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nConnection: close\r\n"
                + (asks ? "Expect: 100-continue\r\n" : "")
                + "Content-Length: "
                + body.length
                + "\r\n\r\n";
        try (Socket socket = connect()) {
          socket.getOutputStream().write(head.getBytes(ISO_8859_1));
          if (asks) {
            String line = "HTTP/1.1 100 Continue\r\n\r\n";
            assertThat(new String(socket.getInputStream().readNBytes(line.length()), ISO_8859_1))
                .isEqualTo(line);
          }
          socket.getOutputStream().write(body, 0, body.length / 2);
          othersAreUnharmed();
          socket.getOutputStream().write(body, body.length / 2, body.length - body.length / 2);
          assertThat(new String(socket.getInputStream().readAllBytes(), ISO_8859_1))
              .startsWith("HTTP/1.1 20");
        }
      }
    }
  }

  /// Clients that begin a request and go on very slowly, or not at all.
  @Test
  void slowClientsHoldNobodyUp() throws IOException {
    List<Socket> slow = new ArrayList<>();
    try {
      for (int i = 0; i < SLOW_CLIENTS; i++) {
        Socket socket = connect();
        slow.add(socket);
        String begun =
            i % 3 == 0
                ? "G"
                : i % 3 == 1
                    ? "GET " + COLLECTION + "/1 HTTP/1.1\r\nHost:"
                    : "PUT "
                        + COLLECTION
                        + "/7 HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{";
        socket.getOutputStream().write(begun.getBytes(ISO_8859_1));
        if (i % 50 == 49) {
          othersAreUnharmed();
        }
      }
      othersAreUnharmed();
    } finally {
      for (Socket socket : slow) {
        socket.close();
      }
    }
  }
}
