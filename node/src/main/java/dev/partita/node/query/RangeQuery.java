package dev.partita.node.query;

import dev.partita.node.key.PrimaryKey;
import dev.partita.node.time.Timestamp;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Asks for the documents of a range of primary keys, in their order.
///
/// @param start first key of the range, null for an open end
/// @param end first key behind the range, null for an open end
/// @param limit documents in a page at most, 1 to [Queries#LIMIT_MAX]
/// @param cursor of a former page ([Page#after] or [Page#before]); null begins
/// @param at the timestamp to read at, null for now; with a cursor null, or what the cursor says
/// @param columns that are read of each document, null for all. Where the collection is divided by
///   columns only documents are found that have a row with some of them
public record RangeQuery(
    String collection,
    @Nullable PrimaryKey start,
    @Nullable PrimaryKey end,
    Order order,
    int limit,
    @Nullable String cursor,
    @Nullable Timestamp at,
    @Nullable List<String> columns) {

  public RangeQuery {
    columns = columns == null ? null : List.copyOf(columns);
  }

  /// For whole documents.
  public RangeQuery(
      String collection,
      @Nullable PrimaryKey start,
      @Nullable PrimaryKey end,
      Order order,
      int limit,
      @Nullable String cursor,
      @Nullable Timestamp at) {
    this(collection, start, end, order, limit, cursor, at, null);
  }

  /// The first page of all documents of a collection.
  public static RangeQuery of(String collection, int limit) {
    return new RangeQuery(collection, null, null, Order.ASCENDING, limit, null, null);
  }

  public RangeQuery withRange(@Nullable PrimaryKey from, @Nullable PrimaryKey to) {
    return new RangeQuery(collection, from, to, order, limit, cursor, at, columns);
  }

  public RangeQuery withOrder(Order other) {
    return new RangeQuery(collection, start, end, other, limit, cursor, at, columns);
  }

  public RangeQuery withCursor(@Nullable String other) {
    return new RangeQuery(collection, start, end, order, limit, other, at, columns);
  }

  public RangeQuery withAt(@Nullable Timestamp other) {
    return new RangeQuery(collection, start, end, order, limit, cursor, other, columns);
  }

  public RangeQuery withColumns(@Nullable List<String> other) {
    return new RangeQuery(collection, start, end, order, limit, cursor, at, other);
  }
}
