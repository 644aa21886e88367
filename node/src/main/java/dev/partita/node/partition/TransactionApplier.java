package dev.partita.node.partition;

import dev.partita.node.index.IndexDefinition;
import dev.partita.node.index.IndexKeys;
import dev.partita.node.key.KeyRange;
import dev.partita.node.key.PrimaryKey;
import dev.partita.node.partition.PartitionCommand.TimedPrepare;
import dev.partita.node.partition.Response.NotPrepared;
import dev.partita.node.partition.Response.NotPrepared.Reason;
import dev.partita.node.storage.Batch;
import dev.partita.node.storage.Direction;
import dev.partita.node.storage.RowCursor;
import dev.partita.node.storage.StorageReader;
import dev.partita.node.storage.Version;
import dev.partita.node.time.Timestamp;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// Applies the commands of transactions to one batch of the store: the participant of the commit
/// protocol, whose transitions are those of [TransactionStatus]. Deterministic. For one thread and
/// one batch.
final class TransactionApplier {

  private final StorageReader committed;
  private final Batch batch;
  private final PartitionState state;
  private final PartitionDescriptor descriptor;
  private final TransactionTable table;
  private final WriteApplier writes;

  TransactionApplier(
      StorageReader committed,
      Batch batch,
      PartitionState state,
      PartitionDescriptor descriptor,
      TransactionTable table,
      WriteApplier writes) {
    this.committed = committed;
    this.batch = batch;
    this.state = state;
    this.descriptor = descriptor;
    this.table = table;
    this.writes = writes;
  }

  /// Prepares a transaction, or commits it if this is all of it.
  Response prepare(TimedPrepare timed) {
    Request.Prepare prepare = timed.prepare();
    Transaction transaction = prepare.transaction();
    Timestamp now = timed.timestamp();
    TransactionStatus status = table.status(transaction.id(), transaction.started());
    switch (status) {
      case TransactionStatus.Prepared(Timestamp at) -> {
        return new Response.Prepared(at);
      }
      case TransactionStatus.Finished(var outcome) -> {
        return outcome instanceof TransactionOutcome.Committed
            ? new Response.Finished(outcome)
            : new NotPrepared(Reason.ENDED, List.of());
      }
      case TransactionStatus.Absent() -> {}
    }
    if (table.isForgotten(transaction.started())) {
      return new NotPrepared(Reason.FORGOTTEN, List.of());
    }
    Response.Refusal refusal = writes.refusal(prepare, now);
    if (refusal != null) {
      return refusal;
    }
    Response repeated = repeated(transaction, now);
    if (repeated != null) {
      return repeated;
    }
    Footprint footprint = writes.footprint(prepare.mutations());
    HeldTransaction blocker =
        table
            .locks()
            .blocker(
                new LockTable.Intent(
                    transaction.id(),
                    LockTable.Intent.rows(prepare.mutations()),
                    prepare.reads(),
                    () -> footprint));
    if (blocker != null) {
      return new Response.Locked(blocker.id());
    }
    Reason reason = changed(prepare.reads());
    if (reason != null) {
      return refuse(transaction, new NotPrepared(reason, List.of()));
    }
    List<MutationResult> problems = writes.problems(prepare.mutations(), prepare.claims());
    if (problems != null) {
      return refuse(transaction, new NotPrepared(Reason.WRITE_REFUSED, problems));
    }
    writes.passed(now);
    return transaction.isOnePhase()
        ? commit(transaction, prepare.mutations(), now)
        : hold(
            status,
            new PreparedTransaction(transaction, now, prepare.reads(), prepare.mutations()),
            footprint);
  }

  /// The answer if another attempt is here: the transaction happens once.
  private @Nullable Response repeated(Transaction transaction, Timestamp now) {
    if (!transaction.id().named() || !transaction.record().equals(descriptor.id())) {
      return null;
    }
    Timestamp earlier = table.committed(transaction.id(), now);
    if (earlier != null) {
      return refuse(transaction, new Response.Repeated(earlier));
    }
    HeldTransaction other = table.locks().otherAttempt(transaction.id());
    return other == null ? null : new Response.Locked(other.id());
  }

