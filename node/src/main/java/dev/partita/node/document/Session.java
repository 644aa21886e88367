package dev.partita.node.document;

import dev.partita.node.error.DatabaseException;
import dev.partita.node.error.ErrorCode;
import dev.partita.node.index.IndexDefinition;
import dev.partita.node.key.Datum;
import dev.partita.node.key.PrimaryKey;
import dev.partita.node.partition.Bounds;
import dev.partita.node.partition.CommitProtocolKind;
import dev.partita.node.partition.Mutation;
import dev.partita.node.partition.PartitionDescriptor;
import dev.partita.node.partition.ReadSet;
import dev.partita.node.partition.Request;
import dev.partita.node.partition.Response;
import dev.partita.node.partition.TransactionId;
import dev.partita.node.query.Document;
import dev.partita.node.query.IndexHit;
import dev.partita.node.query.IndexQuery;
import dev.partita.node.query.Order;
import dev.partita.node.query.Page;
import dev.partita.node.query.Queries;
import dev.partita.node.query.RangeQuery;
import dev.partita.node.routing.Router;
import dev.partita.node.time.Clock;
import dev.partita.node.time.Deadline;
import dev.partita.node.time.Timestamp;
import dev.partita.node.transaction.ClaimPlan;
import dev.partita.node.transaction.Committer;
import dev.partita.node.transaction.LookedThrough;
import dev.partita.node.transaction.TransactionParts;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
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
      Router router,
      Documents documents,
      Queries queries,
      Committer committer,
      Executor later,
      Clock clock) {}

  /// How long after the first commit another one can find out what became of it: partitions
  /// remember for twice as long.
  private static final Duration KNOWN = Duration.ofMinutes(1);

  private final Surroundings node;
  private final TransactionId id = TransactionId.random();
  private final Timestamp began;
  private final ReadMoment moment;
  private final SessionLocks locks;
  private final boolean readOnly;
  private final CommitProtocolKind protocol;
  private TransactionParts parts = new TransactionParts();
  private final Map<String, Map<PrimaryKey, Mutation>> writes = new HashMap<>();
  private final LookedThrough through;

  /// When the commit was first asked for; null before.
  private @Nullable Timestamp committing;

  private long committingNanos;
  private @Nullable ClaimPlan claims;
  private @Nullable Timestamp committed;
  private @Nullable DatabaseException failed;

  Session(Surroundings node, Timestamp readAt, boolean readOnly, CommitProtocolKind protocol) {
    this.protocol = protocol;
    this.node = node;
    this.through = new LookedThrough(node.router());
    this.began = readAt;
    this.moment = new ReadMoment(node.documents(), readAt);
    this.locks = new SessionLocks(node.router(), id, readAt);
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
    parts = new TransactionParts();
    writes.clear();
    through.clear();
    moment.clear();
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
  @Nullable Document read(String collection, PrimaryKey key, Deadline deadline) {
    requireOpen();
    Mutation own = writes.getOrDefault(collection, Map.of()).get(key);
    if (own != null) {
      return OwnWrites.document(own);
    }
    PartitionDescriptor owner = node.router().readable(collection, key, moment.at(), deadline);
    if (owner == null) {
      if (!readOnly) {
        through.missing(collection, key);
        moment.saw(new SessionLocks.Place(collection, key), null);
      }
      return null;
    }
    if (!readOnly) {
      parts.read(owner, key);
    }
    Document document = node.documents().get(collection, key, moment.at(), deadline);
    if (!readOnly) {
      moment.saw(new SessionLocks.Place(collection, key), version(document));
    }
    return document;
  }

  private static @Nullable Timestamp version(@Nullable Document document) {
    return document == null ? null : document.version();
  }

  /// Reads a document, and locks it: nobody else writes it until the transaction ends.
  ///
  /// @return null if there is none; it is locked all the same
  /// @throws DatabaseException `SERIALIZATION_FAILURE` if it was changed, and something else that
  ///   was read as well, or an older transaction was in the way; `UNAVAILABLE` if others have it
  @Nullable Document lock(String collection, PrimaryKey key, Deadline deadline) {
    requireWritable();
    var place = new SessionLocks.Place(collection, key);
    Mutation own = writes.getOrDefault(collection, Map.of()).get(key);
    if (own != null || locks.has(place)) {
      return read(collection, key, deadline);
    }
    Response.Granted now = take(place, deadline);
    Timestamp version = now.version();
    if (!moment.isAsNow(place, version, deadline)
        && !moment.moveTo(Timestamp.later(moment.at(), now.at()), deadline)) {
      throw fail(changed());
    }
    parts.read(node.router().owner(collection, key), key);
    moment.saw(place, version);
    var json = now.document();
    return version == null || json == null ? null : new Document(key, version, json);
  }

  private Response.Granted take(SessionLocks.Place place, Deadline deadline) {
    node.router().make(place.collection(), List.of(place.key()), deadline);
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

  /// Reads the first documents of a range.
  ///
  /// @param query without cursor and timestamp
  /// @return without cursors; `after` is something if there are more
  Found range(RangeQuery query, Deadline deadline) {
    requireOpen();
    Map<PrimaryKey, Mutation> own = writes.getOrDefault(query.collection(), Map.of());
    List<Document> found = new ArrayList<>();
    RangeQuery next = query.withAt(moment.at());
    String cursor = null;
    do {
      Page<Document> page = node.queries().range(next.withCursor(cursor), deadline);
      page.data().stream().filter(document -> !own.containsKey(document.key())).forEach(found::add);
      cursor = page.after();
      next = next.withAt(null);
    } while (cursor != null && found.size() <= query.limit());
    if (!readOnly) {
      noteRange(query, found, cursor != null);
    }
    own.values().stream()
        .filter(mutation -> isInside(query, mutation.key()))
        .map(OwnWrites::document)
        .filter(document -> document != null)
        .forEach(found::add);
    Comparator<Document> byKey = Comparator.comparing(Document::key);
    found.sort(query.order() == Order.ASCENDING ? byKey : byKey.reversed());
    boolean more = cursor != null || found.size() > query.limit();
    return new Found(found.subList(0, Math.min(found.size(), query.limit())), more);
  }

  /// What a range had.
  record Found(List<Document> documents, boolean more) {}

  private static boolean isInside(RangeQuery query, PrimaryKey key) {
    PrimaryKey start = query.start();
    PrimaryKey end = query.end();
    return (start == null || start.compareTo(key) <= 0) && (end == null || key.compareTo(end) < 0);
  }

  /// What was looked through: up to the last document that was found, if there are more.
  private void noteRange(RangeQuery query, List<Document> found, boolean more) {
    moment.lookedThrough();
    PrimaryKey start = query.start();
    PrimaryKey end = query.end();
    if (more && !found.isEmpty()) {
      PrimaryKey last = found.getLast().key();
      parts.read(node.router().owner(query.collection(), last), last);
      if (query.order() == Order.ASCENDING) {
        end = last;
      } else {
        start = last;
      }
    }
    var bounds =
        new Bounds.Range(
            start == null ? null : Datum.of(start.parts()),
            end == null ? null : Datum.of(end.parts()));
    if (start != null && end != null && start.compareTo(end) >= 0) {
      return;
    }
    through.rows(query.collection(), start, end);
    for (PartitionDescriptor partition : node.router().partitions(query.collection())) {
      if (!partition.bounds().isRange() || partition.bounds().overlaps(bounds)) {
        parts.read(partition, new ReadSet.Rows(start, end));
      }
    }
  }

  /// Reads the first entries of an index.
  ///
  /// @param query without cursor and timestamp
  /// @param readable the collection in which the client may read; an index of another one does not
  ///   exist for it
  Entries index(IndexQuery query, String readable, Deadline deadline) {
    requireOpen();
    IndexDefinition index = node.router().index(query.index());
    if (index == null || !index.collection().equals(readable)) {
      throw new DatabaseException(ErrorCode.UNKNOWN_INDEX, "the index does not exist")
          .with("index", query.index());
    }
    Map<PrimaryKey, Mutation> own = writes.getOrDefault(index.collection(), Map.of());
    List<IndexHit> found = new ArrayList<>();
    IndexQuery next = query.withAt(moment.at());
    String cursor = null;
    do {
      Page<IndexHit> page = node.queries().index(next.withCursor(cursor), deadline);
      page.data().stream().filter(hit -> !own.containsKey(hit.key())).forEach(found::add);
      cursor = page.after();
      next = next.withAt(null);
    } while (cursor != null && found.size() < query.limit());
    String named = query.partition();
    List<PartitionDescriptor> partitions =
        named == null ? node.router().partitions(index.collection()) : node.router().leaves(named);
    if (!readOnly) {
      moment.lookedThrough();
      var entries = new ReadSet.Entries(index.id(), query.terms(), null, null);
      if (named == null || isFamily(named)) {
        through.entries(index.collection(), entries);
      }
      partitions.forEach(partition -> parts.read(partition, entries));
      if (query.documents()) {
        found.forEach(
            hit -> parts.read(node.router().owner(index.collection(), hit.key()), hit.key()));
      }
    }
    OwnWrites.addEntries(query, index, partitions, own.values(), found);
    Comparator<IndexHit> byPosition = Comparator.comparing(IndexHit::position);
    found.sort(query.order() == Order.ASCENDING ? byPosition : byPosition.reversed());
    boolean more = cursor != null || found.size() > query.limit();
    return new Entries(found.subList(0, Math.min(found.size(), query.limit())), more);
  }

  private boolean isFamily(String partition) {
    PartitionDescriptor named = node.router().partition(partition);
    return named != null && named.bounds() instanceof Bounds.Family;
  }

  /// What an index had.
  record Entries(List<IndexHit> hits, boolean more) {}

  /// Writes or deletes a document, at the commit; it is locked from now on.
  ///
  /// @throws DatabaseException `CONDITION_FAILED` if its precondition does not hold in what the
  ///   transaction sees; as [#lock]
  void write(String collection, Mutation mutation, Deadline deadline) {
    requireWritable();
    var place = new SessionLocks.Place(collection, mutation.key());
    if (!(mutation.precondition() instanceof Mutation.Always)) {
      OwnWrites.requireHolds(collection, mutation, lock(collection, mutation.key(), deadline));
    } else if (!locks.has(place)) {
      Response.Granted now = take(place, deadline);
      if (moment.sawOther(place, now.version())) {
        throw fail(changed());
      }
    }
    PartitionDescriptor owner = node.router().owner(collection, mutation.key());
    Mutation unconditional = mutation.when(new Mutation.Always());
    parts.write(owner, unconditional);
    writes
        .computeIfAbsent(collection, _ -> new LinkedHashMap<>())
        .put(mutation.key(), unconditional);
  }

  /// Commits. Asked again after the outcome was unknown, it finds out.
  ///
  /// @return the timestamp of everything in it
  Timestamp commit(Deadline deadline) {
    if (failed != null) {
      throw failed;
    }
    if (committed == null) {
      if (parts.hasWrites()) {
        if (committing == null) {
          try {
            locks.checkNotWounded();
          } catch (DatabaseException e) {
            throw fail(e);
          }
          through.moveTo(parts);
        }
        if (claims == null) {
          claims = claims(deadline);
        }
        if (committing == null) {
          committing = node.committer().now(deadline);
          committingNanos = node.clock().monotonicNanos();
        } else if (node.clock().monotonicNanos() - committingNanos > KNOWN.toNanos()) {
          throw new DatabaseException(
              ErrorCode.OUTCOME_UNKNOWN, "nobody remembers what became of the transaction");
        }
        try {
          committed =
              node.committer()
                  .commit(id, began, moment.at(), committing, protocol, parts, claims, deadline);
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

  /// What the documents written claim in unique indexes, compared with what they were when the
  /// transaction began, which must not have changed since.
  private ClaimPlan claims(Deadline deadline) {
    List<ClaimPlan.Row> rows = new ArrayList<>();
    for (var collection : writes.entrySet()) {
      String name = collection.getKey();
      if (node.router().uniqueIndexes(name).isEmpty()) {
        continue;
      }
      for (Mutation mutation : collection.getValue().values()) {
        Document before = node.documents().get(name, mutation.key(), moment.at(), deadline);
        PartitionDescriptor owner = node.router().owner(name, mutation.key());
        parts.read(owner, mutation.key());
        rows.add(
            new ClaimPlan.Row(
                name,
                owner,
                mutation.key(),
                before == null ? null : before.json(),
                mutation.document()));
      }
    }
    ClaimPlan plan = ClaimPlan.of(node.router(), rows);
    plan.checkTogether();
    plan.addTo(parts);
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
