package dev.partita.node.document;

import dev.partita.node.error.DatabaseException;
import dev.partita.node.error.ErrorCode;
import dev.partita.node.key.PrimaryKey;
import dev.partita.node.partition.CommitProtocolKind;
import dev.partita.node.partition.Mutation;
import dev.partita.node.partition.PartitionDescriptor;
import dev.partita.node.partition.Request;
import dev.partita.node.partition.Response;
import dev.partita.node.partition.TransactionId;
import dev.partita.node.query.Document;
import dev.partita.node.query.IndexQuery;
import dev.partita.node.query.Queries;
import dev.partita.node.query.RangeQuery;
import dev.partita.node.routing.Router;
import dev.partita.node.time.Clock;
import dev.partita.node.time.Deadline;
import dev.partita.node.time.Timestamp;
import dev.partita.node.transaction.ClaimPlan;
import dev.partita.node.transaction.Committer;
import dev.partita.node.transaction.DocumentRows;
import dev.partita.node.transaction.DocumentWrite;
import dev.partita.node.transaction.JointPlan;
import dev.partita.node.transaction.OneShot;
import dev.partita.node.transaction.RowsAt;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;

/// A transaction whose statements come one by one. It reads the database as it was when it began,
/// and what it has written itself; its writes stay here until it commits, when everything it has
/// read must be unchanged. A read-only one keeps no books: what it reads is of one moment, and it
/// never fails for others.
///
/// What it writes or asks to lock is locked at once, so that of two transactions that want the same
/// document the second one waits instead of failing when it commits. By the time it has the lock,
/// the document may have changed since the transaction began. Then the moment at which it reads
/// moves to now, if nothing else that it has read has changed until then; if something has, it
/// fails at once.
///
/// Statements of one session do not overlap: callers hold its lock.
final class Session {

  /// What the statements of all sessions use.
  ///
  /// @param later runs what nobody waits for; may block
  record Surroundings(
      Router router, Queries queries, Committer committer, Executor later, Clock clock) {}

  /// How long after the first commit another one can find out what became of it: partitions
  /// remember for twice as long.
  private static final Duration KNOWN = Duration.ofMinutes(1);

  private final Surroundings node;
  private final TransactionId id = TransactionId.random();
  private final Timestamp began;
  private final ReadMoment moment;
  private final SessionLocks locks;
  private final SessionView view;
  private final boolean readOnly;
  private final CommitProtocolKind protocol;

  /// When the commit was first asked for; null before.
  private @Nullable Timestamp committing;

  private long committingNanos;
  private @Nullable ClaimPlan claims;
  private @Nullable Timestamp committed;
  private @Nullable DatabaseException failed;

  Session(Surroundings node, Timestamp readAt, boolean readOnly, CommitProtocolKind protocol) {
    this.protocol = protocol;
    this.node = node;
    this.began = readAt;
    this.moment = new ReadMoment(node.router(), readAt);
    this.locks = new SessionLocks(node.router(), id, readAt);
    this.view = new SessionView(node.router(), node.queries(), moment, readOnly);
    this.readOnly = readOnly;
  }

  Timestamp readAt() {
    return moment.at();
  }

  /// Whether nothing but its outcome is left.
  boolean hasEnded() {
    return committed != null || failed != null;
  }

  /// What an outcome is kept for is not kept with it.
  private void end() {
    view.clear();
    unlock();
  }

  private DatabaseException fail(DatabaseException failure) {
    failed = failure;
    end();
    return failure;
  }

  /// Whether something has to be renewed.
  boolean hasLocks() {
    return !locks.isEmpty();
  }

  /// Tells that what was locked is still needed; beside a statement.
  void renewLocks(Deadline deadline) {
    locks.renew(deadline);
  }

  /// Lets go of what was locked, soon.
  void unlock() {
    if (hasLocks()) {
      try {
        node.later().execute(() -> locks.release(Deadline.after(Request.LOCK_LEASE, node.clock())));
      } catch (RejectedExecutionException e) {
        // The node is closing: the leases end by themselves.
      }
    }
  }

