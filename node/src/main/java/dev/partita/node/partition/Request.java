package dev.partita.node.partition;

import dev.partita.node.key.Datum;
import dev.partita.node.key.Key;
import dev.partita.node.key.PrimaryKey;
import dev.partita.node.storage.Direction;
import dev.partita.node.time.Timestamp;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// What can be asked of a Partition. Each request carries the epoch that its sender knows.
///
/// `at` is the timestamp to read at: null means the newest state, linearizably. Otherwise it must
/// not be above the newest timestamp of the oracle nor below what the Partition still keeps.
public sealed interface Request {

  /// Mutations in one request.
  int MUTATIONS_MAX = 1_000;

  /// Bytes of one document.
  int DOCUMENT_BYTES_MAX = 1 << 20;

  /// Bytes of all documents and keys of one request; with this a log entry stays below the 4 MiB
  /// that replication takes.
  int WRITE_BYTES_MAX = 3 << 20;

  /// Rows or entries in one page.
  int PAGE_ROWS_MAX = 1_000;

  /// Bytes at which a page is cut; it has at least one row.
  int PAGE_BYTES_MAX = 4 << 20;

  /// How long a row stays locked for a statement if nobody renews it.
  Duration LOCK_LEASE = Duration.ofSeconds(10);

  PartitionId partition();

  Epoch epoch();

  /// The same request for another Partition.
  Request of(PartitionId partition, Epoch epoch);

  /// The same request for a descriptor that was learnt later.
  default Request withEpoch(Epoch epoch) {
    return of(partition(), epoch);
  }

  /// Whether the request may have changed something when no answer comes.
  default boolean changes() {
    return this instanceof Stamped;
  }

  /// What only reads rows or entries.
  sealed interface Reading extends Request {
    /// The timestamp to read at, null for the newest state.
    @Nullable Timestamp at();
  }

  /// What gets a timestamp of its own on its way into the log.
  sealed interface Stamped extends Request {
    List<Mutation> mutations();
  }

  /// Writes rows. Keys of one request are distinct.
  ///
  /// @param atomic all or none; otherwise each mutation stands for itself
  record Write(PartitionId partition, Epoch epoch, List<Mutation> mutations, boolean atomic)
      implements Stamped {

    public Write {
      mutations = List.copyOf(mutations);
      if (mutations.isEmpty()) {
        throw new IllegalArgumentException("a write has at least one mutation");
      }
      checkMutations(mutations);
    }

    @Override
    public Write of(PartitionId to, Epoch other) {
      return new Write(to, other, mutations, atomic);
    }
  }

  /// Checks a transaction's part in this Partition and locks what it reads and writes; if the part
  /// is the whole, commits it. Answered by [Response.Prepared], [Response.Finished],
  /// [Response.NotPrepared] or [Response.Repeated]. Safe to repeat: the same attempt gets the same
  /// answer.
  ///
  /// @param reads what must not have changed
  /// @param mutations what is written at the commit; their preconditions must hold when preparing,
  ///   and what they look at is locked from then on
  /// @param claims the unique indexes in which the transaction claims the terms of its rows, in
  ///   other Partitions
  /// @param extents what it has looked through anywhere: no other Partition may have rows there
  record Prepare(
      PartitionId partition,
      Epoch epoch,
      Transaction transaction,
      ReadSet reads,
      List<Mutation> mutations,
      Set<Long> claims,
      List<Extent> extents)
      implements Stamped {

    public Prepare(
        PartitionId partition,
        Epoch epoch,
        Transaction transaction,
        ReadSet reads,
        List<Mutation> mutations) {
      this(partition, epoch, transaction, reads, mutations, Set.of(), List.of());
    }

    public Prepare {
      mutations = List.copyOf(mutations);
      claims = Set.copyOf(claims);
      extents = List.copyOf(extents);
      if (extents.size() > Extent.EXTENTS_MAX) {
        throw new IllegalArgumentException(
            "a transaction has at most " + Extent.EXTENTS_MAX + " extents");
      }
      checkMutations(mutations);
    }

    /// Where this is to be refused for ever, on every replica: the transaction has read what is
    /// nowhere.
    Prepare refused() {
      var nowhere = new ReadSet(reads.at(), List.of(), List.of(ReadSet.Entries.NOWHERE));
      return new Prepare(partition, epoch, transaction, nowhere, mutations, claims, extents);
    }

    @Override
    public Prepare of(PartitionId to, Epoch other) {
      return new Prepare(to, other, transaction, reads, mutations, claims, extents);
    }
  }

