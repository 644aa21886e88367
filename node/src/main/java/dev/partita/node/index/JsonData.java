package dev.partita.node.index;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.cfg.JsonNodeFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.partita.node.error.DatabaseException;
import dev.partita.node.error.ErrorCode;
import dev.partita.node.key.Datum;
import java.io.IOException;
import java.math.BigDecimal;
import java.util.ArrayList;

/// JSON trees and the values that keys are made of. Numbers are exact: nothing passes through a
/// binary floating-point number.
public final class JsonData {

  private static final JsonMapper MAPPER =
      JsonMapper.builder()
          .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .disable(JsonNodeFeature.STRIP_TRAILING_BIGDECIMAL_ZEROES)
          .build();

  /// Whole numbers with more zeros at the end are written with an exponent.
  private static final int PLAIN_ZEROS_MAX = 40;

  private JsonData() {}

  /// Parses a document.
  ///
  /// @throws DatabaseException [ErrorCode#INVALID_DOCUMENT] if it is no JSON, or no object
  public static ObjectNode document(JsonBytes json) {
    try {
      if (MAPPER.readTree(json.bytes()) instanceof ObjectNode object) {
        return object;
      }
    } catch (JsonProcessingException e) {
      throw new DatabaseException(ErrorCode.INVALID_DOCUMENT, "a document is JSON in UTF-8", e)
          .with("problem", e.getOriginalMessage());
    } catch (IOException e) {
      throw new DatabaseException(ErrorCode.INVALID_DOCUMENT, "a document is JSON in UTF-8", e)
          .with("problem", e.getMessage());
    }
    throw new DatabaseException(ErrorCode.INVALID_DOCUMENT, "a document is a JSON object");
  }

  /// Parses any JSON value.
  ///
  /// @throws IllegalArgumentException if it is no JSON
  public static JsonNode parse(String json) {
    try {
      return MAPPER.readTree(json);
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException("no JSON: " + e.getOriginalMessage(), e);
    }
  }

  /// A JSON tree as bytes.
  public static JsonBytes write(JsonNode json) {
    try {
      return JsonBytes.of(MAPPER.writeValueAsBytes(json));
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a tree can always be written", e);
    }
  }

  /// The value of a JSON tree: null, truth values, numbers and text as they are, an array as a
  /// composite.
  ///
  /// @throws IllegalArgumentException if there is an object in it, which has no order
  public static Datum datum(JsonNode json) {
    return switch (json.getNodeType()) {
      case NULL, MISSING -> new Datum.Null();
      case BOOLEAN -> Datum.of(json.booleanValue());
      case STRING -> Datum.of(json.textValue());
      case NUMBER ->
          json.canConvertToLong() && json.isIntegralNumber()
              ? Datum.of(json.longValue())
              : Datum.number(json.decimalValue());
      case ARRAY -> {
        var parts = new ArrayList<Datum>(json.size());
        json.forEach(element -> parts.add(datum(element)));
        yield Datum.of(parts);
      }
      case OBJECT, BINARY, POJO ->
          throw new IllegalArgumentException("a JSON object is no value of a key");
    };
  }

  /// Whether [#datum] can give the value of a tree.
  static boolean hasOrder(JsonNode json) {
    if (!json.isArray()) {
      return !json.isObject();
    }
    for (JsonNode element : json) {
      if (!hasOrder(element)) {
        return false;
      }
    }
    return true;
  }

  /// The JSON form of a value, which [#datum] reads back.
  public static JsonNode toJson(Datum datum) {
    JsonNodeFactory nodes = JsonNodeFactory.instance;
    return switch (datum) {
      case Datum.Null _ -> nodes.nullNode();
      case Datum.Bool(boolean value) -> nodes.booleanNode(value);
      case Datum.Int(long value) -> nodes.numberNode(value);
      case Datum.Decimal(BigDecimal value) ->
          value.scale() <= 0 && value.scale() > -PLAIN_ZEROS_MAX
              ? nodes.numberNode(value.toBigIntegerExact())
              : nodes.numberNode(value);
      case Datum.Text(String value) -> nodes.textNode(value);
      case Datum.Composite(var parts) -> {
        ArrayNode array = nodes.arrayNode();
        parts.forEach(part -> array.add(toJson(part)));
        yield array;
      }
    };
  }
}
