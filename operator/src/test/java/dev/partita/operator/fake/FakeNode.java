package dev.partita.operator.fake;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.MissingNode;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.Objects;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/// One node of a [FakeCluster]: an HTTP server on an address of its own.
public final class FakeNode implements AutoCloseable {

  private static final String ADMIN = "/admin/v1/";
  private static final ObjectMapper JSON = new ObjectMapper();

  private final FakeCluster cluster;
  private final String id;
  private final HttpServer server;
  private final ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor();

  private FakeNode(FakeCluster cluster, String id, HttpServer server) {
    this.cluster = cluster;
    this.id = id;
    this.server = server;
  }

  /// Starts a node; the cluster hears of it.
  ///
  /// @param id the identity that is kept on its volume
  public static FakeNode start(
      FakeCluster cluster, String id, String name, String site, InetSocketAddress address)
      throws IOException {
    FakeNode node = new FakeNode(cluster, id, HttpServer.create(address, 0));
    node.server.setExecutor(node.executor);
    node.server.createContext(
        "/health/", exchange -> respond(exchange, 200, JSON.createObjectNode()));
    node.server.createContext(ADMIN, node::handle);
    cluster.started(id, name, site);
    node.server.start();
    return node;
  }

  public InetSocketAddress address() {
    return server.getAddress();
  }

  /// Ends abruptly, as a killed process does.
  @Override
  public void close() {
    server.stop(0);
    executor.shutdownNow();
    cluster.stopped(id);
  }

  private void handle(HttpExchange exchange) throws IOException {
    byte[] request = exchange.getRequestBody().readAllBytes();
    JsonNode body = request.length == 0 ? MissingNode.getInstance() : JSON.readTree(request);
    String path = exchange.getRequestURI().getPath().substring(ADMIN.length());
    String query = Objects.requireNonNullElse(exchange.getRequestURI().getQuery(), "");
    String meant =
        Objects.requireNonNullElse(exchange.getRequestHeaders().getFirst("Partita-Cluster"), "");
    FakeCluster.Response response =
        cluster
            .misdirected(id, path, meant)
            .orElseGet(() -> cluster.handle(id, exchange.getRequestMethod(), path, body, query));
    respond(exchange, response.status(), response.body());
  }

  private static void respond(HttpExchange exchange, int status, JsonNode body) throws IOException {
    byte[] bytes = JSON.writeValueAsBytes(body);
    exchange
        .getResponseHeaders()
        .add("Content-Type", status < 400 ? "application/json" : "application/problem+json");
    exchange.sendResponseHeaders(status, bytes.length);
    exchange.getResponseBody().write(bytes);
    exchange.close();
  }
}
