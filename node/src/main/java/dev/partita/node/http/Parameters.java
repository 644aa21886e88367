package dev.partita.node.http;

import dev.partita.node.error.DatabaseException;
import dev.partita.node.error.ErrorCode;
import dev.partita.node.key.PrimaryKey;
import dev.partita.node.key.PrimaryKeyText;
import dev.partita.node.partition.Mutation;
import dev.partita.node.query.Order;
import dev.partita.node.time.Timestamp;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/// Reads query parameters and headers, with errors that name them.
final class Parameters {
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

  static int limit(@Nullable String text, int otherwise, int max) {
    return text == null || text.isEmpty() ? otherwise : (int) number("limit", text, max);
  }

  /// How many seconds a read may lie back, 0 if the client does not say.
  static long staleness(@Nullable String text) {
    return text == null || text.isEmpty() ? 0 : number("maxStaleness", text, Staleness.SECONDS_MAX);
  }

  /// A number from 1 on.
  private static long number(String name, String text, long max) {
    try {
      long number = Long.parseLong(text);
      if (number >= 1 && number <= max) {
        return number;
      }
    } catch (NumberFormatException e) {
      // Refused below, like a number out of range.
    }
    throw wrong(name, text, "a whole number from 1 to " + max, null);
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