  private Response refuse(Transaction transaction, Response answer) {
    if (TransactionStatus.absent().refuse() instanceof TransactionStatus.Finished(var outcome)) {
      table.finish(batch, transaction.id(), transaction.started(), outcome, null);
    }
    return answer;
  }

  private Response commit(Transaction transaction, List<Mutation> mutations, Timestamp at) {
    var outcome = new TransactionOutcome.Committed(at);
    writes.commit(mutations, at);
    table.finish(batch, transaction.id(), transaction.started(), outcome, null);
    table.record(batch, transaction, at);
    return new Response.Finished(outcome);
  }

  private Response hold(
      TransactionStatus status, PreparedTransaction prepared, Footprint footprint) {
    if (!(status.prepare(prepared.at()) instanceof TransactionStatus.Prepared(Timestamp at))) {
      throw new IllegalStateException("only what is absent is prepared: " + status);
    }
    table.prepare(batch, prepared, footprint);
    return new Response.Prepared(at);
  }

  /// Ends a transaction here; gives the outcome that stands.
  Response finish(PartitionCommand.FinishTransaction finish) {
    TransactionId id = finish.id();
    TransactionStatus before = table.status(id, finish.started());
    TransactionStatus after = before.finish(finish.outcome());
    HeldTransaction held = table.locks().prepared(id);
    if (!after.equals(before) && after instanceof TransactionStatus.Finished(var outcome)) {
      if (held != null && outcome instanceof TransactionOutcome.Committed(Timestamp at)) {
        if (at.isBefore(held.prepared().at())) {
          throw new IllegalStateException("a commit below what was prepared: " + id + " at " + at);
        }
        writes.commit(held.prepared().mutations(), at);
        Transaction transaction = held.prepared().transaction();
        table.record(batch, transaction, at);
      }
      if (held != null || !table.isForgotten(finish.started())) {
        table.finish(batch, id, finish.started(), outcome, held);
      }
    }
    return new Response.Finished(
        after instanceof TransactionStatus.Finished(var outcome) ? outcome : finish.outcome());
  }

  /// Has a transaction that is not prepared never be; gives where it stands.
  Response inspect(PartitionCommand.InspectTransaction inspect) {
    TransactionStatus before = table.status(inspect.id(), inspect.started());
    TransactionStatus after = before.inspect();
    if (!after.equals(before)
        && after instanceof TransactionStatus.Finished(var outcome)
        && !table.isForgotten(inspect.started())) {
      table.finish(batch, inspect.id(), inspect.started(), outcome, null);
    }
    return answer(after);
  }

  /// Promises, or accepts an outcome, unless somebody has a larger ballot.
  Response vote(PartitionCommand.VoteTransaction vote) {
    TransactionId id = vote.id();
    TransactionStatus status = table.status(id, vote.started());
    if (status instanceof TransactionStatus.Finished(var outcome)) {
      return new Response.Finished(outcome);
    }
    Timestamp prepared = status instanceof TransactionStatus.Prepared(Timestamp at) ? at : null;
    if (prepared == null && table.isForgotten(vote.started())) {
      // It can never be prepared here, so it has not committed, or all have known for long.
      return new Response.Finished(new TransactionOutcome.Aborted());
    }
    Ballots before = table.ballots(id);
    if (!before.accepts(vote.ballot())) {
      return new Response.Voted(false, prepared, before);
    }
    TransactionOutcome outcome = vote.outcome();
    table.vote(
        batch,
        id,
        vote.started(),
        outcome == null ? before.promise(vote.ballot()) : before.accept(vote.ballot(), outcome));
    return new Response.Voted(true, prepared, before);
  }

  static Response answer(TransactionStatus status) {
    return switch (status) {
      case TransactionStatus.Absent() ->
          throw new IllegalArgumentException("nothing is known of it");
      case TransactionStatus.Prepared(Timestamp at) -> new Response.Prepared(at);
      case TransactionStatus.Finished(var outcome) -> new Response.Finished(outcome);
    };
  }

