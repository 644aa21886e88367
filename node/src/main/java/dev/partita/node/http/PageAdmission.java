package dev.partita.node.http;

import dev.partita.node.partition.Request;
import io.vertx.ext.web.RoutingContext;
import jakarta.inject.Singleton;
import java.time.Duration;

/// Bounds the pages that are being made and sent: each may be as large as a page can be, and a
/// client that reads slowly keeps it in memory. Requests wait in line for a while, then they are
/// refused, retryably. Safe for all threads.
@Singleton
final class PageAdmission {
  /// A page is held about three times: as rows, as text, and as bytes on the way.
  private static final long PAGE_BYTES = 3L * Request.PAGE_BYTES_MAX;

  private static final int PAGES_MIN = 4;
  private static final int PAGES_MAX = 256;

  /// What is left of a request's time is for the page itself.
  private static final Duration PATIENCE = Duration.ofSeconds(5);

  /// A quarter of the heap.
  private static final int LIMIT =
      Math.clamp(Runtime.getRuntime().maxMemory() / 4 / PAGE_BYTES, PAGES_MIN, PAGES_MAX);

  private final Bulkhead pages =
      new Bulkhead(LIMIT, PATIENCE, "too many pages are being read from this node at a time");

  /// Makes room for a page, until the client has it.
  void admit(RoutingContext context) {
    pages.enter(1);
    Lease.of(context).onEnd(() -> pages.leave(1));
  }

  /// Requests for pages that were refused since the start.
  long refused() {
    return pages.refused();
  }
}