  private void requireOpen() {
    if (failed != null) {
      throw failed;
    }
    if (hasEnded() || committing != null) {
      throw new DatabaseException(ErrorCode.REFUSED, "the transaction has ended");
    }
  }

  /// Reads a document, null if there is none. One that the transaction has written has the version
  /// [Timestamp#MAX]: it has none yet.
  @Nullable Document read(OneShot.Item item, Deadline deadline) {
    requireOpen();
    return view.read(item.collection(), item.key(), item.columns(), deadline);
  }

  /// Reads a document, and locks it, or the rows that have the columns of it: nobody else writes it
  /// until the transaction ends.
  ///
  /// @return null if there is none; it is locked all the same
  /// @throws DatabaseException `SERIALIZATION_FAILURE` if it was changed, and something else that
  ///   was read as well, or an older transaction was in the way; `UNAVAILABLE` if others have it
  @Nullable Document lock(OneShot.Item item, Deadline deadline) {
    requireWritable();
    make(item.collection(), item.key(), deadline);
    DocumentRows rows =
        view.through().lockable(item.collection(), item.key(), item.columns(), deadline);
    return SessionView.document(rows, lock(rows, deadline));
  }

  /// The rows as the transaction sees them, locked in their order.
  private Map<PartitionDescriptor, Response.Row> lock(DocumentRows rows, Deadline deadline) {
    Map<PartitionDescriptor, Response.Row> granted = new HashMap<>();
    for (PartitionDescriptor owner : rows.owners()) {
      var place = SessionLocks.Place.of(rows, owner);
      boolean written = view.own().row(rows.collection(), rows.key(), place.group()) != null;
      if (written || locks.has(place)) {
        continue;
      }
      Response.Granted now = take(place, deadline);
      Timestamp version = now.version();
      if (!moment.reach(place, version, now.at(), deadline)) {
        throw fail(changed());
      }
      view.parts().read(owner, rows.key());
      moment.saw(place, version);
      granted.put(owner, new Response.Row(version, now.document()));
    }
    return view.look(rows, granted, deadline);
  }

  private void make(String collection, PrimaryKey key, Deadline deadline) {
    node.router().make(collection, List.of(key), deadline);
  }

  private Response.Granted take(SessionLocks.Place place, Deadline deadline) {
    try {
      return locks.take(place, deadline);
    } catch (DatabaseException e) {
      throw e.code() == ErrorCode.SERIALIZATION_FAILURE ? fail(e) : e;
    }
  }

  private static DatabaseException changed() {
    return new DatabaseException(
            ErrorCode.SERIALIZATION_FAILURE, "another transaction was in the way: begin again")
        .with("reason", Response.NotPrepared.Reason.READ_CHANGED);
  }

  private void requireWritable() {
    requireOpen();
    if (readOnly) {
      throw new DatabaseException(ErrorCode.REFUSED, "the transaction is read-only");
    }
  }

  /// Reads the first documents of a range, as [SessionView#range].
  SessionView.Found range(RangeQuery query, Deadline deadline) {
    requireOpen();
    return view.range(query, deadline);
  }

  /// Reads the first entries of an index, as [SessionView#index].
  SessionView.Entries index(IndexQuery query, String readable, Deadline deadline) {
    requireOpen();
    return view.index(query, readable, deadline);
  }

  /// Writes or deletes a document, or replaces some columns of it, at the commit; its rows are
  /// locked from now on.
  ///
  /// @throws DatabaseException `CONDITION_FAILED` if its precondition does not hold in what the
  ///   transaction sees; as [#lock]
  void write(OneShot.Write write, Deadline deadline) {
    requireWritable();
    String collection = write.collection();
    Mutation mutation = write.mutation();
    make(collection, mutation.key(), deadline);
    DocumentRows rows = view.through().writable(collection, mutation, write.columns(), deadline);
    Map<PartitionDescriptor, Response.Row> before = Map.of();
    if (rows.needsRows(mutation) || !(mutation.precondition() instanceof Mutation.Always)) {
      before = lock(rows, deadline);
      Document present = SessionView.document(rows, before);
      OwnWrites.requireHolds(collection, mutation, present == null ? null : present.version());
    } else {
      lockUnread(rows, deadline);
    }
    List<Mutation> mutations = rows.mutations(mutation.when(new Mutation.Always()), before);
    for (int at = 0; at < mutations.size(); at++) {
      PartitionDescriptor owner = rows.owners().get(at);
      view.parts().write(owner, mutations.get(at));
      view.own().put(collection, owner.columnGroup(), mutations.get(at));
    }
  }

