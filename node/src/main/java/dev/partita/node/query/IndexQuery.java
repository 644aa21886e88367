package dev.partita.node.query;

import dev.partita.node.key.Datum;
import dev.partita.node.time.Timestamp;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Asks for the entries of an index.
///
/// @param index its name
/// @param partition the name of the only partition to ask; null asks all of the collection's
/// @param terms the first terms of the entries wanted, none for the whole index
/// @param limit entries in a page at most, 1 to [Queries#LIMIT_MAX]
/// @param cursor of a former page ([Page#after] or [Page#before]); null begins
/// @param at the timestamp to read at, null for now; with a cursor null, or what the cursor says
/// @param documents whether each hit is to bring its document
/// @param columns that each hit's document is to have, null for all
public record IndexQuery(
    String index,
    @Nullable String partition,
    List<Datum> terms,
    Order order,
    int limit,
    @Nullable String cursor,
    @Nullable Timestamp at,
    boolean documents,
    @Nullable List<String> columns) {

  public IndexQuery {
    terms = List.copyOf(terms);
    columns = columns == null ? null : List.copyOf(columns);
  }

  /// For whole documents, if for any.
  public IndexQuery(
      String index,
      @Nullable String partition,
      List<Datum> terms,
      Order order,
      int limit,
      @Nullable String cursor,
      @Nullable Timestamp at,
      boolean documents) {
    this(index, partition, terms, order, limit, cursor, at, documents, null);
  }

  /// The first page of all entries with these terms, without documents.
  public static IndexQuery of(String index, List<Datum> terms, int limit) {
    return new IndexQuery(index, null, terms, Order.ASCENDING, limit, null, null, false);
  }

  public IndexQuery withPartition(@Nullable String other) {
    return new IndexQuery(index, other, terms, order, limit, cursor, at, documents, columns);
  }

  public IndexQuery withOrder(Order other) {
    return new IndexQuery(index, partition, terms, other, limit, cursor, at, documents, columns);
  }

  public IndexQuery withCursor(@Nullable String other) {
    return new IndexQuery(index, partition, terms, order, limit, other, at, documents, columns);
  }

  public IndexQuery withAt(@Nullable Timestamp other) {
    return new IndexQuery(index, partition, terms, order, limit, cursor, other, documents, columns);
  }

  public IndexQuery withDocuments() {
    return new IndexQuery(index, partition, terms, order, limit, cursor, at, true, columns);
  }

  public IndexQuery withColumns(@Nullable List<String> other) {
    return new IndexQuery(index, partition, terms, order, limit, cursor, at, documents, other);
  }
}
