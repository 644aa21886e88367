package dev.partita.node.key;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.partita.node.error.DatabaseException;
import dev.partita.node.error.ErrorCode;
import dev.partita.node.key.Datum.Int;
import dev.partita.node.key.Datum.Text;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/// The forms in which people and programs write a primary key.
///
/// | key | JSON | in a URL, before percent-encoding |
/// |---|---|---|
/// | the number 150 | `150` | `150` |
/// | the text a | `"a"` | `a` |
/// | the text 150 | `"150"` | `"150"` |
/// | two parts | `[1,"a"]` | `[1,"a"]` |
///
/// In a URL a key is a number when it looks like one (an optional minus, then digits without a zero
/// in front), JSON when it begins with a quotation mark or a bracket, and a text as it stands
/// otherwise. An array of one part is the same key as that part.
public final class PrimaryKeyText {
  private static final ObjectMapper JSON =
      JsonMapper.builder()
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .disable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
          .build();

  private static final Pattern INTEGER = Pattern.compile("-?(0|[1-9][0-9]*)");

  private PrimaryKeyText() {}

  /// Reads the JSON form.
  ///
  /// @throws DatabaseException [ErrorCode#INVALID_KEY] when the value is no primary key
  public static PrimaryKey fromJson(JsonNode json) {
    if (!json.isArray()) {
      return PrimaryKey.of(part(json));
    }
    if (json.size() > PrimaryKey.PARTS_MAX) {
      throw new DatabaseException(ErrorCode.INVALID_KEY, "a primary key has 1 to 8 parts")
          .with("parts", json.size());
    }
    List<Datum> parts = new ArrayList<>(json.size());
    json.forEach(part -> parts.add(part(part)));
    return new PrimaryKey(parts);
  }

  /// One part as its value, several as an array.
  public static JsonNode toJson(PrimaryKey key) {
    if (key.parts().size() == 1) {
      return toJson(key.parts().getFirst());
    }
    var array = JsonNodeFactory.instance.arrayNode(key.parts().size());
    key.parts().forEach(part -> array.add(toJson(part)));
    return array;
  }

  /// Reads the form that stands in a URL, percent-decoded.
  ///
  /// @throws DatabaseException [ErrorCode#INVALID_KEY] when the text is no primary key
  public static PrimaryKey fromUrl(String text) {
    if (INTEGER.matcher(text).matches()) {
      try {
        return PrimaryKey.of(Long.parseLong(text));
      } catch (NumberFormatException e) {
        throw new DatabaseException(
                ErrorCode.INVALID_KEY,
                "the number is larger than 64 bits; quote it to mean a string",
                e)
            .with("key", text);
      }
    }
    if (!text.startsWith("\"") && !text.startsWith("[")) {
      return PrimaryKey.of(text);
    }
    try {
      return fromJson(JSON.readTree(text));
    } catch (JsonProcessingException e) {
      throw new DatabaseException(ErrorCode.INVALID_KEY, "the primary key is not valid JSON", e)
          .with("key", text);
    }
  }

  /// The form that [#fromUrl] reads, not percent-encoded.
  public static String toUrl(PrimaryKey key) {
    if (key.parts().size() == 1
        && key.parts().getFirst() instanceof Text(String text)
        && !text.isEmpty()
        && !text.startsWith("\"")
        && !text.startsWith("[")
        && !INTEGER.matcher(text).matches()) {
      return text;
    }
    return toJson(key).toString();
  }

  private static Datum part(JsonNode json) {
    if (json.isTextual()) {
      return new Text(json.textValue());
    }
    if (json.isIntegralNumber() && json.canConvertToLong()) {
      return new Int(json.longValue());
    }
    throw new DatabaseException(
            ErrorCode.INVALID_KEY, "a part of a primary key is a 64-bit integer or a string")
        .with("found", json.getNodeType());
  }

  private static JsonNode toJson(Datum part) {
    return switch (part) {
      case Int(long value) -> JsonNodeFactory.instance.numberNode(value);
      case Text(String value) -> JsonNodeFactory.instance.textNode(value);
      default -> throw new IllegalStateException("not a part of a primary key: " + part);
    };
  }
}
