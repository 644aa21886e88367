package dev.partita.node.http;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.partita.node.error.DatabaseException;
import dev.partita.node.error.ErrorCode;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// The JSON object of a request, read strictly: a member that is not known is refused by name,
/// because a misspelled option that is ignored costs more than it saves.
final class RequestBody {
  private final ObjectNode body;
  private final String path;

  RequestBody(@Nullable ObjectNode body, Set<String> known) {
    this(body, known, "");
  }

  /// An object inside of a request.
  ///
  /// @param path what the names of its members are preceded by in messages
  RequestBody(@Nullable ObjectNode body, Set<String> known, String path) {
    if (body == null) {
      throw new DatabaseException(
          ErrorCode.INVALID_REQUEST, "the request needs a JSON object as its body");
    }
    body.fieldNames()
        .forEachRemaining(name -> {
          if (!known.contains(name)) {
            throw new DatabaseException(ErrorCode.INVALID_REQUEST, "unknown member of the request")
                .with("member", path + name)
                .with("known", known.stream().sorted().toList());
          }
        });
    this.body = body;
    this.path = path;
  }

  String requiredText(String name) {
    String text = optionalText(name);
    if (text == null) {
      throw missing(name);
    }
    return text;
  }

  private DatabaseException missing(String name) {
    return new DatabaseException(ErrorCode.INVALID_REQUEST, "a member of the request is missing")
        .with("member", path + name);
  }

  String text(String name, String otherwise) {
    String text = optionalText(name);
    return text == null ? otherwise : text;
  }

  @Nullable String optionalText(String name) {
    JsonNode value = body.get(name);
    if (value == null || value.isNull()) {
      return null;
    }
    if (!value.isTextual() || value.textValue().isEmpty()) {
      throw wrong(path + name, "a text that is not empty");
    }
    return value.textValue();
  }

  int number(String name, int otherwise, int max) {
    JsonNode value = body.get(name);
    if (value == null || value.isNull()) {
      return otherwise;
    }
    if (!value.canConvertToInt()
        || !value.isIntegralNumber()
        || value.intValue() < 1
        || value.intValue() > max) {
      throw wrong(path + name, "a whole number from 1 to " + max);
    }
    return value.intValue();
  }

  int requiredNumber(String name, int max) {
    if (!body.hasNonNull(name)) {
      throw missing(name);
    }
    return number(name, 1, max);
  }

  boolean flag(String name) {
    JsonNode value = body.get(name);
    if (value == null || value.isNull()) {
      return false;
    }
    if (!value.isBoolean()) {
      throw wrong(path + name, "true or false");
    }
    return value.booleanValue();
  }

  /// The elements of an array; a single value counts as an array of one.
  List<JsonNode> list(String name) {
    JsonNode value = body.get(name);
    if (value == null || value.isNull()) {
      return List.of();
    }
    return value.isArray() ? List.copyOf(value.valueStream().toList()) : List.of(value);
  }

  static DatabaseException wrong(String name, String wanted) {
    return new DatabaseException(
            ErrorCode.INVALID_REQUEST, "a member of the request has the wrong form")
        .with("member", name)
        .with("wanted", wanted);
  }
}
