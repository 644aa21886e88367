package dev.partita.bench;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicLong;

/// A load of writes that goes on beside what is measured. Each writer is a closed loop on a thread
/// of its own; whatever is refused, or breaks, is counted and tried again with another key.
final class Foreground implements AutoCloseable {
  private static final long PAUSE_AFTER_REFUSAL_MILLIS = 10;

  private final List<Thread> writers = new ArrayList<>();
  private final ConcurrentLinkedQueue<Write> writes = new ConcurrentLinkedQueue<>();
  private final AtomicLong refused = new AtomicLong();
  private volatile boolean stopped;

  /// One acknowledged write.
  record Write(long begunNanos, long endedNanos) {}

  /// Where a writer writes next.
  interface Target {
    /// The path of a document.
    ///
    /// @param random of the writer's thread
    String path(ThreadLocalRandom random);
  }

  private Foreground() {}

  /// @param nodes through which the writers write in turn
  /// @param bytes of each document
  static Foreground start(int writers, List<InetSocketAddress> nodes, int bytes, Target target) {
    Foreground foreground = new Foreground();
    byte[] body = ("{\"v\":\"" + "x".repeat(bytes) + "\"}").getBytes(StandardCharsets.UTF_8);
    for (int number = 0; number < writers; number++) {
      InetSocketAddress node = nodes.get(number % nodes.size());
      foreground.writers.add(
          Thread.ofPlatform()
              .name("foreground-" + number)
              .start(() -> foreground.write(node, body, target)));
    }
    return foreground;
  }

  private void write(InetSocketAddress node, byte[] body, Target target) {
    while (!stopped) {
      try (HttpConnection connection = new HttpConnection(node)) {
        while (!stopped) {
          long begun = System.nanoTime();
          int status =
              connection.send("PUT", target.path(ThreadLocalRandom.current()), body).status();
          if (status == 200 || status == 201) {
            writes.add(new Write(begun, System.nanoTime()));
          } else {
            refused.incrementAndGet();
            pause();
          }
        }
      } catch (IOException e) {
        refused.incrementAndGet();
        pause();
      }
    }
  }

  private static void pause() {
    try {
      Thread.sleep(PAUSE_AFTER_REFUSAL_MILLIS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /// Writes that were not acknowledged.
  long refused() {
    return refused.get();
  }

  /// The longest write of those that overlap a time; 0 if there is none.
  long longestNanos(long fromNanos, long toNanos) {
    return writes.stream()
        .filter(write -> write.endedNanos() - fromNanos >= 0 && write.begunNanos() - toNanos <= 0)
        .mapToLong(write -> write.endedNanos() - write.begunNanos())
        .max()
        .orElse(0);
  }

  /// Acknowledged writes in a second.
  double rate(long fromNanos, long toNanos) {
    long count =
        writes.stream()
            .filter(
                write -> write.endedNanos() - fromNanos >= 0 && write.endedNanos() - toNanos < 0)
            .count();
    return count * 1e9 / (toNanos - fromNanos);
  }

  /// Acknowledged writes in a second, one after the other for each interval of a time.
  List<Double> rates(long fromNanos, long toNanos, Duration interval) {
    long step = interval.toNanos();
    long[] counts = new long[Math.toIntExact((toNanos - fromNanos) / step)];
    for (Write write : writes) {
      long index = Math.floorDiv(write.endedNanos() - fromNanos, step);
      if (index >= 0 && index < counts.length) {
        counts[(int) index]++;
      }
    }
    List<Double> rates = new ArrayList<>();
    for (long count : counts) {
      rates.add(count * 1e9 / step);
    }
    return rates;
  }

  @Override
  public void close() {
    stopped = true;
    for (Thread writer : writers) {
      try {
        writer.join();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return;
      }
    }
  }
}
