package dev.partita.node.http;

import com.fasterxml.jackson.databind.JsonNode;
import dev.partita.node.error.DatabaseException;
import dev.partita.node.error.ErrorCode;
import dev.partita.node.key.PrimaryKey;
import dev.partita.node.key.PrimaryKeyText;
import dev.partita.node.partition.Mutation;
import dev.partita.node.query.Order;
import dev.partita.node.time.Timestamp;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Reads query parameters and headers, with errors that name them.
final class Parameters {
  /// Names in one request.
  private static final int COLUMNS_MAX = 1_000;

  private Parameters() {}

  static @Nullable Timestamp timestamp(String name, @Nullable String text) {
    if (text == null || text.isEmpty()) {
      return null;
    }
    try {
      return Timestamp.parse(text);
    } catch (DatabaseException e) {
      throw wrong(name, text, "a timestamp as an earlier answer gave it", e);
    }
  }

  /// The timestamp that a text is; null if it is something else.
  static @Nullable Timestamp timestampOrNull(String text) {
    try {
      return Timestamp.parse(text);
    } catch (DatabaseException _) {
      return null;
    }
  }

  static int limit(@Nullable String text, int otherwise, int max) {
    return (int) number("limit", text, otherwise, 1, max);
  }

  /// How many seconds a read may lie back, 0 if the client does not say.
  static long staleness(@Nullable String text) {
    return number("maxStaleness", text, 0, 1, Staleness.SECONDS_MAX);
  }

  /// How many seconds to wait, 0 if the client does not say.
  static int wait(@Nullable String text, int max) {
    return (int) number("wait", text, 0, 0, max);
  }

  private static long number(
      String name, @Nullable String text, long otherwise, long min, long max) {
    if (text == null || text.isEmpty()) {
      return otherwise;
    }
    try {
      long number = Long.parseLong(text);
      if (number >= min && number <= max) {
        return number;
      }
    } catch (NumberFormatException e) {
      // Refused below, like a number out of range.
    }
    throw wrong(name, text, "a whole number from " + min + " to " + max, null);
  }

  /// Refuses a parameter that means nothing where it is.
  static void absent(String name, @Nullable String text, String wanted) {
    if (text != null) {
      throw wrong(name, text, wanted, null);
    }
  }

  /// The columns that a client names, sorted and each once; null if it names none.
  static @Nullable List<String> columns(@Nullable String text) {
    return text == null ? null : columns(List.of(text.split(",", -1)));
  }

  private static List<String> columns(List<String> names) {
    if (names.isEmpty() || names.size() > COLUMNS_MAX || names.contains("")) {
      throw wrong(
          "columns",
          String.join(",", names),
          "1 to " + COLUMNS_MAX + " names, separated by commas",
          null);
    }
    return names.stream().distinct().sorted().toList();
  }

  /// The columns that a request has as an array of names; null if it names none.
  static @Nullable List<String> columns(RequestBody request) {
    List<JsonNode> names = request.list("columns");
    if (names.isEmpty()) {
      return null;
    }
    if (!names.stream().allMatch(JsonNode::isTextual)) {
      throw RequestBody.wrong("columns", "an array of names");
    }
    return columns(names.stream().map(JsonNode::textValue).toList());
  }

  static @Nullable PrimaryKey key(@Nullable String text) {
    return text == null || text.isEmpty() ? null : PrimaryKeyText.fromUrl(text);
  }

  static boolean replaces(@Nullable String onConflict) {
    if (onConflict == null || onConflict.equals("fail")) {
      return false;
    }
    if (onConflict.equals("replace")) {
      return true;
    }
    throw wrong("onConflict", onConflict, "fail or replace", null);
  }

  static Order order(@Nullable String text) {
    if (text == null || text.equals("asc")) {
      return Order.ASCENDING;
    }
    if (text.equals("desc")) {
      return Order.DESCENDING;
    }
    throw wrong("order", text, "asc or desc", null);
  }

  /// A cursor tells its own direction, so the two parameters are one.
  static @Nullable String cursor(@Nullable String after, @Nullable String before) {
    if (after != null && before != null) {
      throw wrong("before", before, "nothing beside after", null);
    }
    return after != null ? after : before;
  }

  /// What `If-Match` and `If-None-Match` ask for.
  static Mutation.Precondition precondition(
      @Nullable String ifMatch, @Nullable String ifNoneMatch) {
    if (ifMatch != null && ifNoneMatch != null) {
      throw wrong("If-None-Match", ifNoneMatch, "nothing beside If-Match", null);
    }
    if (ifNoneMatch != null) {
      if (!ifNoneMatch.trim().equals("*")) {
        throw wrong("If-None-Match", ifNoneMatch, "*", null);
      }
      return new Mutation.IfAbsent();
    }
    if (ifMatch == null) {
      return new Mutation.Always();
    }
    String tag = ifMatch.trim();
    if (tag.equals("*")) {
      return new Mutation.IfPresent();
    }
    if (tag.length() < 3 || !tag.startsWith("\"") || !tag.endsWith("\"")) {
      throw wrong("If-Match", ifMatch, "* or one entity tag in quotation marks", null);
    }
    Timestamp version = timestamp("If-Match", tag.substring(1, tag.length() - 1));
    return version == null ? new Mutation.Always() : new Mutation.IfVersion(version);
  }

  /// The path of a document.
  static String path(String collection, PrimaryKey key) {
    return "/v1/collections/"
        + encode(collection)
        + "/documents/"
        + encode(PrimaryKeyText.toUrl(key));
  }

  private static String encode(String segment) {
    return URLEncoder.encode(segment, StandardCharsets.UTF_8).replace("+", "%20");
  }

  private static DatabaseException wrong(
      String name, String given, String wanted, @Nullable Throwable cause) {
    return new DatabaseException(ErrorCode.INVALID_REQUEST, "a parameter has the wrong form", cause)
        .with("parameter", name)
        .with("given", given)
        .with("wanted", wanted);
  }
}
