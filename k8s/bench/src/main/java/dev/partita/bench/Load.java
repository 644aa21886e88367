package dev.partita.bench;

import java.io.IOException;
import java.time.Duration;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/// Closed-loop clients, each on a thread of its own.
final class Load {
  /// Latencies past this many are counted but not kept.
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

  /// One client that works as each of these in turn.
  static Client inTurn(List<Client> clients) {
    return new Client() {
      @Override
      public void run(long sequence) throws Exception {
        clients.get((int) (sequence % clients.size())).run(sequence);
      }

      @Override
      public void close() throws IOException {
        for (Client client : clients) {
          client.close();
        }
      }
    };
  }

  /// Makes the client with a number from 0.
  interface ClientFactory {
    Client open(int number) throws Exception;
  }

  /// What a load reached.
  ///
  /// @param p50Micros median latency
  record Result(double operationsPerSecond, double p50Micros, double p99Micros) {}

  /// The one in the middle by operations.
  static Result median(List<Result> results) {
    return results.stream()
        .sorted(Comparator.comparingDouble(Result::operationsPerSecond))
        .toList()
        .get(results.size() / 2);
  }

  /// Runs the clients for a while, of which the first fifth is not counted.
  static Result run(int clients, Duration duration, ClientFactory factory) {
    return run(clients, duration, Thread.ofPlatform().factory(), factory);
  }

  /// As [#run], on virtual threads, as the nodes' HTTP requests run.
  static Result runOnVirtualThreads(int clients, Duration duration, ClientFactory factory) {
    return run(clients, duration, Thread.ofVirtual().factory(), factory);
  }

  private static Result run(
      int clients, Duration duration, ThreadFactory threadFactory, ClientFactory factory) {
    Sample[] samples = new Sample[clients];
    CountDownLatch ready = new CountDownLatch(clients);
    AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
    long warmUpNanos = duration.toNanos() / 5;
    try (ExecutorService threads = Executors.newThreadPerTaskExecutor(threadFactory)) {
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

  /// What one client saw.
  private static final class Sample {
    final long operations;
    final long[] latencies;

    Sample(long operations, long[] latencies) {
      this.operations = operations;
      this.latencies = latencies;
    }
  }

  private static Sample loop(Client client, long warmUpNanos, long durationNanos) throws Exception {
    long[] latencies = new long[1024];
    int count = 0;
    long operations = 0;
    long start = System.nanoTime();
    long before = start;
    for (long sequence = 0; before - start < durationNanos; sequence++) {
      client.run(sequence);
      long after = System.nanoTime();
      if (before - start >= warmUpNanos) {
        operations++;
        if (count == latencies.length && count < SAMPLES_MAX) {
          latencies = Arrays.copyOf(latencies, count * 2);
        }
        if (count < SAMPLES_MAX) {
          latencies[count++] = after - before;
        }
      }
      before = after;
    }
    return new Sample(operations, Arrays.copyOf(latencies, count));
  }

  private static Result summary(Sample[] samples, long countedNanos) {
    long[] all =
        Arrays.stream(samples)
            .flatMapToLong(sample -> Arrays.stream(sample.latencies))
            .sorted()
            .toArray();
    if (all.length == 0) {
      return new Result(0, Double.NaN, Double.NaN);
    }
    return new Result(
        Arrays.stream(samples).mapToLong(sample -> sample.operations).sum() * 1e9 / countedNanos,
        all[all.length / 2] / 1e3,
        all[(int) (all.length * 0.99)] / 1e3);
  }
}
