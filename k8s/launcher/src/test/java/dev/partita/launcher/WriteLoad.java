package dev.partita.launcher;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;

/// Clients that write one document after the other, each under a key of its own, to any node that
/// is ready, and go to the next node when one does not answer. A document counts once it was
/// acknowledged, and then has to be there for ever.
final class WriteLoad implements AutoCloseable {
  private static final int CLIENTS = 4;
  private static final int SUCCESS = 2;
  private static final int CENTURY = 100;
  private static final long PAUSE_MILLIS = 10;

  private final HttpClient http =
      HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(2)).build();
  private final Supplier<List<InetSocketAddress>> nodes;
  private final String collection;
  private final ConcurrentSkipListSet<Integer> acknowledged = new ConcurrentSkipListSet<>();
  private final AtomicInteger next = new AtomicInteger();
  private final AtomicLong longestMillis = new AtomicLong();
  private final List<Thread> clients = new ArrayList<>();
  private volatile boolean closed;

  private WriteLoad(Supplier<List<InetSocketAddress>> nodes, String collection) {
    this.nodes = nodes;
    this.collection = collection;
  }

  static WriteLoad start(Supplier<List<InetSocketAddress>> nodes, String collection) {
    WriteLoad load = new WriteLoad(nodes, collection);
    for (int client = 0; client < CLIENTS; client++) {
      load.clients.add(Thread.ofVirtual().name("client-" + client).start(load::write));
    }
    return load;
  }

  int acknowledged() {
    return acknowledged.size();
  }

  /// The longest time that one write took, with all its attempts, since the last call.
  Duration longest() {
    return Duration.ofMillis(longestMillis.getAndSet(0));
  }

  private void write() {
    try {
      while (!closed) {
        int key = next.getAndIncrement();
        long begin = System.nanoTime();
        while (!closed && !isAcknowledged(key)) {
          Thread.sleep(PAUSE_MILLIS);
        }
        longestMillis.accumulateAndGet((System.nanoTime() - begin) / 1_000_000, Math::max);
        Thread.sleep(PAUSE_MILLIS);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private boolean isAcknowledged(int key) throws InterruptedException {
    for (InetSocketAddress node : shuffled(key)) {
      HttpRequest request =
          request(node, key).PUT(BodyPublishers.ofString("{\"n\":" + key + "}")).build();
      try {
        if (http.send(request, BodyHandlers.discarding()).statusCode() / CENTURY == SUCCESS) {
          acknowledged.add(key);
          return true;
        }
      } catch (IOException e) {
        // The next node, or the next attempt.
      }
    }
    return false;
  }

  private List<InetSocketAddress> shuffled(int seed) {
    List<InetSocketAddress> all = new ArrayList<>(nodes.get());
    if (!all.isEmpty()) {
      Collections.rotate(all, seed % all.size());
    }
    return all;
  }

  private HttpRequest.Builder request(InetSocketAddress node, int key) {
    return HttpRequest.newBuilder(
            URI.create(
                "http://%s:%d/v1/collections/%s/documents/%d"
                    .formatted(node.getHostString(), node.getPort(), collection, key)))
        .header("Content-Type", "application/json")
        .timeout(Duration.ofSeconds(5));
  }

  /// The acknowledged documents that are not there.
  List<Integer> lost() throws IOException, InterruptedException {
    List<Integer> lost = new ArrayList<>();
    for (int key : acknowledged) {
      HttpResponse<String> found =
          http.send(request(nodes.get().getFirst(), key).GET().build(), BodyHandlers.ofString());
      if (found.statusCode() / CENTURY != SUCCESS || !found.body().contains("\"n\":" + key)) {
        lost.add(key);
      }
    }
    return lost;
  }

  @Override
  public void close() {
    closed = true;
    try {
      for (Thread client : clients) {
        client.join();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    http.close();
  }
}
