package dev.partita.launcher.http;

import java.io.IOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.HttpTimeoutException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/// Waits for an answer until its last byte, and no longer than it may. The timeout of a request of
/// the JDK's client ends with the headers of the answer: a node that stops after them would be
/// waited for as long as the connection lives.
public final class WholeAnswers {

  private WholeAnswers() {}

  /// Sends a request.
  ///
  /// @param limit of the whole exchange, from the first byte to the last
  /// @return the answer, whatever its status
  /// @throws HttpTimeoutException if there is no whole answer in time; the connection is closed
  /// @throws IOException if nobody answers
  public static HttpResponse<String> send(HttpClient client, HttpRequest request, Duration limit)
      throws IOException, InterruptedException {
    CompletableFuture<HttpResponse<String>> sent =
        client.sendAsync(request, BodyHandlers.ofString());
    try {
      return sent.get(limit.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException _) {
      throw new HttpTimeoutException("no whole answer within " + limit);
    } catch (ExecutionException e) {
      throw e.getCause() instanceof IOException failure ? failure : new IOException(e.getCause());
    } finally {
      sent.cancel(true);
    }
  }
}
