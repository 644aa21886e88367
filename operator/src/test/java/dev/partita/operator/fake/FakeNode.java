package dev.partita.operator.fake;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.MissingNode;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsExchange;
import com.sun.net.httpserver.HttpsParameters;
import com.sun.net.httpserver.HttpsServer;
import dev.partita.tls.Credentials;
import dev.partita.tls.Identity;
import dev.partita.tls.Role;
import dev.partita.tls.TlsSockets;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.security.GeneralSecurityException;
import java.security.cert.X509Certificate;
import java.util.Objects;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Supplier;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.TrustManager;

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
    return start(new FakeNode(cluster, id, HttpServer.create(address, 0)), name, site);
  }

  /// Starts a node with a certificate; its administration is for the operator's alone.
  ///
  /// @param credentials as they are at the time of a handshake
  public static FakeNode start(
      FakeCluster cluster,
      String id,
      String name,
      String site,
      InetSocketAddress address,
      Supplier<Credentials> credentials)
      throws IOException {
    HttpsServer server = HttpsServer.create(address, 0);
    server.setHttpsConfigurator(new Certified(context(credentials)));
    return start(new FakeNode(cluster, id, server), name, site);
  }

  private static SSLContext context(Supplier<Credentials> credentials) {
    try {
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(
          new KeyManager[] {TlsSockets.keyManager(credentials)},
          new TrustManager[] {TlsSockets.trustManager(credentials)},
          null);
      return context;
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every Java platform has TLS", e);
    }
  }

  /// Asks for certificates, as probes have none.
  private static final class Certified extends HttpsConfigurator {
    Certified(SSLContext context) {
      super(context);
    }

    @Override
    public void configure(HttpsParameters parameters) {
      SSLParameters wanted = getSSLContext().getDefaultSSLParameters();
      wanted.setWantClientAuth(true);
      parameters.setSSLParameters(wanted);
    }
  }

  private static FakeNode start(FakeNode node, String name, String site) {
    node.server.setExecutor(node.executor);
    node.server.createContext(
        "/health/", exchange -> respond(exchange, 200, JSON.createObjectNode()));
    node.server.createContext(ADMIN, node::handle);
    node.cluster.started(node.id, name, site);
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
    if (exchange instanceof HttpsExchange secured && !isOperator(secured)) {
      respond(exchange, 403, JSON.createObjectNode().put("code", "FORBIDDEN"));
      return;
    }
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

  private static boolean isOperator(HttpsExchange exchange) {
    try {
      return exchange.getSSLSession().getPeerCertificates()[0] instanceof X509Certificate found
          && Identity.of(found).filter(holder -> holder.role() == Role.OPERATOR).isPresent();
    } catch (SSLPeerUnverifiedException _) {
      return false;
    }
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
