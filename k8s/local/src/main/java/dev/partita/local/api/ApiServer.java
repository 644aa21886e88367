package dev.partita.local.api;

import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import dev.partita.local.json.Json;
import dev.partita.local.object.ApiFailure;
import dev.partita.local.object.ObjectService;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/// The HTTP server of the API, on the loopback interface only.
///
/// Every request needs the bearer token, except those that ask for health or version: the API
/// starts processes, so that other users of the machine and pages in a browser must not reach it.
public final class ApiServer implements AutoCloseable {
  private static final Logger LOG = System.getLogger(ApiServer.class.getName());
  private static final String LOOPBACK = "127.0.0.1";
  private static final List<String> OPEN_PATHS = List.of("healthz", "livez", "readyz", "version");

  /// The version of the Kubernetes API that the served subset is modelled on, as clients compare it
  /// with their own.
  private static final String VERSION = "v1.33.0+partita.local";

  private final HttpsServer server;
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private final byte[] token;
  private final Discovery discovery;
  private final OpenApi openApi;
  private final ObjectHandler handler;

  private ApiServer(HttpsServer server, ObjectService objects, PodLogs logs, String token) {
    this.server = server;
    this.token = token.getBytes(StandardCharsets.UTF_8);
    this.discovery = new Discovery(objects.kinds());
    this.openApi = new OpenApi(objects.kinds());
    this.handler = new ObjectHandler(objects, logs);
  }

  /// Starts a server.
  ///
  /// @param port 0 for any free one
  public static ApiServer start(
      ObjectService objects, PodLogs logs, ServerIdentity identity, int port) throws IOException {
    // Without it every response waits for the acknowledgement of the one before.
    System.setProperty("sun.net.httpserver.nodelay", "true");
    HttpsServer server =
        HttpsServer.create(new InetSocketAddress(InetAddress.ofLiteral(LOOPBACK), port), 0);
    server.setHttpsConfigurator(new HttpsConfigurator(identity.tls()));
    ApiServer api = new ApiServer(server, objects, logs, identity.token());
    server.createContext("/", api::serve);
    server.setExecutor(api.threads);
    server.start();
    return api;
  }

  public int port() {
    return server.getAddress().getPort();
  }

  private void serve(HttpExchange exchange) {
    try (exchange) {
      Call call = new Call(exchange);
      try {
        route(call);
      } catch (ApiFailure e) {
        if (e.isUnknownPath()) {
          // As a Kubernetes API server answers: clients then say themselves what they asked for.
          call.respondText(e.code(), "404 page not found\n");
        } else {
          call.respond(e.code(), e.toStatus());
        }
      } catch (RuntimeException e) {
        LOG.log(Level.ERROR, "request failed: " + call.method() + " " + call.segments(), e);
        call.respond(500, ApiFailure.internal("Internal error occurred: " + e).toStatus());
      }
    } catch (IOException e) {
      LOG.log(Level.DEBUG, "client left", e);
    }
  }

  private void route(Call call) throws IOException {
    List<String> path = call.segments();
    String first = path.isEmpty() ? "" : path.getFirst();
    checkHost(call);
    if (!OPEN_PATHS.contains(first)) {
      checkToken(call);
    }
    if (call.header("Upgrade").toLowerCase(Locale.ROOT).contains("websocket")) {
      // No WebSocket here: an ordinary answer makes clients fall back to a plain watch at once.
      call.respond(200, Json.object());
      return;
    }
    switch (first) {
      case "healthz", "livez", "readyz" -> call.respondText(200, "ok");
      case "version" -> call.respond(200, version());
      case "openapi" -> openApi(call, path);
      case "api", "apis" -> api(call, path);
      default -> throw ApiFailure.unknownPath();
    }
  }

  /// A page that made its own name resolve to this address is refused.
  private static void checkHost(Call call) {
    String host = call.header("Host").replaceAll(":\\d+$", "");
    if (!List.of(LOOPBACK, "localhost").contains(host)) {
      throw ApiFailure.refusedHost();
    }
  }

  private void checkToken(Call call) {
    String sent = call.header("Authorization");
    byte[] presented = sent.replaceFirst("^Bearer ", "").getBytes(StandardCharsets.UTF_8);
    if (!sent.startsWith("Bearer ") || !MessageDigest.isEqual(presented, token)) {
      throw ApiFailure.unauthorized();
    }
  }

  private static ObjectNode version() {
    return Json.object()
        .put("major", "1")
        .put("minor", "33")
        .put("gitVersion", VERSION)
        .put("gitCommit", "")
        .put("gitTreeState", "clean")
        .put("buildDate", "")
        .put("goVersion", "")
        .put("compiler", "javac")
        .put("platform", "partita/local");
  }

  private void openApi(Call call, List<String> path) throws IOException {
    if (path.size() < 2 || !path.get(1).equals("v3")) {
      throw ApiFailure.unknownPath();
    }
    call.respond(
        200, path.size() == 2 ? openApi.index() : openApi.document(path.subList(2, path.size())));
  }

  private void api(Call call, List<String> path) throws IOException {
    boolean core = path.getFirst().equals("api");
    if (path.size() == 1) {
      if (Discovery.wantsAggregated(call)) {
        call.respond(200, Discovery.AGGREGATED_TYPE, Json.bytes(discovery.aggregated(core)));
      } else {
        call.respond(200, core ? discovery.coreVersions() : discovery.groups());
      }
    } else if (core && path.size() == 2) {
      call.respond(200, discovery.resources("", path.get(1)));
    } else if (!core && path.size() == 2) {
      call.respond(200, discovery.group(path.get(1)));
    } else if (!core && path.size() == 3) {
      call.respond(200, discovery.resources(path.get(1), path.get(2)));
    } else {
      resource(call, ResourcePath.parse(path).orElseThrow(ApiFailure::unknownPath));
    }
  }

  private void resource(Call call, ResourcePath path) throws IOException {
    if (Reviews.answers(path)) {
      call.respond(201, Reviews.answer(path, call.object()));
    } else {
      handler.handle(call, path);
    }
  }

  /// Ends all requests, also those that watch.
  @Override
  public void close() {
    server.stop(0);
    threads.shutdownNow();
  }
}
