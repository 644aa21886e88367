package dev.partita.node.http;

import dev.partita.node.error.DatabaseException;
import dev.partita.node.error.ErrorCode;
import io.quarkus.runtime.configuration.MemorySize;
import io.quarkus.vertx.http.runtime.filters.Filters;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Singleton;
import org.eclipse.microprofile.config.inject.ConfigProperty;

/// Bounds what the bodies of all requests together take in memory, before any of it is read: many
/// clients that each send the largest body would otherwise fill the heap before anything has been
/// admitted. What there is no room for is refused, retryably, and read into the void.
@Singleton
final class Reception {
  /// Before everything that may look at a body.
  private static final int PRIORITY = 1_000;

  private final Admission admission;
  private final ErrorCounts counts;
  private final int bodyBytesMax;

  Reception(
      Admission admission,
      ErrorCounts counts,
      @ConfigProperty(name = "quarkus.http.limits.max-body-size") MemorySize bodyBytesMax) {
    this.admission = admission;
    this.counts = counts;
    this.bodyBytesMax = bodyBytesMax.asBigInteger().intValueExact();
  }

  void register(@Observes Filters filters) {
    filters.register(this::receive, PRIORITY);
  }

  private void receive(RoutingContext context) {
    Lease lease = Lease.begin(context);
    long declared = bodyBytes(context.request());
    if (declared == 0) {
      context.next();
    } else if (declared > bodyBytesMax) {
      // Too much to read into the void.
      context.response().putHeader(HttpHeaders.CONNECTION, HttpHeaders.CLOSE);
      refuse(
          context,
          new DatabaseException(ErrorCode.TOO_LARGE, "the body is larger than this node takes")
              .with("bytes", declared)
              .with("limit", bodyBytesMax));
    } else if (admission.receive((int) declared)) {
      lease.onEnd(() -> admission.answered((int) declared));
      context.next();
    } else {
      refuse(
          context,
          new DatabaseException(
              ErrorCode.OVERLOADED, "too many request bytes are being sent to this node"));
      context.request().resume();
    }
  }

  /// What a body may take. One that does not tell its length counts as the largest.
  private long bodyBytes(HttpServerRequest request) {
    String length = request.getHeader(HttpHeaders.CONTENT_LENGTH);
    if (length == null) {
      return request.getHeader(HttpHeaders.TRANSFER_ENCODING) == null ? 0 : bodyBytesMax;
    }
    try {
      return Math.max(0, Long.parseLong(length.strip()));
    } catch (NumberFormatException e) {
      // The HTTP server refuses it.
      return 0;
    }
  }

  private void refuse(RoutingContext context, DatabaseException failure) {
    counts.count(failure.code());
    int status = failure.code().httpStatus();
    HttpServerResponse response = context.response();
    response.setStatusCode(status).putHeader(HttpHeaders.CONTENT_TYPE, Problem.MEDIA_TYPE);
    if (failure.code().isRetryable()) {
      response.putHeader("Retry-After", Problem.RETRY_AFTER_SECONDS);
    }
    response.end(Problem.body(failure).toString());
  }
}
