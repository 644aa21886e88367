package dev.partita.node.system;

import dev.partita.node.error.DatabaseException;
import dev.partita.node.error.ErrorCode;
import dev.partita.node.time.Clock;
import dev.partita.node.time.Deadline;
import dev.partita.node.time.Timestamp;
import dev.partita.node.time.TimestampBlock;
import dev.partita.node.time.TimestampOracle;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/// The [TimestampOracle] of a node: asks the leader of the system partition, with one request on
/// the way at a time. What is asked for meanwhile goes together into the next request, so the
/// leader's load does not grow with that of the nodes.
///
/// A request that comes in while another is on the way never shares its answer: the timestamps of
/// that one may have been handed out before.
///
/// With the timestamps comes the revision of the leader's catalog, and nobody gets a timestamp here
/// before this node's catalog is as new: a query at that timestamp knows every Partition that was
/// written to below it.
final class SystemOracle implements TimestampOracle {
  static final String SERVICE = "system.timestamps";

  /// Waiting requests; each stands for a batch of writes that is itself bounded.
  private static final int WAITING_MAX = 100_000;

  /// Timestamps in one block at the leader: an eighth of those of a millisecond.
  static final int COUNT_MAX = 1 << (Timestamp.LOGICAL_BITS - 3);

  private static final Duration PATIENCE = Duration.ofSeconds(5);

  /// How long the time that has passed since tells about what is handed out: a process may stand
  /// still without its clock knowing, and timestamps run ahead of the time for a while when their
  /// leader has changed.
  private static final Duration ESTIMATED_MAX = Duration.ofSeconds(5);

  private final LeaderCalls leader;
  private final CatalogWatch catalog;
  private final Clock clock;

  /// Guarded by itself.
  private final Queue<Request> waiting = new ArrayDeque<>();

  /// Guarded by `waiting`: whether a thread asks, and will look for more before it ends.
  private boolean asking;

  /// A timestamp that came here at a moment of the monotonic clock.
  private record Reached(Timestamp timestamp, long nanos) {}

  /// Written by the one thread that asks.
  private volatile @Nullable Reached reached;

  private record Request(int count, CompletableFuture<TimestampBlock> block) {}

  SystemOracle(LeaderCalls leader, CatalogWatch catalog, Clock clock) {
    this.leader = leader;
    this.catalog = catalog;
    this.clock = clock;
  }

  @Override
  public CompletableFuture<TimestampBlock> next(int count) {
    if (count < 1 || count > COUNT_MAX) {
      throw new IllegalArgumentException("count out of range: " + count);
    }
    CompletableFuture<TimestampBlock> block = new CompletableFuture<>();
    synchronized (waiting) {
      if (waiting.size() >= WAITING_MAX) {
        return CompletableFuture.failedFuture(
            new DatabaseException(ErrorCode.OVERLOADED, "too many requests for timestamps wait"));
      }
      waiting.add(new Request(count, block));
      if (asking) {
        return block;
      }
      asking = true;
    }
    Thread.ofVirtual().name("timestamps").start(this::ask);
    return block;
  }

  @Override
  public Timestamp reached() {
    Reached last = reached;
    return last == null ? Timestamp.MIN : last.timestamp();
  }

  @Override
  public @Nullable Timestamp estimate() {
    Reached last = reached;
    Duration since =
        last == null ? ESTIMATED_MAX : Duration.ofNanos(clock.monotonicNanos() - last.nanos());
    return last == null || since.compareTo(ESTIMATED_MAX) > 0
        ? null
        : last.timestamp().plus(since.toMillis() << Timestamp.LOGICAL_BITS);
  }

  private void ask() {
    while (true) {
      List<Request> batch = batch();
      if (batch.isEmpty()) {
        return;
      }
      int total = batch.stream().mapToInt(Request::count).sum();
      try {
        deal(batch, fetch(total));
      } catch (RuntimeException e) {
        batch.forEach(request -> request.block().completeExceptionally(e));
      }
    }
  }

  private List<Request> batch() {
    List<Request> batch = new ArrayList<>();
    synchronized (waiting) {
      int total = 0;
      for (Request head = waiting.peek();
          head != null && total + head.count() <= COUNT_MAX;
          head = waiting.peek()) {
        total += head.count();
        batch.add(waiting.remove());
      }
      asking = !batch.isEmpty();
    }
    return batch;
  }

  private TimestampBlock fetch(int count) {
    byte[] request = ByteBuffer.allocate(Integer.BYTES).putInt(count).array();
    Deadline deadline = Deadline.after(PATIENCE, clock);
    ByteBuffer answer = ByteBuffer.wrap(leader.call(SERVICE, request, deadline));
    Timestamp first = new Timestamp(answer.getLong());
    long revision = answer.getLong();
    if (!catalog.await(newest -> newest.revision() >= revision, deadline, clock)) {
      throw new DatabaseException(ErrorCode.UNAVAILABLE, "the catalog of this node lags behind");
    }
    reached =
        new Reached(Timestamp.later(reached(), first.plus(count - 1)), clock.monotonicNanos());
    return new TimestampBlock(first, count);
  }

  private static void deal(List<Request> batch, TimestampBlock block) {
    Timestamp first = block.first();
    for (Request request : batch) {
      request.block().complete(new TimestampBlock(first, request.count()));
      first = first.plus(request.count());
    }
  }
}
