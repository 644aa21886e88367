package dev.partita.launcher;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;

/// A real Prometheus as a child process, and its query API.
final class Prometheus implements AutoCloseable {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  private final HttpClient http = HttpClient.newHttpClient();
  private final Process process;
  private final String address;
  private final Instant started = Instant.now();

  private Prometheus(Process process, String address) {
    this.process = process;
    this.address = address;
  }

  /// Starts one with a configuration, its data and log in a directory.
  static Prometheus start(Path configuration, Path directory) throws IOException {
    String address = "127.0.0.1:" + freePort();
    Process process =
        new ProcessBuilder(
                "prometheus",
                "--config.file=" + configuration,
                "--storage.tsdb.path=" + directory.resolve("tsdb"),
                "--web.listen-address=" + address,
                "--log.level=warn")
            .redirectErrorStream(true)
            .redirectOutput(new File(directory.resolve("prometheus.log").toString()))
            .start();
    return new Prometheus(process, "http://" + address);
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  boolean isReady() {
    try {
      return send("GET", "/-/ready").statusCode() == 200;
    } catch (UncheckedIOException e) {
      return false;
    }
  }

  /// The series that an expression gives now.
  JsonNode query(String expression) {
    return data("/api/v1/query?query=" + encoded(expression)).path("result");
  }

  /// The series that an expression gave at any time since the start.
  JsonNode queryRange(String expression) {
    long seconds = Duration.between(started, Instant.now()).toSeconds();
    return data("/api/v1/query_range?query="
            + encoded(expression)
            + "&start="
            + started.getEpochSecond()
            + "&end="
            + Instant.now().getEpochSecond()
            + "&step="
            + Math.max(1, seconds / 5_000))
        .path("result");
  }

  JsonNode targets() {
    return data("/api/v1/targets?state=active").path("activeTargets");
  }

  /// Names of all metrics that were ever scraped or recorded.
  Set<String> names() {
    Set<String> names = new TreeSet<>();
    data("/api/v1/label/__name__/values").forEach(name -> names.add(name.asText()));
    return names;
  }

  /// The alerts that fire now.
  List<JsonNode> firing() {
    return data("/api/v1/alerts")
        .path("alerts")
        .valueStream()
        .filter(alert -> alert.path("state").asText().equals("firing"))
        .toList();
  }

  private JsonNode data(String path) {
    var answer = send("GET", path);
    try {
      JsonNode body = JSON.readTree(answer.body());
      if (!body.path("status").asText().equals("success")) {
        throw new IllegalStateException(path + ": " + answer.body());
      }
      return body.path("data");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private HttpResponse<String> send(String method, String path) {
    try {
      return http.send(
          HttpRequest.newBuilder(URI.create(address + path))
              .timeout(PATIENCE)
              .method(method, HttpRequest.BodyPublishers.noBody())
              .build(),
          BodyHandlers.ofString());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  private static String encoded(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8);
  }

  @Override
  public void close() {
    process.destroy();
    try {
      if (!process.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS)) {
        process.destroyForcibly();
      }
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
    }
    http.close();
  }
}
