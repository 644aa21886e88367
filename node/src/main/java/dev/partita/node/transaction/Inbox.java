package dev.partita.node.transaction;

import dev.partita.node.time.CoarseTimeouts;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/// What comes in from any thread and is taken by one at a time, in the order in which it came.
final class Inbox<T> {

  private final Queue<T> waiting = new ArrayDeque<>();

  /// Completed when something comes for whoever waits; null while nobody does.
  private @Nullable CompletableFuture<Void> arrival;

  void add(T message) {
    CompletableFuture<Void> awaited;
    synchronized (this) {
      waiting.add(message);
      awaited = arrival;
      arrival = null;
    }
    if (awaited != null) {
      awaited.complete(null);
    }
  }

  /// The next one, as soon as there is one; null if there is none in time.
  @Nullable T poll(long nanosMax) throws InterruptedException {
    while (true) {
      CompletableFuture<Void> next;
      synchronized (this) {
        T message = waiting.poll();
        if (message != null) {
          return message;
        }
        next = new CompletableFuture<>();
        arrival = next;
      }
      try {
        CoarseTimeouts.get(next, nanosMax);
      } catch (TimeoutException e) {
        return null;
      } catch (ExecutionException e) {
        throw new IllegalStateException("nothing fails here", e);
      }
    }
  }
}
