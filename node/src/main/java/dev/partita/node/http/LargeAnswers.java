package dev.partita.node.http;

import io.vertx.core.Context;
import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import jakarta.ws.rs.core.HttpHeaders;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.CompletionException;
import org.jboss.resteasy.reactive.server.spi.ServerHttpResponse;
import org.jboss.resteasy.reactive.server.spi.ServerRequestContext;

/// Sends answers. A large one goes piece by piece, each when the one before has left the node, so
/// that of what a client has not read yet next to nothing is in the little memory outside of the
/// heap through which sockets are written; and all that are being sent are bounded together.
/// Answers wait in line for a while, then they are refused, retryably. Safe for all threads.
@Singleton
final class LargeAnswers {
  /// Also the size above which an answer is large.
  private static final int PIECE_BYTES = 64 << 10;

  private static final int BYTES_MIN = 32 << 20;
  private static final int BYTES_MAX = 1 << 30;
  private static final Duration PATIENCE = Duration.ofSeconds(5);

  private final Bulkhead bytes;

  @Inject
  LargeAnswers() {
    this(Math.clamp(Runtime.getRuntime().maxMemory() / 4, BYTES_MIN, BYTES_MAX), PATIENCE);
  }

  /// @param limit bytes of all large answers that are being sent
  /// @param patience how long an answer waits in line
  LargeAnswers(int limit, Duration patience) {
    this.bytes = new Bulkhead(limit, patience, "too much is being read from this node at a time");
  }

  /// Sends the body of an answer. Returns when a large one has left the node, or cannot.
  void send(ServerRequestContext context, byte[] body) {
    ServerHttpResponse response = context.serverResponse();
    if (body.length <= PIECE_BYTES || Context.isOnEventLoopThread()) {
      response.end(body);
      return;
    }
    bytes.enter(body.length);
    try {
      response.setResponseHeader(HttpHeaders.CONTENT_LENGTH, Integer.toString(body.length));
      for (int at = 0; at < body.length; at += PIECE_BYTES) {
        byte[] piece = Arrays.copyOfRange(body, at, Math.min(body.length, at + PIECE_BYTES));
        response.write(piece).toCompletableFuture().join();
      }
      response.end();
    } catch (CompletionException | IllegalStateException e) {
      // The client has gone: there is nobody to be answered.
      response.reset();
    } finally {
      bytes.leave(body.length);
    }
  }

  /// Answers that were refused since the start.
  long refused() {
    return bytes.refused();
  }
}
