package dev.partita.launcher;

import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// Clients that write one document after the other, each under a key that was never used before, to
/// any node that is ready, and go to the next node when one does not answer. A document counts once
/// it was acknowledged, and then has to be there for ever.
final class WriteLoad implements AutoCloseable {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Duration PATIENCE = Duration.ofMinutes(10);
  private static final int CLIENTS = 4;
  private static final int SUCCESS = 2;
  private static final int CENTURY = 100;

  /// So that the load leaves most of a small machine to the nodes.
  private static final long PAUSE_MILLIS = 20;

  /// How long a client goes by what it has heard of the nodes.
  private static final long KNOWN_NANOS = 250_000_000;

  private final HttpClient http =
      HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(2)).build();
  private final Supplier<List<InetSocketAddress>> nodes;
  private final String collection;
  private final ConcurrentSkipListSet<Integer> acknowledged = new ConcurrentSkipListSet<>();
  private final AtomicInteger next = new AtomicInteger();
  private final AtomicLong longestMillis = new AtomicLong();
  private final List<Thread> clients = new ArrayList<>();
  private volatile Known known = new Known(List.of(), 0);
  private volatile boolean closed;

  /// The nodes as they were at a moment.
  private record Known(List<InetSocketAddress> nodes, long atNanos) {}

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
    for (InetSocketAddress node : inTurn(key)) {
      HttpRequest request =
          request(node, "/" + key).PUT(BodyPublishers.ofString("{\"n\":" + key + "}")).build();
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

  /// All nodes, beginning with another one each time.
  private List<InetSocketAddress> inTurn(int turn) {
    Known now = known;
    if (now.nodes().isEmpty() || System.nanoTime() - now.atNanos() > KNOWN_NANOS) {
      now = new Known(nodes.get(), System.nanoTime());
      known = now;
    }
    List<InetSocketAddress> all = new ArrayList<>(now.nodes());
    Collections.rotate(all, turn);
    return all;
  }

  private HttpRequest.Builder request(InetSocketAddress node, String path) {
    return HttpRequest.newBuilder(
            URI.create(
                "http://%s:%d/v1/collections/%s/documents%s"
                    .formatted(node.getHostString(), node.getPort(), collection, path)))
        .header("Content-Type", "application/json")
        .timeout(Duration.ofSeconds(5));
  }

  /// The documents that had been acknowledged when this was called, and are not there as they were
  /// written.
  Set<Integer> lost() {
    Set<Integer> lost = new TreeSet<>(acknowledged);
    String after = null;
    do {
      JsonNode page = page(after);
      for (JsonNode document : page.path("data")) {
        if (document.path("n").equals(document.path("id"))) {
          lost.remove(document.path("id").asInt());
        }
      }
      after = page.path("after").textValue();
    } while (after != null);
    return lost;
  }

  /// A page of the collection, from whichever node gives it.
  private JsonNode page(@Nullable String after) {
    String path =
        "?limit=1000"
            + (after == null ? "" : "&after=" + URLEncoder.encode(after, StandardCharsets.UTF_8));
    AtomicInteger turn = new AtomicInteger();
    return await()
        .atMost(PATIENCE)
        .pollDelay(Duration.ZERO)
        .ignoreExceptionsInstanceOf(IOException.class)
        .until(
            () -> {
              List<InetSocketAddress> all = inTurn(turn.getAndIncrement());
              if (all.isEmpty()) {
                return JSON.nullNode();
              }
              HttpResponse<String> answer =
                  http.send(request(all.getFirst(), path).GET().build(), BodyHandlers.ofString());
              return answer.statusCode() / CENTURY == SUCCESS
                  ? JSON.readTree(answer.body())
                  : JSON.nullNode();
            },
            page -> page.has("data"));
  }

  /// Ends the clients; what they have written can still be looked for.
  void stop() {
    closed = true;
    try {
      for (Thread client : clients) {
        client.join();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public void close() {
    stop();
    http.close();
  }
}
