package dev.partita.node.partition;

import static dev.partita.node.error.ErrorCode.INDEX_NOT_READY;
import static dev.partita.node.error.ErrorCode.INVALID_REQUEST;
import static dev.partita.node.error.ErrorCode.NO_PARTITION;
import static dev.partita.node.error.ErrorCode.OUTCOME_UNKNOWN;
import static dev.partita.node.error.ErrorCode.OVERLOADED;
import static dev.partita.node.error.ErrorCode.TIMESTAMP_IN_FUTURE;
import static dev.partita.node.error.ErrorCode.TIMESTAMP_TOO_OLD;
import static dev.partita.node.error.ErrorCode.UNAVAILABLE;

import dev.partita.node.error.DatabaseException;
import dev.partita.node.error.ErrorCode;
import dev.partita.node.index.JsonBytes;
import dev.partita.node.key.Key;
import dev.partita.node.key.PrimaryKey;
import dev.partita.node.raft.NodeId;
import dev.partita.node.time.Timestamp;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The answer to a [Request]: a result of its kind, or a [Refusal].
public sealed interface Response {

  /// The answer to [Request.Write]: one result for each mutation, in their order.
  record Writes(List<MutationResult> results) implements Response {
    public Writes {
      results = List.copyOf(results);
    }
  }

  /// The answer to [Request.Read].
  ///
  /// @param version when the document was written, null if there is none
  /// @param document null if there is none
  record Row(@Nullable Timestamp version, @Nullable JsonBytes document) implements Response {}

  /// The answer to [Request.Scan].
  ///
  /// @param more whether there is something behind the last row; a page may be short of its limit
  /// @param at the timestamp of the read; given with the next page, it continues the same snapshot
  record Rows(List<Stored> rows, boolean more, Timestamp at) implements Response {
    public Rows {
      rows = List.copyOf(rows);
    }
  }

  /// A row as it is stored.
  ///
  /// @param version when it was written
  record Stored(PrimaryKey key, Timestamp version, JsonBytes document) {}

  /// The answer to [Request.IndexScan].
  ///
  /// @param more whether there is something behind the last entry
  /// @param at the timestamp of the read; given with the next page, it continues the same snapshot
  record Entries(List<Entry> entries, boolean more, Timestamp at) implements Response {
    public Entries {
      entries = List.copyOf(entries);
    }
  }

  /// An entry of an index.
  ///
  /// @param position where the entry stands; compares across partitions as the index orders
  /// @param values the covered values, a JSON array in the order of the definition
  /// @param row the row at the same timestamp, if it was asked for
  record Entry(Key position, PrimaryKey key, JsonBytes values, @Nullable Stored row) {}

  /// The answer to [Request.Changes].
  ///
  /// @param more whether there may be others behind the last one up to the same timestamp; then
  ///   there is one at least
  /// @param upTo up to where there is nothing beside them: below what the request asked for if a
  ///   transaction is prepared whose end is not known
  record Changes(List<Change> changes, boolean more, Timestamp upTo) implements Response {
    public Changes {
      changes = List.copyOf(changes);
    }
  }

  /// A change of a row.
  ///
  /// @param timestamp of its commit, which is the version of the document
  /// @param document as it is from then on, null if it was deleted
  /// @param before the document that was there; null if there was none, or it was not asked for
  record Change(
      PrimaryKey key,
      Timestamp timestamp,
      @Nullable JsonBytes document,
      @Nullable JsonBytes before) {}

  /// The transaction holds its locks and can commit at this timestamp or later.
  record Prepared(Timestamp at) implements Response {}

  /// The transaction has ended this way.
  record Finished(TransactionOutcome outcome) implements Response {}

  /// The transaction can never be prepared here: it is as good as aborted.
  ///
  /// @param results for each mutation, if it was one of them
  record NotPrepared(Reason reason, List<MutationResult> results) implements Response {
    public NotPrepared {
      results = List.copyOf(results);
    }

    /// Why not.
    public enum Reason {
      /// What it has read was changed since.
      READ_CHANGED,
      /// What it writes breaks a rule.
      WRITE_REFUSED,
      /// It was ended before.
      ENDED,
      /// It began so long ago that nobody would remember its end.
      FORGOTTEN,
      /// The Partition has not the rows or the index any more that it has read.
      CHANGED_PARTITION
    }
  }

  /// The transaction has committed before, in another attempt.
  record Repeated(Timestamp at) implements Response {}

  /// The answer to [Request.Vote].
  ///
  /// @param granted whether it was promised or accepted; else somebody has a larger ballot
  /// @param prepared from when on it can commit; null if it has not prepared
  /// @param before what was promised and accepted until then
  record Voted(boolean granted, @Nullable Timestamp prepared, Ballots before) implements Response {}

  /// The answer to [Request.Lock]: the row is locked.
  ///
  /// @param at when it was as it is told; nobody writes it later while it is locked
  /// @param version when the document was written, null if there is none
  /// @param document null if there is none
  record Granted(Timestamp at, @Nullable Timestamp version, @Nullable JsonBytes document)
      implements Response {}

