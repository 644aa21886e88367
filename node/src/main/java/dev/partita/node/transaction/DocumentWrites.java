package dev.partita.node.transaction;

import dev.partita.node.error.DatabaseException;
import dev.partita.node.error.ErrorCode;
import dev.partita.node.index.IndexDefinition;
import dev.partita.node.key.PrimaryKey;
import dev.partita.node.partition.Mutation;
import dev.partita.node.partition.MutationResult;
import dev.partita.node.partition.PartitionDescriptor;
import dev.partita.node.partition.PartitionId;
import dev.partita.node.partition.Request;
import dev.partita.node.partition.Response;
import dev.partita.node.partition.TransactionId;
import dev.partita.node.routing.Router;
import dev.partita.node.time.Clock;
import dev.partita.node.time.Deadline;
import dev.partita.node.time.Timestamp;
import dev.partita.node.time.TimestampOracle;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Writes documents that take more than the plain write of a row, all or none: a transaction over
/// their rows in column groups, over the claims of unique indexes, over joint rows, or over a row
/// of which only some columns change. Where it turns out that none of this is so, it is the plain
/// write of a row. Safe for any thread; calls block.
public final class DocumentWrites {

  private final Router router;
  private final Transactions transactions;
  private final TimestampOracle oracle;
  private final Clock clock;
  private final ClaimDisputes disputes;

  public DocumentWrites(
      Router router, Transactions transactions, TimestampOracle oracle, Clock clock) {
    this.router = router;
    this.transactions = transactions;
    this.oracle = oracle;
    this.clock = clock;
    this.disputes = new ClaimDisputes(router, transactions, oracle, clock);
  }

  /// Whether documents of a collection are to be written here.
  ///
  /// @param columns that are written, null for whole documents
  public boolean concerns(String collection, @Nullable List<String> columns) {
    return columns != null
        || router.columnGroups(collection) != null
        || !router.uniqueIndexes(collection).isEmpty();
  }

  /// A timestamp of now.
  public Timestamp now(Deadline deadline) {
    return OneShotTransactions.now(oracle, clock, deadline);
  }

  /// Writes documents with distinct keys. Whoever is in the way is waited for.
  ///
  /// @param columns the columns that are written and leave others as they are; null replaces or
  ///   deletes the documents
  /// @return a result for each: all written, or none
  /// @throws DatabaseException if a partition cannot be asked before the deadline, or the outcome
  ///   is unknown; `NO_PARTITION` if a column has no partition; `INVALID_REQUEST` if a document has
  ///   other columns than those
  public List<MutationResult> write(
      String collection,
      List<Mutation> mutations,
      @Nullable List<String> columns,
      Deadline deadline) {
    mutations.forEach(mutation -> DocumentRows.requireInside(mutation, columns));
    List<MutationResult> blind = blind(collection, mutations, columns, deadline);
    if (blind != null) {
      return blind;
    }
    var backoff = new Backoff();
    Timestamp first = null;
    while (true) {
      var attempt = new Attempt(collection, mutations, columns, deadline);
      first = first == null ? attempt.now : first;
      List<MutationResult> results = attempt.run(first);
      if (results != null) {
        return results;
      }
      if (deadline.isExpired(clock)) {
        throw new DatabaseException(ErrorCode.UNAVAILABLE, "other writes were in the way")
            .with("collection", collection);
      }
      backoff.pause();
    }
  }

  /// Columns that are exactly a group are written as a row of it, whatever is there: nobody else is
  /// asked. Null if the write is another one.
  private @Nullable List<MutationResult> blind(
      String collection,
      List<Mutation> mutations,
      @Nullable List<String> columns,
      Deadline deadline) {
    if (columns == null || mutations.size() != 1 || router.columnGroups(collection) == null) {
      return null;
    }
    Mutation mutation = mutations.getFirst();
    DocumentRows rows = new LookedThrough(router).writable(collection, mutation, columns, deadline);
    PartitionDescriptor owner = rows.owners().getFirst();
    if (rows.owners().size() > 1
        || rows.needsRows(mutation)
        || DocumentWrite.isIndexedElsewhere(router, collection, owner)) {
      return null;
    }
    return plain(owner, rows.mutations(mutation, Map.of()), deadline);
  }

  /// Null if the Partition knows of an index that this node has not heard of.
  private @Nullable List<MutationResult> plain(
      PartitionDescriptor partition, List<Mutation> mutations, Deadline deadline) {
    Response response =
        router.call(
            partition,
            new Request.Write(partition.id(), partition.epoch(), mutations, true),
            deadline);
    return switch (response) {
      case Response.Writes(var results) -> isUnclaimed(results) ? null : results;
      case Response.Refusal refusal ->
          throw refusal.toException().with("partition", partition.name());
      default -> throw new IllegalStateException("no answer to a write: " + response);
    };
  }

  private final class Attempt {
    private final String collection;
    private final List<Mutation> mutations;
    private final @Nullable List<String> columns;
    private final Deadline deadline;
    private final Timestamp now;
    private final LookedThrough through = new LookedThrough(router);
    private final List<DocumentWrite> writes;
    private final RowsAt before;

