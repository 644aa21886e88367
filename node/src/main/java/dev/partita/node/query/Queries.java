package dev.partita.node.query;

import dev.partita.node.error.DatabaseException;
import dev.partita.node.error.ErrorCode;
import dev.partita.node.index.IndexDefinition;
import dev.partita.node.index.IndexKeys;
import dev.partita.node.index.JsonBytes;
import dev.partita.node.index.JsonColumns;
import dev.partita.node.key.Datum;
import dev.partita.node.key.Key;
import dev.partita.node.key.KeyReader;
import dev.partita.node.key.KeyWriter;
import dev.partita.node.key.PrimaryKey;
import dev.partita.node.partition.Bounds;
import dev.partita.node.partition.ColumnGroups;
import dev.partita.node.partition.PartitionCaller;
import dev.partita.node.partition.PartitionDescriptor;
import dev.partita.node.partition.PartitionDirectory;
import dev.partita.node.partition.Request;
import dev.partita.node.partition.Response;
import dev.partita.node.storage.Direction;
import dev.partita.node.time.Clock;
import dev.partita.node.time.CoarseTimeouts;
import dev.partita.node.time.Deadline;
import dev.partita.node.time.Timestamp;
import dev.partita.node.time.TimestampOracle;
import dev.partita.node.transaction.DocumentRows;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// Answers queries of any number of partitions. Safe for many threads; calls block.
public final class Queries {

  /// Results in one page.
  public static final int LIMIT_MAX = Request.PAGE_ROWS_MAX;

  private final PartitionDirectory directory;
  private final PartitionCaller caller;
  private final TimestampOracle oracle;
  private final Clock clock;

  public Queries(
      PartitionDirectory directory, PartitionCaller caller, TimestampOracle oracle, Clock clock) {
    this.directory = directory;
    this.caller = caller;
    this.oracle = oracle;
    this.clock = clock;
  }

  /// One page of entries of an index.
  ///
  /// @throws DatabaseException if the query or its cursor makes no sense, or a partition cannot be
  ///   read before the deadline
  public Page<IndexHit> index(IndexQuery query, Deadline deadline) {
    boolean free = query.at() == null && query.cursor() == null;
    try {
      return indexOnce(query, deadline);
    } catch (DatabaseException e) {
      if (!free || e.code() != ErrorCode.INDEX_NOT_READY) {
        throw e;
      }
      // Now may have been chosen just before the index became ready: the next now is not.
      return indexOnce(query, deadline);
    }
  }

  private Page<IndexHit> indexOnce(IndexQuery query, Deadline deadline) {
    IndexDefinition index = directory.index(query.index());
    if (index == null) {
      throw new DatabaseException(ErrorCode.UNKNOWN_INDEX, "the index does not exist")
          .with("index", query.index());
    }
    if (query.terms().size() > index.terms().size()) {
      throw new DatabaseException(ErrorCode.INVALID_REQUEST, "the index has fewer terms")
          .with("index", query.index())
          .with("terms", index.terms().size());
    }
    Key terms = IndexKeys.termsPrefix(index, query.terms());
    Walk walk =
        new Walk(
            fingerprint(query, index, terms),
            query.order(),
            query.limit(),
            query.cursor(),
            query.at());
    walk.requireInside(position -> position.startsWith(terms));
    HitDocuments documents = new HitDocuments(directory, caller, query, index, deadline);
    return walk.page(
        new Scope(
            () -> partitions(index, query.partition()),
            partitions ->
                !documents.lieElsewhere(partitions)
                    && !areJoint(partitions, index)
                    && (isNamed(query) || haveAll(partitions) || cover(partitions, null, null))),
        deadline,
        (partition, at) ->
            (after, limit) -> {
              var scan =
                  new Request.IndexScan(
                      partition.id(),
                      partition.epoch(),
                      index.id(),
                      query.terms(),
                      walk.direction(),
                      after,
                      limit,
                      documents.areHere(partition),
                      at.get());
              Response response = caller.call(partition, scan, deadline);
              if (response instanceof Response.Entries(var entries, boolean more, var readAt)) {
                at.set(readAt);
                return documents.piece(partition, entries, more, readAt);
              }
              throw refused(response);
            },
        null);
  }