  /// The transaction gets no row locked here any more: an older one has needed a row of its, or it
  /// has given up its locks itself.
  record Wounded() implements Response {}

  /// There is nothing more to say.
  record Done() implements Response {}

  /// Why a request was not executed. Only after [OutcomeUnknown] may a write have happened (or
  /// happen yet).
  sealed interface Refusal extends Response {
    /// Whether the same request may succeed soon, at this node or another, and is safe to repeat.
    boolean retryable();

    /// The refusal as a client is told.
    default DatabaseException toException() {
      return switch (this) {
        case WrongEpoch _ -> failure(UNAVAILABLE, "the partition is changing");
        case Split _ -> failure(UNAVAILABLE, "the partition was split");
        case NotLeader _ -> failure(UNAVAILABLE, "the partition has no known leader");
        case NoReplica _ -> failure(UNAVAILABLE, "no node with the partition can be reached");
        case OutOfBounds(var key) ->
            failure(NO_PARTITION, "the partition does not cover the key").with("key", key);
        case Overloaded(var what) -> failure(OVERLOADED, "overloaded").with("reason", what);
        case Unavailable(var reason) ->
            failure(UNAVAILABLE, "the partition is not available").with("reason", reason);
        case OutcomeUnknown(var reason) ->
            failure(OUTCOME_UNKNOWN, "the write may or may not have happened")
                .with("reason", reason);
        case TimestampTooOld(var oldest) ->
            failure(TIMESTAMP_TOO_OLD, "versions as old as this are not kept")
                .with("oldest", oldest);
        case TimestampInFuture(var newest) ->
            failure(TIMESTAMP_IN_FUTURE, "the timestamp lies in the future").with("newest", newest);
        case IndexNotReady(long index, @Nullable Timestamp readySince) ->
            failure(INDEX_NOT_READY, "the index is not ready at this timestamp")
                .with("index", index)
                .with("readySince", readySince);
        case Locked(var holder) ->
            failure(UNAVAILABLE, "a transaction that has not ended holds the rows")
                .with("transaction", holder);
        case Invalid(var reason) ->
            failure(INVALID_REQUEST, "invalid request").with("reason", reason);
      };
    }

    private static DatabaseException failure(ErrorCode code, String message) {
      return new DatabaseException(code, message);
    }
  }

  /// The request's epoch is not the Partition's.
  ///
  /// @param current the Partition as its replica knows it
  record WrongEpoch(PartitionDescriptor current) implements Refusal {
    @Override
    public boolean retryable() {
      return true;
    }
  }

  /// The Partition was split, or merged into another one: nothing was done, and nothing will be.
  ///
  /// @param children who has its rows; the first one answers for its transactions
  record Split(List<PartitionDescriptor> children) implements Refusal {
    public Split {
      children = List.copyOf(children);
    }

    @Override
    public boolean retryable() {
      return true;
    }
  }

  /// This replica does not lead.
  ///
  /// @param leader who does, if that is known
  record NotLeader(@Nullable NodeId leader) implements Refusal {
    @Override
    public boolean retryable() {
      return true;
    }
  }

  /// This node has no such replica.
  record NoReplica() implements Refusal {
    @Override
    public boolean retryable() {
      return true;
    }
  }

  /// A key lies outside the Partition's bounds.
  record OutOfBounds(PrimaryKey key) implements Refusal {
    @Override
    public boolean retryable() {
      return false;
    }
  }

  /// Too much is waiting already; nothing was done.
  record Overloaded(String what) implements Refusal {
    @Override
    public boolean retryable() {
      return true;
    }
  }

  /// The Partition cannot serve at the moment; nothing was done.
  record Unavailable(String reason) implements Refusal {
    @Override
    public boolean retryable() {
      return true;
    }
  }

  /// A write may have happened, may still happen or may never.
  record OutcomeUnknown(String reason) implements Refusal {
    @Override
    public boolean retryable() {
      return false;
    }
  }

  /// Versions as old as the timestamp are not kept any more.
  ///
  /// @param oldest the oldest timestamp that can be read
  record TimestampTooOld(Timestamp oldest) implements Refusal {
    @Override
    public boolean retryable() {
      return false;
    }
  }

  /// No timestamp as high as the request's has been handed out yet.
  ///
  /// @param newest the newest timestamp handed out
  record TimestampInFuture(Timestamp newest) implements Refusal {
    @Override
    public boolean retryable() {
      return false;
    }
  }

  /// The index does not exist here (yet), is being built, or was built after the timestamp asked
  /// for. Building may take long, so nobody waits for it by repeating.
  ///
  /// @param readySince the oldest timestamp the index can be read at, null while it is not ready
  record IndexNotReady(long indexId, @Nullable Timestamp readySince) implements Refusal {
    @Override
    public boolean retryable() {
      return false;
    }
  }

  /// A transaction that is prepared, or has locked the rows, has not ended before the deadline.
  record Locked(TransactionId holder) implements Refusal {
    @Override
    public boolean retryable() {
      return true;
    }
  }

  /// The request breaks a limit or a rule.
  record Invalid(String reason) implements Refusal {
    @Override
    public boolean retryable() {
      return false;
    }
  }
}
