package dev.partita.launcher.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class WholeAnswersTest {
  private static final byte[] BODY = "all of it".getBytes(StandardCharsets.UTF_8);

  private HttpServer server;

  @BeforeEach
  void start() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext(
        "/whole",
        exchange -> {
          exchange.sendResponseHeaders(503, BODY.length);
          exchange.getResponseBody().write(BODY);
          exchange.close();
        });
    server.createContext(
        "/half",
        exchange -> {
          exchange.sendResponseHeaders(200, BODY.length);
          exchange.getResponseBody().write(BODY, 0, BODY.length / 2);
          exchange.getResponseBody().flush();
        });
    server.start();
  }

  @AfterEach
  void stop() {
    server.stop(0);
  }

  /// Its client is closed too, which waits for what is under way.
  private String ask(String path, Duration limit) throws IOException, InterruptedException {
    URI uri = URI.create("http://127.0.0.1:" + server.getAddress().getPort() + path);
    try (HttpClient client = HttpClient.newHttpClient()) {
      return WholeAnswers.send(client, HttpRequest.newBuilder(uri).build(), limit).body();
    }
  }

  @Test
  void anAnswerIsGivenAsItIs() throws Exception {
    assertThat(ask("/whole", Duration.ofSeconds(30))).isEqualTo("all of it");
  }

  @Test
  void anAnswerThatStopsMidwayIsNotWaitedFor() {
    assertThatThrownBy(() -> ask("/half", Duration.ofMillis(300)))
        .isInstanceOf(HttpTimeoutException.class)
        .hasMessageContaining("no whole answer");
  }

  @Test
  void nobodyThereIsSaid() {
    server.stop(0);
    assertThatThrownBy(() -> ask("/whole", Duration.ofSeconds(30)))
        .isInstanceOf(ConnectException.class);
  }
}