  private void lockUnread(DocumentRows rows, Deadline deadline) {
    for (PartitionDescriptor owner : rows.owners()) {
      var place = SessionLocks.Place.of(rows, owner);
      if (!locks.has(place)) {
        Response.Granted now = take(place, deadline);
        if (moment.sawOther(place, now.version())) {
          throw fail(changed());
        }
      }
    }
  }

  /// Commits. Asked again after the outcome was unknown, it finds out.
  ///
  /// @return the timestamp of everything in it
  Timestamp commit(Deadline deadline) {
    if (failed != null) {
      throw failed;
    }
    if (committed == null) {
      if (view.parts().hasWrites()) {
        if (committing == null) {
          try {
            locks.checkNotWounded();
          } catch (DatabaseException e) {
            throw fail(e);
          }
          view.through().moveTo(view.parts());
        }
        if (claims == null) {
          claims = claims(deadline);
        }
        if (committing == null) {
          committing = node.committer().start(deadline);
          committingNanos = node.clock().monotonicNanos();
        } else if (node.clock().monotonicNanos() - committingNanos > KNOWN.toNanos()) {
          throw new DatabaseException(
              ErrorCode.OUTCOME_UNKNOWN, "nobody remembers what became of the transaction");
        }
        try {
          committed =
              node.committer()
                  .commit(
                      id, began, moment.at(), committing, protocol, view.parts(), claims, deadline);
          // Whoever took part has let go by itself.
          locks.forget();
          end();
        } catch (DatabaseException e) {
          if (e.code() != ErrorCode.OUTCOME_UNKNOWN) {
            throw fail(e);
          }
          throw e;
        }
      } else {
        // What was read is of one moment already, and that moment was after it began.
        committed = moment.at();
        end();
      }
    }
    return committed;
  }

  /// What the rows written claim in unique indexes, and change in joint ones, compared with what
  /// they were when the transaction began, which must not have changed since.
  private ClaimPlan claims(Deadline deadline) {
    List<ClaimPlan.Row> rows = new ArrayList<>();
    view.own()
        .forEach((collection, group, mutation) -> {
          if (group == 0 && node.router().uniqueIndexes(collection).isEmpty()) {
            return;
          }
          var place = new SessionLocks.Place(collection, mutation.key(), group);
          PartitionDescriptor owner = place.owner(node.router());
          if (!DocumentWrite.isIndexedElsewhere(node.router(), collection, owner)) {
            return;
          }
          Response.Row before =
              RowsAt.read(node.router(), owner, mutation.key(), moment.at(), deadline);
          view.parts().read(owner, mutation.key());
          rows.add(
              new ClaimPlan.Row(
                  collection, owner, mutation.key(), before.document(), mutation.document()));
        });
    JointPlan joint =
        JointPlan.of(node.router(), rows, new RowsAt(node.router(), moment.at(), deadline));
    rows.addAll(joint.rows());
    ClaimPlan plan = ClaimPlan.of(node.router(), rows);
    plan.checkTogether();
    joint.addTo(view.parts());
    plan.addTo(view.parts());
    return plan;
  }

  /// Forgets everything, unless a commit is under way.
  void abort() {
    if (committed != null) {
      throw new DatabaseException(ErrorCode.REFUSED, "the transaction has committed");
    }
    if (committing != null && failed == null) {
      throw new DatabaseException(
          ErrorCode.OUTCOME_UNKNOWN, "the transaction may have committed: ask with commit");
    }
    if (failed == null) {
      var _ = fail(new DatabaseException(ErrorCode.REFUSED, "the transaction was aborted"));
    }
  }
}