    Attempt(
        String collection,
        List<Mutation> mutations,
        @Nullable List<String> columns,
        Deadline deadline) {
      this.collection = collection;
      this.mutations = mutations;
      this.columns = columns;
      this.deadline = deadline;
      // Before rows are looked up: who has a timestamp knows every group that was written to.
      this.now = now(deadline);
      this.before = new RowsAt(router, now, deadline);
      this.writes = mutations.stream().map(this::write).toList();
    }

    /// All rows are looked at: they tell whether the document was there.
    private DocumentWrite write(Mutation mutation) {
      DocumentRows rows = through.writable(collection, mutation, columns, deadline);
      return new DocumentWrite(rows, mutation, rows.owners());
    }

    /// Null if somebody was in the way.
    @Nullable List<MutationResult> run(Timestamp priority) {
      writes.forEach(write -> write.lookAt(before));
      before.read();
      if (writes.stream().anyMatch(write -> write.conflict(before) != null)) {
        return conflicts();
      }
      List<ClaimPlan.Row> rows = new ArrayList<>();
      writes.forEach(write -> rows.addAll(write.claims(before)));
      JointPlan joint = JointPlan.of(router, rows, before);
      rows.addAll(joint.rows());
      ClaimPlan claims = ClaimPlan.of(router, rows);
      ClaimPlan.Contested twice = claims.twice();
      if (twice != null) {
        return violated(twice);
      }
      return claims.isEmpty() && areRowsOfOne()
          ? plain(writes.getFirst().rows().owners().getFirst(), mutations, deadline)
          : commit(claims, joint, priority);
    }

    /// Whether these are rows of one Partition, each the whole document.
    private boolean areRowsOfOne() {
      return columns == null
          && writes.stream().noneMatch(write -> write.rows().areDivided())
          && writes.stream().map(write -> write.rows().owners().getFirst().id()).distinct().count()
              == 1;
    }

    private List<MutationResult> conflicts() {
      return writes.stream()
          .map(write -> write.conflict(before))
          .<MutationResult>map(present ->
              present == null
                  ? new MutationResult.NotApplied()
                  : new MutationResult.Conflict(present.version()))
          .toList();
    }

    private @Nullable List<MutationResult> commit(
        ClaimPlan claims, JointPlan joint, Timestamp priority) {
      var parts = new TransactionParts();
      writes.forEach(write -> write.addTo(parts, before));
      through.moveTo(parts);
      joint.addTo(parts);
      claims.addTo(parts);
      return switch (transactions.commit(
          TransactionId.random(),
          now,
          priority,
          router.commitProtocol(),
          parts.parts(now),
          deadline)) {
        case CommitResult.Committed(Timestamp at) -> written(at);
        case CommitResult.Repeated(Timestamp at) -> written(at);
        case CommitResult.Failed(var by, var refusal) ->
            throw refusal.toException().with("partition", by.value());
        case CommitResult.Wounded() -> null;
        case CommitResult.Refused(var by, var _, var results) ->
            claims.concerns(by)
                ? disputed(claims, by, results)
                : joint.concerns(by) ? refused(joint.keys(by), results) : refused(by, results);
      };
    }

    private List<MutationResult> written(Timestamp at) {
      return writes.stream()
          .<MutationResult>map(write ->
              new MutationResult.Written(at, before.document(write.rows()).document() != null))
          .toList();
    }

    /// A Partition's refusals in the places of the whole; null if it was refused for what others
    /// do.
    private @Nullable List<MutationResult> refused(PartitionId by, List<MutationResult> results) {
      if (results.isEmpty() || isUnclaimed(results)) {
        return null;
      }
      var all = new ArrayList<MutationResult>();
      int next = 0;
      for (DocumentWrite write : writes) {
        boolean refused = write.rows().owners().stream().anyMatch(owner -> owner.id().equals(by));
        all.add(refused ? results.get(next++) : new MutationResult.NotApplied());
      }
      return List.copyOf(all);
    }

    /// What is wrong with joint rows is wrong with their documents.
    private @Nullable List<MutationResult> refused(
        List<PrimaryKey> keys, List<MutationResult> results) {
      if (results.isEmpty() || isUnclaimed(results)) {
        return null;
      }
      return mutations.stream()
          .map(mutation -> {
            int at = keys.indexOf(mutation.key());
            return at < 0 ? new MutationResult.NotApplied() : results.get(at);
          })
          .toList();
    }

    private @Nullable List<MutationResult> disputed(
        ClaimPlan claims, PartitionId by, List<MutationResult> results) {
      for (ClaimPlan.Contested contested : claims.contested(by, results)) {
        if (disputes.rightfulOwner(contested, deadline) != null) {
          return violated(contested);
        }
      }
      return null;
    }

    private List<MutationResult> violated(ClaimPlan.Contested contested) {
      IndexDefinition index = contested.claim().index();
      return mutations.stream()
          .<MutationResult>map(mutation ->
              mutation.key().equals(contested.wantedBy())
                  ? new MutationResult.UniqueViolation(index.id(), index.name())
                  : new MutationResult.NotApplied())
          .toList();
    }
  }

  private static boolean isUnclaimed(List<MutationResult> results) {
    return results.stream().anyMatch(MutationResult.Unclaimed.class::isInstance);
  }
}
