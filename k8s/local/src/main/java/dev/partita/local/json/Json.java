package dev.partita.local.json;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.MissingNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Reading and building JSON trees.
///
/// Readers take a path of field names and treat every missing field, and a JSON null, as absent.
public final class Json {
  private static final ObjectMapper MAPPER =
      new ObjectMapper().enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);
  private static final YAMLMapper YAML = new YAMLMapper();

  private Json() {}

  /// Text that is not JSON or YAML, or not an object.
  public static final class MalformedException extends Exception {
    private static final long serialVersionUID = 1L;

    MalformedException(String message) {
      super(message);
    }
  }

  public static ObjectNode object() {
    return JsonNodeFactory.instance.objectNode();
  }

  public static ArrayNode array() {
    return JsonNodeFactory.instance.arrayNode();
  }

  /// Parses a document that this program wrote itself.
  public static ObjectNode parseTrusted(byte[] json) {
    try {
      return (ObjectNode) MAPPER.readTree(json);
    } catch (IOException e) {
      throw new IllegalStateException("stored document is not JSON", e);
    }
  }

  public static ObjectNode parseTrusted(String json) {
    return parseTrusted(json.getBytes(StandardCharsets.UTF_8));
  }

  /// Parses what a client sent: JSON, or YAML of which JSON is a part.
  public static JsonNode parse(byte[] text) throws MalformedException {
    try {
      JsonNode node = looksLikeJson(text) ? MAPPER.readTree(text) : YAML.readTree(text);
      return node == null ? MissingNode.getInstance() : node;
    } catch (JsonProcessingException e) {
      throw new MalformedException(e.getOriginalMessage());
    } catch (IOException e) {
      throw new MalformedException(String.valueOf(e.getMessage()));
    }
  }

  public static ObjectNode parseObject(byte[] text) throws MalformedException {
    if (parse(text) instanceof ObjectNode object) {
      return object;
    }
    throw new MalformedException("an object is needed");
  }

  private static boolean looksLikeJson(byte[] text) {
    for (byte b : text) {
      if (b > ' ') {
        return b == '{' || b == '[';
      }
    }
    return true;
  }

  public static byte[] bytes(JsonNode node) {
    try {
      return MAPPER.writeValueAsBytes(node);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("tree cannot be written", e);
    }
  }

  public static String text(JsonNode node) {
    return new String(bytes(node), StandardCharsets.UTF_8);
  }

  /// The same value with every number in the one form that the parser gives it, so that trees can
  /// be compared by `equals`.
  public static ObjectNode normalized(ObjectNode node) {
    return parseTrusted(bytes(node));
  }

  /// The node at a path; a missing node (never Java's null) when any step is absent.
  public static JsonNode at(@Nullable JsonNode node, String... path) {
    JsonNode current = node == null ? MissingNode.getInstance() : node;
    for (String field : path) {
      current = current.path(field);
    }
    return current.isNull() ? MissingNode.getInstance() : current;
  }

  /// The text at a path, empty when absent.
  public static String string(@Nullable JsonNode node, String... path) {
    return at(node, path).asText("");
  }

  public static long number(@Nullable JsonNode node, long absent, String... path) {
    return at(node, path).asLong(absent);
  }

  public static boolean has(@Nullable JsonNode node, String... path) {
    return !at(node, path).isMissingNode();
  }

  /// The elements of the list at a path, none when absent.
  public static List<JsonNode> elements(@Nullable JsonNode node, String... path) {
    List<JsonNode> elements = new ArrayList<>();
    at(node, path).forEach(elements::add);
    return elements;
  }

  public static List<String> strings(@Nullable JsonNode node, String... path) {
    return elements(node, path).stream().map(JsonNode::asText).toList();
  }

  /// The map of strings at a path, in its order, empty when absent.
  public static Map<String, String> stringMap(@Nullable JsonNode node, String... path) {
    Map<String, String> map = new LinkedHashMap<>();
    at(node, path).properties().forEach(e -> map.put(e.getKey(), e.getValue().asText()));
    return map;
  }

  public static List<String> fieldNames(JsonNode node) {
    List<String> names = new ArrayList<>();
    node.fieldNames().forEachRemaining(names::add);
    return names;
  }

  /// The object at a path inside `node`, made where it is absent.
  public static ObjectNode ensure(ObjectNode node, String... path) {
    ObjectNode current = node;
    for (String field : path) {
      current = current.get(field) instanceof ObjectNode child ? child : current.putObject(field);
    }
    return current;
  }

  /// Sets `value` under `field` unless something is there.
  public static void putIfAbsent(ObjectNode node, String field, JsonNode value) {
    if (!has(node, field)) {
      node.set(field, value);
    }
  }

  public static void putIfAbsent(ObjectNode node, String field, String value) {
    if (!has(node, field)) {
      node.put(field, value);
    }
  }

  public static void putIfAbsent(ObjectNode node, String field, int value) {
    if (!has(node, field)) {
      node.put(field, value);
    }
  }
}
