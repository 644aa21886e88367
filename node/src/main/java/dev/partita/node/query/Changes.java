package dev.partita.node.query;

import dev.partita.node.error.DatabaseException;
import dev.partita.node.error.ErrorCode;
import dev.partita.node.index.JsonBytes;
import dev.partita.node.key.Key;
import dev.partita.node.partition.Bounds;
import dev.partita.node.partition.ChangePosition;
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
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/// Reads the changes of a collection over all its partitions, in the order of commits. Safe for
/// many threads; calls block.
///
/// A page is a query: at a timestamp of now, every partition is asked for its changes up to there,
/// and promises that no other will come. A partition with a prepared transaction promises only what
/// lies before it, and what others have behind that is left for a later page. The position that the
/// page ends at says everything, so nothing is kept between pages, and it does not matter who reads
/// the next one, or which partitions there are by then.
///
/// Where the collection is divided by columns, what its partitions have at one position is one
/// change: those of a transaction in one document.
public final class Changes {

  private final PartitionDirectory directory;
  private final PartitionCaller caller;
  private final TimestampOracle oracle;
  private final Clock clock;

  public Changes(
      PartitionDirectory directory, PartitionCaller caller, TimestampOracle oracle, Clock clock) {
    this.directory = directory;
    this.caller = caller;
    this.oracle = oracle;
    this.clock = clock;
  }

  /// Where the changes after this moment begin.
  public ChangePosition now(String collection, Deadline deadline) {
    Timestamp now = timestamp(deadline);
    collectionId(collection);
    return ChangePosition.behind(now);
  }

  /// The position that a token stands for.
  ///
  /// @throws DatabaseException [ErrorCode#INVALID_CURSOR] if it was not made by [#token] for the
  ///   collection
  public ChangePosition position(String collection, String token) {
    return ChangeToken.decode(token, collectionId(collection));
  }

  /// A position as clients get it.
  public String token(String collection, ChangePosition position) {
    return new ChangeToken(position.encoded()).encode(collectionId(collection));
  }

  /// The changes behind a position; none if there are none yet.
  ///
  /// @param limit changes at most, 1 to [Queries#LIMIT_MAX]
  /// @param before whether each change is to bring the document that was there before
  /// @throws DatabaseException [ErrorCode#TIMESTAMP_TOO_OLD] if not all of them are kept any more;
  ///   or if a partition cannot be read before the deadline
  public ChangePage page(
      String collection, ChangePosition after, int limit, boolean before, Deadline deadline) {
    if (limit < 1 || limit > Queries.LIMIT_MAX) {
      throw new DatabaseException(ErrorCode.INVALID_REQUEST, "the limit is out of range")
          .with("limit", limit)
          .with("maximum", Queries.LIMIT_MAX);
    }
    // Before the partitions are looked up: who has a timestamp knows all that were written to.
    Timestamp now = timestamp(deadline);
    if (after.timestamp().isAfter(now)) {
      throw new DatabaseException(
              ErrorCode.TIMESTAMP_IN_FUTURE, "the changes are to begin in the future")
          .with("newest", now);
    }
    while (true) {
      try {
        collectionId(collection);
        return page(directory.partitions(collection), after, now, limit, before, deadline);
      } catch (SplitMeanwhile meanwhile) {
        if (deadline.isExpired(clock)) {
          throw meanwhile.split().toException();
        }
      }
    }
  }

  /// Of a collection that exists.
  private long collectionId(String collection) {
    Long id = directory.collectionId(collection);
    if (id == null) {
      throw new DatabaseException(ErrorCode.UNKNOWN_COLLECTION, "the collection does not exist")
          .with("collection", collection);
    }
    return id;
  }

  private ChangePage page(
      List<PartitionDescriptor> partitions,
      ChangePosition after,
      Timestamp now,
      int limit,
      boolean before,
      Deadline deadline) {
    var settled = new AtomicReference<>(now);
    Key from = after.encoded();
    List<Source<Change>> sources =
        partitions.stream()
            .sorted(Comparator.comparingInt(PartitionDescriptor::columnGroup))
            .map(partition -> new Source<>(reader(partition, now, before, settled, deadline), from))
            .toList();
    boolean divided = partitions.stream().anyMatch(partition -> partition.columnGroup() > 0);
    Merge.Merged<Change> merged =
        new Merge<Change>(sources, Direction.FORWARD, divided ? Change::joined : null).first(limit);
    Timestamp upTo = settled.get();
    List<Change> changes =
        merged.items().stream()
            .map(Source.Item::value)
            .takeWhile(change -> !change.timestamp().isAfter(upTo))
            .toList();
    boolean more = merged.more() && changes.size() == merged.items().size();
    if (more) {
      Change last = changes.getLast();
      // At its timestamp there may be others.
      return new ChangePage(
          changes,
          new ChangePosition(last.timestamp(), last.key()),
          last.timestamp().previous(),
          true);
    }
    ChangePosition end = ChangePosition.behind(upTo);
    return end.compareTo(after) > 0
        ? new ChangePage(changes, end, upTo, false)
        : new ChangePage(changes, after, after.passed(), false);
  }

  /// @param settled lowered to what the partition promises
  private Source.Reader<Change> reader(
      PartitionDescriptor partition,
      Timestamp now,
      boolean before,
      AtomicReference<Timestamp> settled,
      Deadline deadline) {
    return (after, limit) -> {
      if (after == null) {
        throw new IllegalArgumentException("changes begin somewhere");
      }
      var request =
          new Request.Changes(
              partition.id(), partition.epoch(), ChangePosition.decode(after), now, limit, before);
      Response response = caller.call(partition, request, deadline);
      if (response instanceof Response.Changes(var changes, boolean more, Timestamp upTo)) {
        settled.accumulateAndGet(upTo, Timestamp::earlier);
        List<String> columns = columns(partition);
        return new Source.Piece<>(
            changes.stream().map(change -> item(change, columns)).toList(), more);
      }
      throw Queries.refused(response);
    };
  }

  private static @Nullable List<String> columns(PartitionDescriptor partition) {
    return partition.bounds() instanceof Bounds.Columns(List<String> columns)
        ? columns.stream().sorted().toList()
        : null;
  }

  private static Source.Item<Change> item(Response.Change change, @Nullable List<String> columns) {
    return new Source.Item<>(
        new ChangePosition(change.timestamp(), change.key()).encoded(),
        new Change(change.key(), change.timestamp(), change.document(), change.before(), columns),
        size(change.document()) + size(change.before()));
  }

  private static long size(@Nullable JsonBytes document) {
    return document == null ? 0 : document.size();
  }

  private Timestamp timestamp(Deadline deadline) {
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