  /// The one column group that has the fields of an index has all entries.
  private static boolean haveAll(List<PartitionDescriptor> partitions) {
    return partitions.size() == 1 && partitions.getFirst().columnGroup() > 0;
  }

  /// Whether entries lie in a partition of their own, which is another one as soon as a column
  /// group has come or gone: it is looked up by somebody who knows all that was declared before.
  private static boolean areJoint(List<PartitionDescriptor> partitions, IndexDefinition index) {
    return partitions.stream()
        .anyMatch(partition -> !partition.collection().equals(index.collection()));
  }

  private List<PartitionDescriptor> partitions(IndexDefinition index, @Nullable String name) {
    if (name == null) {
      return directory.partitions(index);
    }
    PartitionDescriptor named = directory.partition(name);
    List<PartitionDescriptor> leaves = directory.leaves(name);
    if (named == null || (leaves.isEmpty() && !(named.bounds() instanceof Bounds.Family))) {
      throw new DatabaseException(ErrorCode.UNKNOWN_PARTITION, "the partition does not exist")
          .with("partition", name);
    }
    if (!named.collection().equals(index.collection())) {
      throw new DatabaseException(
              ErrorCode.INVALID_REQUEST, "partition and index are of different collections")
          .with("partition", name)
          .with("index", index.name());
    }
    if (!named.bounds().hasFieldsOf(index)) {
      throw new DatabaseException(
              ErrorCode.INVALID_REQUEST, "the partition has not all columns of the index")
          .with("partition", name)
          .with("index", index.name());
    }
    return leaves;
  }

  private static long fingerprint(IndexQuery query, IndexDefinition index, Key terms) {
    var out = new KeyWriter().write(Datum.of("index")).write(Datum.of(index.id()));
    String partition = query.partition();
    out.write(Datum.of(partition == null ? "" : partition));
    out.write(Datum.of(query.order().name())).raw(terms);
    return Cursor.fingerprint(out.toKey().unsafeBytes());
  }

  /// One page of documents.
  ///
  /// @throws DatabaseException if the query or its cursor makes no sense, or a partition cannot be
  ///   read before the deadline
  public Page<Document> range(RangeQuery query, Deadline deadline) {
    if (!directory.exists(query.collection())) {
      throw new DatabaseException(ErrorCode.UNKNOWN_COLLECTION, "the collection does not exist")
          .with("collection", query.collection());
    }
    Walk walk =
        new Walk(fingerprint(query), query.order(), query.limit(), query.cursor(), query.at());
    walk.requireInside(Queries::isPrimaryKey);
    List<String> columns = query.columns();
    boolean divided = directory.columnGroups(query.collection()) != null;
    return walk.page(
        new Scope(
            () ->
                partitions(query, deadline).stream()
                    .filter(partition -> concerns(partition, query))
                    .toList(),
            partitions ->
                divided
                    ? !DocumentRows.areAll(columns)
                    : cover(partitions, datum(query.start()), datum(query.end()))),
        deadline,
        (partition, at) ->
            (after, limit) -> {
              var scan =
                  new Request.Scan(
                      partition.id(),
                      partition.epoch(),
                      query.start(),
                      query.end(),
                      walk.direction(),
                      after == null ? null : primaryKey(after),
                      limit,
                      at.get());
              Response response = caller.call(partition, scan, deadline);
              if (response instanceof Response.Rows(var rows, boolean more, var readAt)) {
                at.set(readAt);
                return new Source.Piece<>(
                    rows.stream().map(row -> item(row, columns)).toList(), more);
              }
              throw refused(response);
            },
        divided ? Queries::joined : null);
  }

  /// Those that have the columns: of a collection that is divided by columns the groups of these,
  /// in their order.
  private List<PartitionDescriptor> partitions(RangeQuery query, Deadline deadline) {
    List<String> columns = query.columns();
    ColumnGroups groups =
        directory.columnGroups(query.collection(), columns == null ? List.of() : columns, deadline);
    return groups == null ? directory.partitions(query.collection()) : groups.having(columns);
  }

  /// One document of the rows that column groups have of it.
  private static Document joined(List<Document> rows) {
    Timestamp newest =
        rows.stream().map(Document::version).max(Comparator.naturalOrder()).orElseThrow();
    return new Document(
        rows.getFirst().key(),
        newest,
        JsonColumns.join(rows.stream().map(Document::json).toList()));
  }

