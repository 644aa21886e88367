package dev.partita.node.http;

import io.quarkus.vertx.http.runtime.filters.Filters;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpVersion;
import io.vertx.ext.web.RoutingContext;
import io.vertx.ext.web.handler.BodyHandler;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Singleton;
import java.time.Duration;
import org.eclipse.microprofile.config.inject.ConfigProperty;

/// Receives small bodies on the event loop, before a thread is given to the request: they come
/// together with its head, or right after it, and a thread that begins to wait for one costs more
/// than reading it does. Large ones, and those of HTTP/2, are read by the thread of the request,
/// piece by piece.
@Singleton
final class SmallBodies {
  /// Most documents and statements.
  private static final int BYTES_MAX = 64 << 10;

  /// After everything that may refuse a request without its body.
  private static final int PRIORITY = 10;

  private final BodyHandler bodies = BodyHandler.create(false).setBodyLimit(BYTES_MAX);
  private final Vertx vertx;
  private final Duration patience;

  SmallBodies(Vertx vertx, @ConfigProperty(name = "quarkus.http.read-timeout") Duration patience) {
    this.vertx = vertx;
    this.patience = patience;
  }

  void register(@Observes Filters filters) {
    filters.register(this::receive, PRIORITY);
  }

  private void receive(RoutingContext context) {
    HttpServerRequest request = context.request();
    if (!isSmall(request)) {
      context.next();
      return;
    }
    long timer =
        vertx.setTimer(
            patience.toMillis(),
            _ -> {
              if (!request.isEnded()) {
                request.connection().close();
              }
            });
    Lease.of(context).onEnd(() -> vertx.cancelTimer(timer));
    bodies.handle(context);
    if (!request.isEnded()) {
      // Who goes away in the middle is no failure of ours; there is nobody to be answered.
      request.exceptionHandler(_ -> {});
    }
  }

  private static boolean isSmall(HttpServerRequest request) {
    // What comes behind cannot pause a request of HTTP/2 that has ended.
    if (request.version() != HttpVersion.HTTP_1_1) {
      return false;
    }
    String length = request.getHeader(HttpHeaders.CONTENT_LENGTH);
    try {
      long bytes = length == null ? 0 : Long.parseLong(length);
      return bytes > 0 && bytes <= BYTES_MAX && !request.isEnded();
    } catch (NumberFormatException e) {
      return false;
    }
  }
}
