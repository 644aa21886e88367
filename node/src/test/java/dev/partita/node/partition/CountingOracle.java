package dev.partita.node.partition;

import dev.partita.node.time.Timestamp;
import dev.partita.node.time.TimestampBlock;
import dev.partita.node.time.TimestampOracle;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.CompletableFuture;

/// Hands out one timestamp after the other. A test can have it keep its answers, or fail.
public final class CountingOracle implements TimestampOracle {

  /// Somewhere in this century, so that timestamps look as they do in life.
  public static final long START = Timestamp.ofMillis(1_800_000_000_000L).value();

  private record Kept(CompletableFuture<TimestampBlock> answer, TimestampBlock block) {}

  private long last = START;
  private boolean keeps;
  private boolean fails;
  private final Deque<Kept> kept = new ArrayDeque<>();

  @Override
  public CompletableFuture<TimestampBlock> next(int count) {
    synchronized (this) {
      if (fails) {
        return CompletableFuture.failedFuture(new IllegalStateException("no oracle"));
      }
      var block = new TimestampBlock(new Timestamp(last + 1), count);
      last += count;
      if (!keeps) {
        return CompletableFuture.completedFuture(block);
      }
      var answer = new CompletableFuture<TimestampBlock>();
      kept.add(new Kept(answer, block));
      return answer;
    }
  }

  /// The newest timestamp handed out.
  public synchronized Timestamp newest() {
    return new Timestamp(last);
  }

  /// A timestamp for the test itself.
  public Timestamp take() {
    return next(1).join().first();
  }

  /// Goes on from a later moment.
  public synchronized void jump(Timestamp to) {
    last = Math.max(last, to.value());
  }

  /// Decides on timestamps as before, but keeps the answers until [#deliver].
  public synchronized void keep(boolean keep) {
    keeps = keep;
  }

  public synchronized void fail(boolean fail) {
    fails = fail;
  }

  public synchronized int keptCount() {
    return kept.size();
  }

  /// Gives the oldest answer kept.
  public void deliver() {
    Kept oldest;
    synchronized (this) {
      oldest = kept.removeFirst();
    }
    oldest.answer().complete(oldest.block());
  }
}