  /// Whether rows of the range can be in the partition.
  private static boolean concerns(PartitionDescriptor partition, RangeQuery query) {
    PrimaryKey start = query.start();
    PrimaryKey end = query.end();
    if (start != null && end != null && start.compareTo(end) >= 0) {
      return false;
    }
    return !partition.bounds().isRange()
        || partition.bounds().overlaps(new Bounds.Range(datum(start), datum(end)));
  }

  private static @Nullable Datum datum(@Nullable PrimaryKey key) {
    return key == null ? null : Datum.of(key.parts());
  }

  private static boolean cover(
      List<PartitionDescriptor> partitions, @Nullable Datum start, @Nullable Datum end) {
    return Bounds.cover(partitions.stream().map(PartitionDescriptor::bounds).toList(), start, end);
  }

  /// Whether a query is one of a partition, which is all of it, and no family.
  private boolean isNamed(IndexQuery query) {
    String name = query.partition();
    PartitionDescriptor named = name == null ? null : directory.partition(name);
    return named != null && !(named.bounds() instanceof Bounds.Family);
  }

  private static Source.Item<Document> item(Response.Stored row, @Nullable List<String> columns) {
    JsonBytes document =
        columns == null ? row.document() : JsonColumns.project(row.document(), columns);
    return new Source.Item<>(
        row.key().encoded(), new Document(row.key(), row.version(), document), document.size());
  }

  private static PrimaryKey primaryKey(Key position) {
    return PrimaryKey.read(new KeyReader(position));
  }

  private static boolean isPrimaryKey(Key position) {
    try {
      return primaryKey(position).encoded().equals(position);
    } catch (IllegalArgumentException | DatabaseException _) {
      return false;
    }
  }

  private static long fingerprint(RangeQuery query) {
    var out = new KeyWriter().write(Datum.of("range")).write(Datum.of(query.collection()));
    out.write(Datum.of(query.order().name()));
    for (PrimaryKey bound : new @Nullable PrimaryKey[] {query.start(), query.end()}) {
      out.write(bound == null ? new Datum.Null() : Datum.of(bound.parts()));
    }
    List<String> columns = query.columns();
    if (columns != null) {
      columns.forEach(column -> out.write(Datum.of(column)));
    }
    return Cursor.fingerprint(out.toKey().unsafeBytes());
  }

  static RuntimeException refused(Response response) {
    if (response instanceof Response.Split split) {
      return new SplitMeanwhile(split);
    }
    return response instanceof Response.Refusal refusal
        ? refusal.toException()
        : new DatabaseException(ErrorCode.INTERNAL, "a partition gave an answer of another kind");
  }

  /// Which partitions a query is about.
  ///
  /// @param partitions those that are known now
  /// @param whole whether some have everything that there can be
  private record Scope(
      Supplier<List<PartitionDescriptor>> partitions, Predicate<List<PartitionDescriptor>> whole) {}

  /// Makes the reader of one partition's part, at a timestamp that is null until the first answer
  /// tells it.
  @FunctionalInterface
  private interface Readers<T> {
    Source.Reader<T> of(PartitionDescriptor partition, AtomicReference<@Nullable Timestamp> at);
  }

  /// One page's way through the positions of a query.
  private final class Walk {
    private final long fingerprint;
    private final Order order;
    private final int limit;
    private final @Nullable Cursor cursor;
    private final @Nullable Timestamp at;

    Walk(
        long fingerprint, Order order, int limit, @Nullable String cursor, @Nullable Timestamp at) {
      if (limit < 1 || limit > LIMIT_MAX) {
        throw new DatabaseException(ErrorCode.INVALID_REQUEST, "the limit is out of range")
            .with("limit", limit)
            .with("maximum", LIMIT_MAX);
      }
      this.fingerprint = fingerprint;
      this.order = order;
      this.limit = limit;
      this.cursor = cursor == null ? null : Cursor.decode(cursor, fingerprint);
      Timestamp cursorAt = this.cursor == null ? null : this.cursor.at();
      if (cursorAt != null && at != null && !at.equals(cursorAt)) {
        throw new DatabaseException(
            ErrorCode.INVALID_CURSOR, "the cursor is for another timestamp");
      }
      this.at = cursorAt == null ? at : cursorAt;
    }

