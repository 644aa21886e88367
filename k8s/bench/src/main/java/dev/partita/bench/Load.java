package dev.partita.bench;

import java.io.IOException;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/// Closed-loop clients on platform threads, one each.
final class Load {
  /// Enough for the fastest loop; latencies past it are counted but not kept.
  private static final int SAMPLES_MAX = 1 << 20;

  private Load() {}

  /// One client's connection and work.
  interface Client extends AutoCloseable {
    /// One operation, from request to answer.
    ///
    /// @param sequence counts this client's operations from 0
    void run(long sequence) throws Exception;

    @Override
    default void close() throws IOException {}
  }

  /// Makes the client with a number from 0.
  interface ClientFactory {
    Client open(int number) throws Exception;
  }

  /// What a load reached.
  ///
  /// @param p50Micros median latency
  record Result(double operationsPerSecond, double p50Micros, double p99Micros) {}

  /// Runs the clients for a while, of which the first fifth is not counted.
  static Result run(int clients, Duration duration, ClientFactory factory) {
    long[][] samples = new long[clients][];
    CountDownLatch ready = new CountDownLatch(clients);
    AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
    long warmUpNanos = duration.toNanos() / 5;
    try (ExecutorService threads = Executors.newFixedThreadPool(clients)) {
      for (int i = 0; i < clients; i++) {
        int number = i;
        threads.execute(() -> {
          try (Client client = factory.open(number)) {
            ready.countDown();
            ready.await();
            samples[number] = loop(client, warmUpNanos, duration.toNanos());
          } catch (Throwable e) {
            failure.compareAndSet(null, e);
            ready.countDown();
          }
        });
      }
    }
    if (failure.get() != null) {
      throw new IllegalStateException("a client failed", failure.get());
    }
    return summary(samples, duration.toNanos() - warmUpNanos);
  }

  private static long[] loop(Client client, long warmUpNanos, long durationNanos) throws Exception {
    long[] latencies = new long[1024];
    int count = 0;
    long start = System.nanoTime();
    long before = start;
    for (long sequence = 0; before - start < durationNanos; sequence++) {
      client.run(sequence);
      long after = System.nanoTime();
      if (before - start >= warmUpNanos && count < SAMPLES_MAX) {
        if (count == latencies.length) {
          latencies = Arrays.copyOf(latencies, count * 2);
        }
        latencies[count++] = after - before;
      }
      before = after;
    }
    return Arrays.copyOf(latencies, count);
  }

  private static Result summary(long[][] samples, long countedNanos) {
    long[] all = Arrays.stream(samples).flatMapToLong(Arrays::stream).sorted().toArray();
    if (all.length == 0) {
      return new Result(0, Double.NaN, Double.NaN);
    }
    return new Result(
        all.length * 1e9 / countedNanos,
        all[all.length / 2] / 1e3,
        all[(int) (all.length * 0.99)] / 1e3);
  }
}
