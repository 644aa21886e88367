package dev.partita.node.document;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.partita.node.error.DatabaseException;
import dev.partita.node.error.ErrorCode;
import dev.partita.node.index.JsonData;
import dev.partita.node.key.Datum;
import dev.partita.node.key.PrimaryKey;
import dev.partita.node.key.PrimaryKeyText;
import dev.partita.node.partition.CommitProtocolKind;
import dev.partita.node.query.IndexQuery;
import dev.partita.node.query.Order;
import dev.partita.node.query.Queries;
import dev.partita.node.query.RangeQuery;
import dev.partita.node.time.Timestamp;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// The bodies of statements.
final class SessionBodies {
  private static final int LIMIT_DEFAULT = 64;

  private static final Set<String> BEGIN_MEMBERS = Set.of("readOnly", "at", "commitProtocol");
  private static final Set<String> RANGE_MEMBERS =
      Set.of("collection", "start", "end", "limit", "order", "columns");
  private static final Set<String> INDEX_MEMBERS =
      Set.of("index", "partition", "terms", "limit", "order", "documents", "columns");

  private SessionBodies() {}

  /// How a transaction begins.
  ///
  /// @param at for a read-only one the moment to read, null for now
  record Begin(boolean readOnly, @Nullable Timestamp at, CommitProtocolKind protocol) {}

  /// What a statement looks through.
  sealed interface Query {}

  /// Documents by primary key.
  record RangeOf(RangeQuery query) implements Query {}

  /// Entries of an index.
  record IndexOf(IndexQuery query) implements Query {}

  /// @param otherwise how it commits if it does not say how
  static Begin begin(byte[] body, CommitProtocolKind otherwise) {
    if (body.length == 0) {
      return new Begin(false, null, otherwise);
    }
    ObjectNode json = TransactionParser.object(body, BEGIN_MEMBERS);
    String at = text(json, "at");
    boolean readOnly = flag(json, "readOnly");
    if (at != null && !readOnly) {
      throw wrong("at", "nothing, unless readOnly is true");
    }
    return new Begin(
        readOnly,
        at == null ? null : Timestamp.parse(at),
        TransactionParser.protocol(json, otherwise));
  }

  static Query query(byte[] body) {
    JsonNode json = DocumentParser.parse(body);
    if (json.has("index")) {
      ObjectNode index = TransactionParser.object(body, INDEX_MEMBERS);
      String name = text(index, "index");
      return new IndexOf(
          new IndexQuery(
              name == null ? "" : name,
              text(index, "partition"),
              terms(index),
              order(index),
              limit(index),
              null,
              null,
              flag(index, "documents"),
              DocumentParser.columns(index)));
    }
    ObjectNode range = TransactionParser.object(body, RANGE_MEMBERS);
    String collection = text(range, "collection");
    if (collection == null) {
      throw wrong("collection", "the name of a collection, or 'index'");
    }
    return new RangeOf(
        new RangeQuery(
            collection,
            key(range, "start"),
            key(range, "end"),
            order(range),
            limit(range),
            null,
            null,
            DocumentParser.columns(range)));
  }

  private static List<Datum> terms(ObjectNode json) {
    var terms = new ArrayList<Datum>();
    JsonNode list = json.get("terms");
    if (list != null) {
      if (!list.isArray()) {
        throw wrong("terms", "an array");
      }
      for (JsonNode term : list) {
        if (term.isObject()) {
          throw wrong("terms", "null, true, false, numbers, texts or arrays");
        }
        terms.add(JsonData.datum(term));
      }
    }
    return terms;
  }

  private static @Nullable PrimaryKey key(ObjectNode json, String name) {
    JsonNode key = json.get(name);
    return key == null || key.isNull() ? null : PrimaryKeyText.fromJson(key);
  }

  private static Order order(ObjectNode json) {
    String order = text(json, "order");
    if (order == null || order.equals("asc")) {
      return Order.ASCENDING;
    }
    if (order.equals("desc")) {
      return Order.DESCENDING;
    }
    throw wrong("order", "asc or desc");
  }

  private static int limit(ObjectNode json) {
    JsonNode limit = json.get("limit");
    if (limit == null) {
      return LIMIT_DEFAULT;
    }
    if (!limit.isIntegralNumber()
        || !limit.canConvertToInt()
        || limit.intValue() < 1
        || limit.intValue() > Queries.LIMIT_MAX) {
      throw wrong("limit", "a whole number from 1 to " + Queries.LIMIT_MAX);
    }
    return limit.intValue();
  }

  private static boolean flag(ObjectNode json, String name) {
    JsonNode flag = json.get(name);
    if (flag == null) {
      return false;
    }
    if (!flag.isBoolean()) {
      throw wrong(name, "true or false");
    }
    return flag.booleanValue();
  }

  private static @Nullable String text(ObjectNode json, String name) {
    JsonNode text = json.get(name);
    if (text == null || text.isNull()) {
      return null;
    }
    if (!text.isTextual() || text.textValue().isEmpty()) {
      throw wrong(name, "a text that is not empty");
    }
    return text.textValue();
  }

  private static DatabaseException wrong(String member, String wanted) {
    return new DatabaseException(
            ErrorCode.INVALID_REQUEST, "a member of the request has the wrong form")
        .with("member", member)
        .with("wanted", wanted);
  }
}