    void requireInside(Predicate<Key> inside) {
      if (cursor != null && !inside.test(cursor.position())) {
        throw new DatabaseException(
            ErrorCode.INVALID_CURSOR, "the cursor points outside of the query");
      }
    }

    private boolean goesBack() {
      return cursor != null && cursor.move() == Cursor.Move.PREVIOUS;
    }

    Direction direction() {
      Direction ordered = order == Order.ASCENDING ? Direction.FORWARD : Direction.BACKWARD;
      return goesBack() ? ordered.opposite() : ordered;
    }

    /// Reads the page, and reads it again when a partition was split meanwhile: from the same
    /// place, and at the same timestamp if one was chosen already, so nothing is missed and nothing
    /// comes twice.
    ///
    /// @param join makes one of what partitions have at one position, null if they never do
    <T> Page<T> page(
        Scope scope, Deadline deadline, Readers<T> readers, @Nullable Function<List<T>, T> join) {
      var readAt = new AtomicReference<@Nullable Timestamp>(at);
      while (true) {
        try {
          return page(partitions(scope, readAt, deadline), readAt, readers, join);
        } catch (SplitMeanwhile meanwhile) {
          if (deadline.isExpired(clock)) {
            throw meanwhile.split().toException();
          }
        }
      }
    }

    /// The partitions that are read, all that were written to up to the timestamp. Those that have
    /// everything need nobody to know that; a single one chooses the timestamp for itself.
    private List<PartitionDescriptor> partitions(
        Scope scope, AtomicReference<@Nullable Timestamp> readAt, Deadline deadline) {
      List<PartitionDescriptor> known = scope.partitions().get();
      Timestamp chosen = readAt.get();
      if ((chosen != null || known.size() == 1) && scope.whole().test(known)) {
        return known;
      }
      if (chosen == null) {
        readAt.set(now(deadline));
      } else {
        directory.catchUp(chosen, deadline);
      }
      // Looked up once more: who has a timestamp knows all that were written to before.
      return scope.partitions().get();
    }

    private <T> Page<T> page(
        List<PartitionDescriptor> partitions,
        AtomicReference<@Nullable Timestamp> readAt,
        Readers<T> readers,
        @Nullable Function<List<T>, T> join) {
      Key after = cursor == null ? null : cursor.position();
      List<Source<T>> sources =
          partitions.stream()
              .map(partition -> new Source<>(readers.of(partition, readAt), after))
              .toList();
      Merge.Merged<T> merged = new Merge<>(sources, direction(), join).first(limit);
      Timestamp snapshot = readAt.get();
      if (snapshot == null) {
        throw new IllegalStateException("an answer tells its timestamp");
      }
      return page(merged, snapshot);
    }

    private <T> Page<T> page(Merge.Merged<T> merged, Timestamp snapshot) {
      List<Source.Item<T>> items = goesBack() ? merged.items().reversed() : merged.items();
      boolean following = goesBack() || merged.more();
      boolean preceding = goesBack() ? merged.more() : cursor != null;
      String after = null;
      String before = null;
      if (following && !items.isEmpty()) {
        after = encode(Cursor.Move.NEXT, snapshot, items.getLast().position());
      }
      if (preceding && !items.isEmpty()) {
        before = encode(Cursor.Move.PREVIOUS, snapshot, items.getFirst().position());
      }
      return new Page<>(items.stream().map(Source.Item::value).toList(), after, before, snapshot);
    }

    private String encode(Cursor.Move move, Timestamp snapshot, Key position) {
      return new Cursor(move, snapshot, position).encode(fingerprint);
    }
  }

  private Timestamp now(Deadline deadline) {
    try {
      return CoarseTimeouts.get(oracle.next(1), deadline.remainingNanos(clock)).first();
    } catch (ExecutionException | TimeoutException e) {
      throw new DatabaseException(ErrorCode.UNAVAILABLE, "no timestamp can be had", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new DatabaseException(ErrorCode.UNAVAILABLE, "interrupted", e);
    }
  }
}
