package dev.partita.local.api;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.net.httpserver.HttpExchange;
import dev.partita.local.json.Json;
import dev.partita.local.object.ApiFailure;
import java.io.IOException;
import java.io.OutputStream;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/// One HTTP request and its response.
final class Call {
  /// As in a Kubernetes API server: larger objects do not fit into its store either.
  private static final int BODY_BYTES_MAX = 3 * 1024 * 1024;

  /// How long a client may count on a connection that it does not use. The server closes it ten
  /// seconds later, and a client that asks at that moment would have to ask again, which not every
  /// client does.
  private static final String KEEP_ALIVE = "timeout=20";

  private final HttpExchange exchange;
  private final List<String> segments;
  private final Map<String, List<String>> query = new TreeMap<>();

  Call(HttpExchange exchange) {
    this.exchange = exchange;
    exchange.getResponseHeaders().set("Keep-Alive", KEEP_ALIVE);
    this.segments = segments(exchange.getRequestURI().getRawPath());
    String raw = exchange.getRequestURI().getRawQuery();
    for (String pair : raw == null ? new String[0] : raw.split("&", -1)) {
      int equals = pair.indexOf('=');
      String name = decode(equals < 0 ? pair : pair.substring(0, equals));
      String value = equals < 0 ? "" : decode(pair.substring(equals + 1));
      query.computeIfAbsent(name, n -> new ArrayList<>()).add(value);
    }
  }

  private static List<String> segments(String path) {
    List<String> segments = new ArrayList<>();
    for (String segment : path.split("/", -1)) {
      if (!segment.isEmpty()) {
        segments.add(URLDecoder.decode(segment.replace("+", "%2B"), StandardCharsets.UTF_8));
      }
    }
    return List.copyOf(segments);
  }

  private static String decode(String text) {
    return URLDecoder.decode(text, StandardCharsets.UTF_8);
  }

  String method() {
    return exchange.getRequestMethod();
  }

  /// The parts of the path between slashes.
  List<String> segments() {
    return segments;
  }

  /// A query parameter, empty when absent.
  String parameter(String name) {
    List<String> values = query.getOrDefault(name, List.of(""));
    return values.getFirst();
  }

  boolean flag(String name) {
    return List.of("true", "1").contains(parameter(name));
  }

  long number(String name, long absent) {
    String text = parameter(name);
    if (text.isEmpty()) {
      return absent;
    }
    if (!text.matches("\\d{1,18}")) {
      throw ApiFailure.badRequest("invalid " + name + ": " + text);
    }
    return Long.parseLong(text);
  }

  /// A header, empty when absent.
  String header(String name) {
    String value = exchange.getRequestHeaders().getFirst(name);
    return value == null ? "" : value;
  }

  /// The media type of the body without its parameters.
  String contentType() {
    String type = header("Content-Type");
    int end = type.indexOf(';');
    return (end < 0 ? type : type.substring(0, end)).strip().toLowerCase(Locale.ROOT);
  }

  byte[] body() throws IOException {
    byte[] body = exchange.getRequestBody().readNBytes(BODY_BYTES_MAX + 1);
    if (body.length > BODY_BYTES_MAX) {
      throw ApiFailure.tooLarge(BODY_BYTES_MAX);
    }
    return body;
  }

  JsonNode tree() throws IOException {
    try {
      return Json.parse(body());
    } catch (Json.MalformedException e) {
      throw ApiFailure.badRequest("the body is not valid: " + e.getMessage());
    }
  }

  /// The object in the body.
  ObjectNode object() throws IOException {
    if (contentType().equals(ProtobufBody.MEDIA_TYPE)) {
      return ProtobufBody.decode(body());
    }
    if (tree() instanceof ObjectNode object) {
      return object;
    }
    throw ApiFailure.badRequest("the body has to be an object");
  }

  void warn(List<String> warnings) {
    for (String warning : warnings) {
      String quoted = warning.replace("\\", "\\\\").replace("\"", "\\\"");
      exchange.getResponseHeaders().add("Warning", "299 - \"" + quoted + "\"");
    }
  }

  void respond(int status, JsonNode json) throws IOException {
    respond(status, "application/json", Json.bytes(json));
  }

  void respond(int status, String type, byte[] bytes) throws IOException {
    exchange.getResponseHeaders().set("Content-Type", type);
    exchange.sendResponseHeaders(status, bytes.length == 0 ? -1 : bytes.length);
    if (bytes.length > 0) {
      exchange.getResponseBody().write(bytes);
    }
  }

  void respondText(int status, String text) throws IOException {
    respond(status, "text/plain", text.getBytes(StandardCharsets.UTF_8));
  }

  /// Begins a response of unknown length.
  OutputStream stream(String type) throws IOException {
    exchange.getResponseHeaders().set("Content-Type", type);
    exchange.sendResponseHeaders(200, 0);
    return exchange.getResponseBody();
  }
}
