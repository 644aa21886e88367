package dev.partita.node.http;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.quarkus.runtime.configuration.MemorySize;
import io.quarkus.vertx.http.runtime.filters.Filter;
import io.quarkus.vertx.http.runtime.filters.Filters;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServer;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.io.IOException;
import java.math.BigInteger;
import java.net.InetAddress;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// A server that answers a request when all of its body is there, and is soon tired of waiting.
class SmallBodiesTest {
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final Duration READ_TIMEOUT = Duration.ofSeconds(1);

  /// Bytes that all bodies may have together.
  private static final int ROOM = 32 << 20;

  /// Bytes of the largest that is small.
  private static final int SMALL = 64 << 10;

  private final Admission admission = new Admission();
  private final Vertx vertx = Vertx.vertx();
  private HttpServer server;

  @BeforeEach
  void listen() {
    var filters = new Filters();
    new Reception(admission, new ErrorCounts(), new MemorySize(BigInteger.valueOf(8 << 20)))
        .register(filters);
    new SmallBodies(vertx, READ_TIMEOUT).register(filters);
    Router router = Router.router(vertx);
    filters.getFilters().stream()
        .sorted(Comparator.comparingInt(Filter::getPriority).reversed())
        .forEach(filter -> router.route().handler(filter.getHandler()));
    router.route().handler(SmallBodiesTest::answer);
    server = done(vertx.createHttpServer().requestHandler(router).listen(0));
  }

  private static <T> T done(Future<T> future) {
    return future.toCompletionStage().toCompletableFuture().join();
  }

  private static void answer(RoutingContext context) {
    context.end("has " + context.body().length());
  }

  @AfterEach
  void close() {
    var _ = done(vertx.close());
  }

  private Socket send(String text) throws IOException {
    var socket = new Socket(InetAddress.getLoopbackAddress(), server.actualPort());
    socket.setSoTimeout((int) PATIENCE.toMillis());
    socket.getOutputStream().write(text.getBytes(ISO_8859_1));
    return socket;
  }

  private static String head(int bytes) {
    return "PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: " + bytes + "\r\n\r\n";
  }

  private static String all(Socket socket) throws IOException {
    return new String(socket.getInputStream().readAllBytes(), ISO_8859_1);
  }

  /// As many as there is room for.
  @Test
  void clientsThatStopAreHungUpOnAndTheirRoomIsGivenBack() throws IOException {
    List<Socket> stalled = new ArrayList<>();
    try {
      for (int taken = 0; taken < ROOM; taken += SMALL) {
        stalled.add(send(head(SMALL) + "{"));
      }
      for (Socket socket : stalled) {
        assertThat(all(socket)).isEmpty();
      }
    } finally {
      for (Socket socket : stalled) {
        socket.close();
      }
    }
    await().atMost(PATIENCE).until(() -> admission.receive(ROOM));
  }

  @Test
  void whoHasSentAllIsNotHungUpOn() throws IOException {
    try (Socket stalled = send(head(2) + "{");
        Socket complete = send(head(2) + "{}")) {
      assertThat(answered(complete)).endsWith("has 2");
      assertThat(all(stalled)).isEmpty();
      complete.getOutputStream().write((head(3) + "{ }").getBytes(ISO_8859_1));
      assertThat(answered(complete)).endsWith("has 3");
    }
  }

  /// An answer, after which the connection is still there.
  private static String answered(Socket socket) throws IOException {
    int length = "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhas 0".length();
    return new String(socket.getInputStream().readNBytes(length), ISO_8859_1);
  }
}
