package dev.partita.image;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/// As much of a Kubernetes API server as an operator needs to start: every list is empty, and
/// nothing ever happens. A training run works on it and not on the cluster of whoever builds.
final class EmptyCluster implements AutoCloseable {
  private static final byte[] EMPTY_LIST =
      "{\"kind\":\"List\",\"apiVersion\":\"v1\",\"metadata\":{\"resourceVersion\":\"1\"},\"items\":[]}"
          .getBytes(StandardCharsets.UTF_8);

  private final HttpServer server;
  private final ExecutorService requests = Executors.newVirtualThreadPerTaskExecutor();
  private final CountDownLatch closed = new CountDownLatch(1);

  private EmptyCluster(HttpServer server) {
    this.server = server;
  }

  static EmptyCluster start() {
    try {
      EmptyCluster cluster =
          new EmptyCluster(
              HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0));
      cluster.server.setExecutor(cluster.requests);
      cluster.server.createContext("/", cluster::answer);
      cluster.server.start();
      return cluster;
    } catch (IOException e) {
      throw new UncheckedIOException("no port for the training run", e);
    }
  }

  /// What makes an operator find this cluster, and no other.
  Map<String, String> environment() {
    return Map.of(
        "QUARKUS_KUBERNETES_CLIENT_API_SERVER_URL",
        "http://127.0.0.1:" + server.getAddress().getPort(),
        "KUBERNETES_AUTH_TRYKUBECONFIG",
        "false",
        "KUBERNETES_AUTH_TRYSERVICEACCOUNT",
        "false");
  }

  private void answer(HttpExchange exchange) throws IOException {
    String query = exchange.getRequestURI().getQuery();
    boolean watch = query != null && query.contains("watch=true");
    try (exchange) {
      exchange.getRequestBody().readAllBytes();
      if (watch && exchange.getRequestHeaders().containsKey("Upgrade")) {
        // 200 instead of 101: the client watches by a plain request then.
        exchange.sendResponseHeaders(200, -1);
        return;
      }
      exchange.getResponseHeaders().set("Content-Type", "application/json");
      if (watch) {
        exchange.sendResponseHeaders(200, 0);
        exchange.getResponseBody().flush();
        closed.await();
      } else {
        exchange.sendResponseHeaders(200, EMPTY_LIST.length);
        exchange.getResponseBody().write(EMPTY_LIST);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public void close() {
    closed.countDown();
    server.stop(0);
    requests.shutdownNow();
  }
}
