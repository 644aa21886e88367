package dev.partita.node.http;

import dev.partita.node.error.DatabaseException;
import dev.partita.node.error.ErrorCode;
import dev.partita.node.partition.Request;
import dev.partita.node.time.Clock;
import dev.partita.node.time.SystemClock;
import dev.partita.node.time.Timestamp;
import jakarta.inject.Singleton;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.jspecify.annotations.Nullable;

/// Bounds the clients that wait for changes, and what all of them together hold in memory. Safe for
/// all threads.
@Singleton
final class ChangeStreams {
  private static final double MILLIS_PER_SECOND = 1e3;

  /// A page is held about three times while it is made: as rows, as text, and as bytes.
  private static final int PAGE_BYTES = 3 * Request.PAGE_BYTES_MAX;

  private static final int PAGES_MIN = 2;
  private static final int PAGES_MAX = 32;

  /// An eighth of the heap: half of what other pages may take.
  private final int bytesMax =
      PAGE_BYTES
          * Math.clamp(Runtime.getRuntime().maxMemory() / 8 / PAGE_BYTES, PAGES_MIN, PAGES_MAX);

  private final Clock clock = new SystemClock();
  private final int streamsMax;
  private final Semaphore streams;
  private final Semaphore bytes = new Semaphore(bytesMax, true);
  private final Set<Stream> open = ConcurrentHashMap.newKeySet();
  private final LongAdder sent = new LongAdder();
  private final LongAdder refused = new LongAdder();

  ChangeStreams(
      @ConfigProperty(name = "partita.changes.streams", defaultValue = "64") int streamsMax) {
    this.streamsMax = streamsMax;
    this.streams = new Semaphore(streamsMax);
  }

  /// Room for a client that waits for changes; it closes it.
  Stream open() {
    if (!streams.tryAcquire()) {
      refused.increment();
      throw new DatabaseException(
              ErrorCode.OVERLOADED,
              "too many clients wait for changes at this node: ask another one, or raise partita.changes.streams")
          .with("limit", streamsMax);
    }
    var stream = new Stream();
    open.add(stream);
    return stream;
  }

  /// Room for a page that is about to be read; null if there is none for a while.
  @Nullable Room page(Duration patience) throws InterruptedException {
    return bytes.tryAcquire(PAGE_BYTES, patience.toMillis(), TimeUnit.MILLISECONDS)
        ? new Room()
        : null;
  }

  int count() {
    return open.size();
  }

  /// Changes that were sent since the start.
  long sent() {
    return sent.sum();
  }

  /// Clients that were refused since the start.
  long refused() {
    return refused.sum();
  }

  /// How far the one that is furthest behind is behind.
  double lagSeconds() {
    long now = clock.wallMillis();
    return open.stream().mapToLong(stream -> now - stream.resolvedMillis).max().orElse(0)
        / MILLIS_PER_SECOND;
  }

  /// A client that waits for changes.
  final class Stream implements AutoCloseable {
    private volatile long resolvedMillis = clock.wallMillis();

    /// Something was sent.
    ///
    /// @param resolved up to where the client has everything
    void sent(int changes, Timestamp resolved) {
      sent.add(changes);
      resolvedMillis = resolved.millis();
    }

    @Override
    public void close() {
      if (open.remove(this)) {
        streams.release();
      }
    }
  }

  /// What a page takes.
  final class Room implements AutoCloseable {
    private int held = PAGE_BYTES;

    /// The page is made, and has so many bytes.
    void shrink(int size) {
      int kept = Math.min(held, size);
      bytes.release(held - kept);
      held = kept;
    }

    @Override
    public void close() {
      shrink(0);
    }
  }
}