  /// Ends a transaction at a Partition. At the one that holds the record this decides: the first
  /// outcome stands. Answered by [Response.Finished] with the outcome that stands. Safe to repeat.
  record Finish(
      PartitionId partition,
      Epoch epoch,
      TransactionId id,
      Timestamp started,
      TransactionOutcome outcome)
      implements Request {
    @Override
    public Finish of(PartitionId to, Epoch other) {
      return new Finish(to, other, id, started, outcome);
    }
  }

  /// Asks where a transaction stands, on behalf of somebody who wants to end it: if it is not
  /// prepared here it never will be. Answered by [Response.Prepared] or [Response.Finished].
  record Inspect(PartitionId partition, Epoch epoch, TransactionId id, Timestamp started)
      implements Request {
    @Override
    public Inspect of(PartitionId to, Epoch other) {
      return new Inspect(to, other, id, started);
    }
  }

  /// Asks a participant of a transaction of three phases to promise that it listens to nobody with
  /// a smaller ballot, or to accept an outcome. Answered by [Response.Voted], or by
  /// [Response.Finished] if it has ended here. Safe to repeat.
  ///
  /// @param outcome null to ask for the promise
  record Vote(
      PartitionId partition,
      Epoch epoch,
      TransactionId id,
      Timestamp started,
      long ballot,
      @Nullable TransactionOutcome outcome)
      implements Request {
    @Override
    public Vote of(PartitionId to, Epoch other) {
      return new Vote(to, other, id, started, ballot, outcome);
    }
  }

  /// Tells the Partition of the record that all participants know the outcome. Answered by
  /// [Response.Done].
  record Forget(PartitionId partition, Epoch epoch, TransactionId id) implements Request {
    @Override
    public Forget of(PartitionId to, Epoch other) {
      return new Forget(to, other, id);
    }
  }

  /// Asks whether a transaction that its client named has committed, in any attempt. Answered by
  /// [Response.Finished] if it has, else by [Response.Done].
  record Lookup(PartitionId partition, Epoch epoch, TransactionId id) implements Request {
    @Override
    public Lookup of(PartitionId to, Epoch other) {
      return new Lookup(to, other, id);
    }
  }

  /// Locks a row for a statement of a transaction that has not begun to commit, and reads it as it
  /// is then. Answered by [Response.Granted] or [Response.Wounded]. Safe to repeat.
  ///
  /// @param priority as [Transaction#priority]
  record Lock(
      PartitionId partition,
      Epoch epoch,
      TransactionId transaction,
      Timestamp priority,
      PrimaryKey row)
      implements Request {
    @Override
    public Lock of(PartitionId to, Epoch other) {
      return new Lock(to, other, transaction, priority, row);
    }
  }

  /// Says that a transaction still needs the rows that it has locked, and locks those again that
  /// nobody has locked. Answered by [Response.Done] or [Response.Wounded]. Safe to repeat.
  record RenewLocks(
      PartitionId partition,
      Epoch epoch,
      TransactionId transaction,
      Timestamp priority,
      List<PrimaryKey> rows)
      implements Request {

    public RenewLocks {
      rows = List.copyOf(rows);
    }

    @Override
    public RenewLocks of(PartitionId to, Epoch other) {
      return new RenewLocks(to, other, transaction, priority, rows);
    }
  }

