package dev.partita.node.http;

import dev.partita.node.error.DatabaseException;
import dev.partita.node.error.ErrorCode;
import dev.partita.node.partition.Request;
import io.vertx.ext.web.RoutingContext;
import jakarta.inject.Singleton;
import java.time.Duration;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;

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
  private final int limit =
      Math.clamp(Runtime.getRuntime().maxMemory() / 4 / PAGE_BYTES, PAGES_MIN, PAGES_MAX);

  private final Semaphore pages = new Semaphore(limit, true);
  private final LongAdder refused = new LongAdder();

  /// Makes room for a page, until the client has it.
  void admit(RoutingContext context) {
    boolean admitted;
    try {
      admitted = pages.tryAcquire(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new DatabaseException(ErrorCode.UNAVAILABLE, "interrupted", e);
    }
    if (!admitted) {
      refused.increment();
      throw new DatabaseException(
              ErrorCode.OVERLOADED, "too many pages are being read from this node at a time")
          .with("limit", limit);
    }
    Lease.of(context).onEnd(pages::release);
  }

  /// Requests for pages that were refused since the start.
  long refused() {
    return refused.sum();
  }
}