  /// Whether something was read that is not so any more.
  private @Nullable Reason changed(ReadSet reads) {
    if (reads.isEmpty()) {
      return null;
    }
    if (reads.at().isBefore(state.safePoint())) {
      return Reason.READ_CHANGED; // nobody can tell any more
    }
    var keys = new PartitionKeys(descriptor);
    for (PrimaryKey key : reads.keys()) {
      Version newest = batch.get(keys.row(key));
      if (newest != null && newest.timestamp().isAfter(reads.at())) {
        return Reason.READ_CHANGED;
      }
    }
    for (ReadSet.ReadRange range : reads.ranges()) {
      Reason reason = changed(range, reads.at(), keys);
      if (reason != null) {
        return reason;
      }
    }
    return null;
  }

  /// Looks through the range as it was and as it is. Sees only what is in the store, so nothing may
  /// have been changed in this batch.
  private @Nullable Reason changed(ReadSet.ReadRange range, Timestamp at, PartitionKeys keys) {
    switch (range) {
      case ReadSet.Rows rows -> {
        boolean same =
            PartitionKeys.isHashed(descriptor)
                ? sameRows(rows, at, keys)
                : sameRowsInPlace(keys.rowSpan().range(), rows, at, keys);
        return same ? null : Reason.READ_CHANGED;
      }
      case ReadSet.Entries entries -> {
        IndexState index = state.index(entries.indexId());
        if (index == null || !index.isReadable()) {
          return Reason.CHANGED_PARTITION;
        }
        List<EntryPlace> places = places(index, at, keys);
        return places != null
                && sameEntries(places, space -> TransactionTable.entries(space, entries), at)
            ? null
            : Reason.READ_CHANGED;
      }
    }
  }

  private boolean sameRowsInPlace(
      KeyRange all, ReadSet.Rows rows, Timestamp at, PartitionKeys keys) {
    PrimaryKey start = rows.start();
    PrimaryKey end = rows.end();
    KeyRange range = start == null ? all : all.from(keys.row(start));
    range = end == null ? range : range.before(keys.row(end));
    try (RowCursor then = committed.rows(range, at, Direction.FORWARD);
        RowCursor now = committed.rows(range, Timestamp.MAX, Direction.FORWARD)) {
      while (then.next()) {
        if (!now.next()
            || !now.key().equals(then.key())
            || !now.timestamp().equals(then.timestamp())) {
          return false;
        }
      }
      return !now.next();
    }
  }

  /// Rows that are stored by hash are found by the index that has them by key; its entries do not
  /// change when documents do.
  private boolean sameRows(ReadSet.Rows rows, Timestamp at, PartitionKeys keys) {
    IndexState order = state.index(IndexDefinition.PRIMARY_ORDER_ID);
    List<EntryPlace> places = order == null ? null : places(order, at, keys);
    if (places == null || !sameEntries(places, space -> inOrder(space, rows), at)) {
      return false;
    }
    try (var now =
        new EntryWalk(
            committed, places, space -> inOrder(space, rows), Timestamp.MAX, Direction.FORWARD)) {
      while (now.next()) {
        Version newest = batch.get(keys.row(now.primaryKey()));
        if (newest != null && newest.timestamp().isAfter(at)) {
          return false;
        }
      }
    }
    return true;
  }

  private static KeyRange inOrder(IndexKeys space, ReadSet.Rows rows) {
    PrimaryKey start = rows.start();
    PrimaryKey end = rows.end();
    KeyRange range = space.all();
    range = start == null ? range : range.from(space.key(start.encoded()));
    return end == null ? range : range.before(space.key(end.encoded()));
  }

  /// Where the entries lie that were read at a timestamp; null if those of now lie elsewhere, so
  /// that they cannot be compared.
  private static @Nullable List<EntryPlace> places(
      IndexState index, Timestamp at, PartitionKeys keys) {
    return index.spacesAt(at).equals(index.spacesAt(Timestamp.MAX)) ? keys.places(index, at) : null;
  }

  private boolean sameEntries(
      List<EntryPlace> places, Function<IndexKeys, KeyRange> range, Timestamp at) {
    try (var then = new EntryWalk(committed, places, range, at, Direction.FORWARD);
        var now = new EntryWalk(committed, places, range, Timestamp.MAX, Direction.FORWARD)) {
      while (then.next()) {
        if (!now.next()
            || !now.position().equals(then.position())
            || !now.timestamp().equals(then.timestamp())) {
          return false;
        }
      }
      return !now.next();
    }
  }
}
