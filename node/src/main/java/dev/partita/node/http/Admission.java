package dev.partita.node.http;

import dev.partita.node.error.DatabaseException;
import dev.partita.node.error.ErrorCode;
import jakarta.inject.Singleton;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.LongAdder;

/// Bounds what all requests together may hold in memory: past the bound a request is refused at
/// once, retryably, before anything was done for it. Safe for all threads.
@Singleton
final class Admission {
  /// Far more than two cores can work on; more would only wait and hold memory.
  private static final int REQUESTS_MAX = 512;

  /// A body is held about three times: as bytes, as a tree, and in the replication log's queue.
  private static final int BODY_BYTES_MAX = 32 << 20;

  /// Bodies that are being received. More than one body of the largest size, and together with what
  /// is admitted still little beside the heap of a small node.
  private static final int RECEIVED_BYTES_MAX = 32 << 20;

  private final Semaphore receivedBytes = new Semaphore(RECEIVED_BYTES_MAX);
  private final Semaphore requests = new Semaphore(REQUESTS_MAX);
  private final Semaphore bodyBytes = new Semaphore(BODY_BYTES_MAX);
  private final LongAdder refusedRequests = new LongAdder();
  private final LongAdder refusedBodies = new LongAdder();

  /// Room for one request; closed when it is answered.
  Ticket admit(int bytes) {
    if (!requests.tryAcquire()) {
      refusedRequests.increment();
      throw new DatabaseException(ErrorCode.OVERLOADED, "too many requests at this node at a time")
          .with("limit", REQUESTS_MAX);
    }
    if (!bodyBytes.tryAcquire(bytes)) {
      requests.release();
      refusedBodies.increment();
      throw new DatabaseException(
              ErrorCode.OVERLOADED, "too many request bytes at this node at a time")
          .with("limit", BODY_BYTES_MAX);
    }
    return new Ticket(bytes);
  }

  /// Makes room for a body that is about to be received. What is let in stays counted until
  /// [#answered].
  ///
  /// @return whether there is room
  boolean receive(int bytes) {
    boolean let = receivedBytes.tryAcquire(bytes);
    if (!let) {
      refusedBodies.increment();
    }
    return let;
  }

  /// A request whose body was let in by [#receive] is over.
  void answered(int bytes) {
    receivedBytes.release(bytes);
  }

  long refusedRequests() {
    return refusedRequests.sum();
  }

  long refusedBodies() {
    return refusedBodies.sum();
  }

  int requestsInFlight() {
    return REQUESTS_MAX - requests.availablePermits();
  }

  int bodyBytesInFlight() {
    return BODY_BYTES_MAX - bodyBytes.availablePermits();
  }

  /// The room that one request takes.
  final class Ticket implements AutoCloseable {
    private final int bytes;

    private Ticket(int bytes) {
      this.bytes = bytes;
    }

    @Override
    public void close() {
      bodyBytes.release(bytes);
      requests.release();
    }
  }
}
