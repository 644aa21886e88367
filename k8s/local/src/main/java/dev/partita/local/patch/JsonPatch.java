package dev.partita.local.patch;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.partita.local.json.Json;
import java.util.Arrays;
import java.util.List;

/// RFC 6902: a list of operations on places named by JSON pointers (RFC 6901).
public final class JsonPatch {
  /// More operations than anybody writes by hand, as in a Kubernetes API server.
  private static final int OPERATIONS_MAX = 10_000;

  private JsonPatch() {}

  /// The patched copy of `target`.
  ///
  /// @throws PatchException if the patch is malformed, a place does not exist, or a `test` fails
  public static ObjectNode apply(JsonNode target, JsonNode patch) throws PatchException {
    if (!(patch instanceof ArrayNode operations)) {
      throw PatchException.malformed("a JSON patch is a list of operations");
    }
    if (operations.size() > OPERATIONS_MAX) {
      throw PatchException.malformed("a JSON patch has at most " + OPERATIONS_MAX + " operations");
    }
    JsonNode result = target.deepCopy();
    for (JsonNode operation : operations) {
      result = step(result, operation);
    }
    if (result instanceof ObjectNode object) {
      return object;
    }
    throw PatchException.malformed("the patch does not leave an object");
  }

  private static JsonNode step(JsonNode root, JsonNode operation) throws PatchException {
    String path = pointer(operation, "path");
    return switch (Json.string(operation, "op")) {
      case "add" -> add(root, path, value(operation));
      case "remove" -> remove(root, path);
      case "replace" -> replace(root, path, value(operation));
      case "move" -> {
        String from = pointer(operation, "from");
        JsonNode moved = find(root, from);
        yield add(remove(root, from), path, moved);
      }
      case "copy" -> add(root, path, find(root, pointer(operation, "from")).deepCopy());
      case "test" -> {
        if (!find(root, path).equals(value(operation))) {
          throw PatchException.unprocessable("testing value " + path + " failed: test failed");
        }
        yield root;
      }
      default -> throw PatchException.malformed("unexpected kind: " + operation.path("op"));
    };
  }

  private static String pointer(JsonNode operation, String field) throws PatchException {
    JsonNode pointer = operation.path(field);
    if (!pointer.isTextual()
        || (!pointer.asText().isEmpty() && !pointer.asText().startsWith("/"))) {
      throw PatchException.malformed("operation without a valid \"" + field + "\"");
    }
    return pointer.asText();
  }

  private static JsonNode value(JsonNode operation) throws PatchException {
    JsonNode value = operation.get("value");
    if (value == null) {
      throw PatchException.malformed("operation without \"value\"");
    }
    return value;
  }

  private static List<String> tokens(String pointer) {
    return Arrays.stream(pointer.split("/", -1))
        .skip(1)
        .map(token -> token.replace("~1", "/").replace("~0", "~"))
        .toList();
  }

  private static JsonNode find(JsonNode root, String pointer) throws PatchException {
    JsonNode node = root;
    for (String token : tokens(pointer)) {
      node =
          node instanceof ArrayNode array
              ? array.path(index(token, array.size() - 1, pointer))
              : node.path(token);
      if (node.isMissingNode()) {
        throw missing(pointer);
      }
    }
    return node;
  }

  private static JsonNode parent(JsonNode root, String pointer) throws PatchException {
    return find(root, pointer.substring(0, pointer.lastIndexOf('/')));
  }

  private static String last(String pointer) {
    return tokens(pointer).getLast();
  }

  private static JsonNode add(JsonNode root, String pointer, JsonNode value) throws PatchException {
    if (pointer.isEmpty()) {
      return value.deepCopy();
    }
    JsonNode parent = parent(root, pointer);
    String token = last(pointer);
    switch (parent) {
      case ObjectNode object -> object.set(token, value.deepCopy());
      case ArrayNode array when token.equals("-") -> array.add(value.deepCopy());
      case ArrayNode array -> array.insert(index(token, array.size(), pointer), value.deepCopy());
      default -> throw missing(pointer);
    }
    return root;
  }

  private static JsonNode remove(JsonNode root, String pointer) throws PatchException {
    find(root, pointer);
    JsonNode parent = parent(root, pointer);
    if (parent instanceof ObjectNode object) {
      object.remove(last(pointer));
    } else if (parent instanceof ArrayNode array) {
      array.remove(index(last(pointer), array.size() - 1, pointer));
    }
    return root;
  }

  private static JsonNode replace(JsonNode root, String pointer, JsonNode value)
      throws PatchException {
    if (pointer.isEmpty()) {
      return value.deepCopy();
    }
    find(root, pointer);
    JsonNode parent = parent(root, pointer);
    if (parent instanceof ObjectNode object) {
      object.set(last(pointer), value.deepCopy());
    } else if (parent instanceof ArrayNode array) {
      array.set(index(last(pointer), array.size() - 1, pointer), value.deepCopy());
    }
    return root;
  }

  private static int index(String token, int max, String pointer) throws PatchException {
    if (!token.matches("0|[1-9]\\d{0,8}") || Integer.parseInt(token) > max) {
      throw missing(pointer);
    }
    return Integer.parseInt(token);
  }

  private static PatchException missing(String pointer) {
    return PatchException.unprocessable(
        "the server rejected our request due to an error in our request: no value at " + pointer);
  }
}