  /// Gives up everything that statements of a transaction have locked. Answered by [Response.Done].
  record Unlock(PartitionId partition, Epoch epoch, TransactionId transaction) implements Request {
    @Override
    public Unlock of(PartitionId to, Epoch other) {
      return new Unlock(to, other, transaction);
    }
  }

  private static void checkMutations(List<Mutation> mutations) {
    if (mutations.size() > MUTATIONS_MAX) {
      throw new IllegalArgumentException(
          "a write has at most " + MUTATIONS_MAX + " mutations: " + mutations.size());
    }
    if (mutations.size() > 1) {
      var keys = new HashSet<PrimaryKey>();
      for (Mutation mutation : mutations) {
        if (!keys.add(mutation.key())) {
          throw new IllegalArgumentException("a write names a key twice: " + mutation.key());
        }
      }
    }
  }

  /// Reads one row. Answered by [Response.Row].
  record Read(PartitionId partition, Epoch epoch, PrimaryKey key, @Nullable Timestamp at)
      implements Reading {

    @Override
    public Read of(PartitionId to, Epoch other) {
      return new Read(to, other, key, at);
    }
  }

  /// Reads rows in the order of primary keys. Answered by [Response.Rows].
  ///
  /// @param start first key of the range, null for an open end
  /// @param end first key behind the range, null for an open end
  /// @param after the row to go on behind, in the direction of the scan; null to begin
  /// @param limit rows at most, 1 to [Request#PAGE_ROWS_MAX]
  record Scan(
      PartitionId partition,
      Epoch epoch,
      @Nullable PrimaryKey start,
      @Nullable PrimaryKey end,
      Direction direction,
      @Nullable PrimaryKey after,
      int limit,
      @Nullable Timestamp at)
      implements Reading {

    public Scan {
      checkLimit(limit);
    }

    @Override
    public Scan of(PartitionId to, Epoch other) {
      return new Scan(to, other, start, end, direction, after, limit, at);
    }
  }

  /// Reads the entries of an index in their order. Answered by [Response.Entries].
  ///
  /// @param terms the first terms of the entries wanted; fewer than the index has widen the range
  /// @param after position of the entry to go on behind, in the direction of the scan; null to
  ///   begin
  /// @param limit entries at most, 1 to [Request#PAGE_ROWS_MAX]
  /// @param documents whether each entry is to bring its row's document
  record IndexScan(
      PartitionId partition,
      Epoch epoch,
      long indexId,
      List<Datum> terms,
      Direction direction,
      @Nullable Key after,
      int limit,
      boolean documents,
      @Nullable Timestamp at)
      implements Reading {

    public IndexScan {
      terms = List.copyOf(terms);
      checkLimit(limit);
    }

    @Override
    public IndexScan of(PartitionId to, Epoch other) {
      return new IndexScan(to, other, indexId, terms, direction, after, limit, documents, at);
    }
  }

  /// Reads the changes of rows in the order of [ChangePosition]s. Answered by [Response.Changes].
  ///
  /// @param after the place to go on behind
  /// @param upTo the timestamp of the last change wanted; must not be above the newest timestamp of
  ///   the oracle
  /// @param limit changes at most, 1 to [Request#PAGE_ROWS_MAX]
  /// @param before whether each change is to bring the document that was there before
  record Changes(
      PartitionId partition,
      Epoch epoch,
      ChangePosition after,
      Timestamp upTo,
      int limit,
      boolean before)
      implements Request {

    public Changes {
      checkLimit(limit);
    }

    @Override
    public Changes of(PartitionId to, Epoch other) {
      return new Changes(to, other, after, upTo, limit, before);
    }
  }

  private static void checkLimit(int limit) {
    if (limit < 1 || limit > PAGE_ROWS_MAX) {
      throw new IllegalArgumentException("a limit is 1 to " + PAGE_ROWS_MAX + ": " + limit);
    }
  }
}
