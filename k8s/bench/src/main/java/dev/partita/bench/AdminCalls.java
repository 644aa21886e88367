package dev.partita.bench;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/// Calls of a node's administration, which may be away.
final class AdminCalls {
  static final Duration PATIENCE = Duration.ofSeconds(30);

  /// For a node that may be paused.
  static final Duration IMPATIENCE = Duration.ofSeconds(2);

  private static final byte[] EMPTY = {};

  private AdminCalls() {}

  /// The body of the answer; a missing node if there is none.
  static JsonNode exchange(
      InetSocketAddress node,
      String method,
      String path,
      @Nullable JsonNode body,
      Duration patience) {
    try (HttpConnection connection = connect(node, patience)) {
      return Nodes.JSON.readTree(connection.send(method, path, bytes(body)).body());
    } catch (IOException e) {
      return Nodes.JSON.missingNode();
    }
  }

  /// The status of the answer; 0 if there is none.
  static int send(
      InetSocketAddress node,
      String method,
      String path,
      @Nullable JsonNode body,
      Duration patience) {
    try (HttpConnection connection = connect(node, patience)) {
      return connection.send(method, path, bytes(body)).status();
    } catch (IOException e) {
      return 0;
    }
  }

  private static HttpConnection connect(InetSocketAddress node, Duration patience)
      throws IOException {
    return new HttpConnection(node, Math.toIntExact(patience.toMillis()));
  }

  private static byte[] bytes(@Nullable JsonNode body) {
    return body == null ? EMPTY : body.toString().getBytes(StandardCharsets.UTF_8);
  }
}
