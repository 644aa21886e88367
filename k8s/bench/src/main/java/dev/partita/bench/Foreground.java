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
import java.util.concurrent.locks.LockSupport;

/// A load of writes that goes on beside what is measured. Each writer is a closed loop on a thread
/// of its own; whatever is refused, or breaks, is counted and tried again with another key.
///
/// A load may be paced: then every write has a time at which it is due, and counts as begun then,
/// however late its writer comes to it. So a pause is seen by all writes that fall into it.
final class Foreground implements AutoCloseable {
  private static final long PAUSE_AFTER_REFUSAL_MILLIS = 10;
  private static final long NANOS_PER_SECOND = 1_000_000_000;

  private final List<Thread> writers = new ArrayList<>();
  private final long intervalNanos;
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

  private Foreground(long intervalNanos) {
    this.intervalNanos = intervalNanos;
  }

  /// As fast as the writers can.
  ///
  /// @param nodes through which the writers write in turn
  /// @param bytes of each document
  static Foreground start(int writers, List<InetSocketAddress> nodes, int bytes, Target target) {
    return start(writers, nodes, bytes, target, 0);
  }

  /// So many writes in a second, of all writers together.
  static Foreground paced(
      int writers, List<InetSocketAddress> nodes, int bytes, Target target, int perSecond) {
    return start(writers, nodes, bytes, target, NANOS_PER_SECOND * writers / perSecond);
  }

  private static Foreground start(
      int writers, List<InetSocketAddress> nodes, int bytes, Target target, long intervalNanos) {
    Foreground foreground = new Foreground(intervalNanos);
    byte[] body = ("{\"v\":\"" + "x".repeat(bytes) + "\"}").getBytes(StandardCharsets.UTF_8);
    long begun = System.nanoTime();
    for (int number = 0; number < writers; number++) {
      InetSocketAddress node = nodes.get(number % nodes.size());
      long first = begun + intervalNanos * number / writers;
      foreground.writers.add(
          Thread.ofPlatform()
              .name("foreground-" + number)
              .start(() -> foreground.write(node, body, target, first)));
    }
    return foreground;
  }

  private void write(InetSocketAddress node, byte[] body, Target target, long first) {
    long due = first;
    while (!stopped) {
      try (HttpConnection connection = new HttpConnection(node)) {
        while (!stopped) {
          long begun = intervalNanos == 0 ? System.nanoTime() : awaited(due);
          int status =
              connection.send("PUT", target.path(ThreadLocalRandom.current()), body).status();
          if (status == 200 || status == 201) {
            writes.add(new Write(begun, System.nanoTime()));
            due += intervalNanos;
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

  private static long awaited(long due) {
    LockSupport.parkNanos(due - System.nanoTime());
    return due;
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
