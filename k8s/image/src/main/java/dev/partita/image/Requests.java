package dev.partita.image;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;

/// Requests to an application in its training run.
final class Requests {
  private static final Duration TIMEOUT = Duration.ofSeconds(10);
  private static final Duration PATIENCE = Duration.ofMinutes(2);
  private static final long POLL_MILLIS = 50;

  /// What is asked until it is so.
  @FunctionalInterface
  interface Condition {
    boolean holds() throws IOException, InterruptedException;
  }

  private final HttpClient client =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  private final String address;

  Requests(String address) {
    this.address = address;
  }

  private HttpResponse<String> exchange(String method, String path, String body)
      throws IOException, InterruptedException {
    HttpRequest request =
        HttpRequest.newBuilder(URI.create(address + path))
            .timeout(TIMEOUT)
            .header("Content-Type", "application/json")
            .method(
                method, body.isEmpty() ? BodyPublishers.noBody() : BodyPublishers.ofString(body))
            .build();
    return client.send(request, BodyHandlers.ofString());
  }

  /// Whether a path answers with 200; false if nobody answers.
  boolean isAnswered(String path) throws InterruptedException {
    return isAnswered("GET", path, "");
  }

  /// Whether a request is answered with 200; false if nobody answers.
  ///
  /// @param body JSON, empty for none
  boolean isAnswered(String method, String path, String body) throws InterruptedException {
    try {
      return exchange(method, path, body).statusCode() == 200;
    } catch (IOException e) {
      return false;
    }
  }

  String get(String path) throws IOException, InterruptedException {
    return send("GET", path, "");
  }

  /// The body of the answer.
  ///
  /// @param body JSON, empty for none
  /// @throws IOException if the answer is not one of success
  String send(String method, String path, String body) throws IOException, InterruptedException {
    HttpResponse<String> answer = exchange(method, path, body);
    if (answer.statusCode() / 100 != 2) {
      throw new IOException(
          method + " " + path + " was answered with " + answer.statusCode() + ": " + answer.body());
    }
    return answer.body();
  }

  /// Waits until something is so.
  ///
  /// @param what names it, should it not come to be
  void await(String what, Condition condition) throws IOException, InterruptedException {
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (!condition.holds()) {
      if (System.nanoTime() > deadline) {
        throw new IOException("waited in vain for " + what);
      }
      Thread.sleep(POLL_MILLIS);
    }
  }
}
