package dev.partita.node.time;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.Test;

/// Limits of waiting that are kept by one thread for all.
final class CoarseTimeoutsTest {

  private static final long LONG = Duration.ofMinutes(2).toNanos();
  private static final long SHORT = Duration.ofMillis(1).toNanos();

  @Test
  void whatIsDoneIsGivenWhateverTimeThereIs() throws Exception {
    assertThat(CoarseTimeouts.get(CompletableFuture.completedFuture("done"), 0)).isEqualTo("done");
    assertThatThrownBy(() ->
            CoarseTimeouts.get(CompletableFuture.failedFuture(new IllegalStateException("why")), 0))
        .isInstanceOf(ExecutionException.class)
        .hasCauseInstanceOf(IllegalStateException.class);
  }

  @Test
  void whoeverWaitsGetsWhatComes() throws Exception {
    List<CompletableFuture<Integer>> futures = new ArrayList<>();
    List<Future<Integer>> waiting = new ArrayList<>();
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int at = 0; at < 100; at++) {
        var future = new CompletableFuture<Integer>();
        futures.add(future);
        waiting.add(threads.submit(() -> CoarseTimeouts.get(future, LONG)));
      }
      for (int at = 0; at < 99; at++) {
        futures.get(at).complete(at);
      }
      futures.get(99).completeExceptionally(new IllegalStateException("why"));
      for (int at = 0; at < 99; at++) {
        assertThat(waiting.get(at).get()).isEqualTo(at);
      }
      assertThatThrownBy(waiting.get(99)::get)
          .hasCauseInstanceOf(ExecutionException.class)
          .hasRootCauseInstanceOf(IllegalStateException.class);
    }
  }

  @Test
  void nobodyWaitsForLongerAndTheFutureStaysAsItIs() throws Exception {
    var future = new CompletableFuture<String>();
    assertThatThrownBy(() -> CoarseTimeouts.get(future, SHORT))
        .isInstanceOf(TimeoutException.class);
    assertThatThrownBy(() -> CoarseTimeouts.get(future, -1)).isInstanceOf(TimeoutException.class);
    assertThat(future).isNotDone();
    future.complete("late");
    assertThat(CoarseTimeouts.get(future, SHORT)).isEqualTo("late");
    // One that fails with such an exception has not run out of time here.
    assertThatThrownBy(
            () -> CoarseTimeouts.get(CompletableFuture.failedFuture(new TimeoutException()), LONG))
        .isInstanceOf(ExecutionException.class);
  }

  @Test
  void limitsNeedNotComeInOrder() {
    var never = new CompletableFuture<String>();
    assertThat(CoarseTimeouts.completeOnTimeout(never, "too late", Long.MAX_VALUE)).isSameAs(never);
    var soon = new CompletableFuture<String>();
    assertThat(
            CoarseTimeouts.completeOnTimeout(soon, "over", SHORT).orTimeout(60, TimeUnit.SECONDS))
        .succeedsWithin(Duration.ofSeconds(60))
        .isEqualTo("over");
    assertThat(never).isNotDone();
    never.complete("value");
    var done = CompletableFuture.completedFuture("value");
    assertThat(CoarseTimeouts.completeOnTimeout(done, "over", 0).join()).isEqualTo("value");
  }

  @Test
  void whoIsInterruptedWaitsNoMore() {
    Thread.currentThread().interrupt();
    assertThatThrownBy(() -> CoarseTimeouts.get(new CompletableFuture<>(), LONG))
        .isInstanceOf(InterruptedException.class);
    assertThat(Thread.interrupted()).isFalse();
  }
}
