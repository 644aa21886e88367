package dev.partita.node.transaction;

import dev.partita.node.error.DatabaseException;
import dev.partita.node.error.ErrorCode;
import dev.partita.node.index.IndexDefinition;
import dev.partita.node.index.JsonBytes;
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
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/// Writes documents of collections with unique indexes, all or none: a transaction over the
/// documents and their claims. Where no claim changes, it is the plain write of a row. Safe for any
/// thread; calls block.
public final class UniqueWrites {

  private static final long BACKOFF_MILLIS_MIN = 2;
  private static final long BACKOFF_MILLIS_MAX = 100;

  private final Router router;
  private final Transactions transactions;
  private final TimestampOracle oracle;
  private final Clock clock;
  private final ClaimDisputes disputes;

  public UniqueWrites(
      Router router, Transactions transactions, TimestampOracle oracle, Clock clock) {
    this.router = router;
    this.transactions = transactions;
    this.oracle = oracle;
    this.clock = clock;
    this.disputes = new ClaimDisputes(router, transactions, oracle, clock);
  }

  /// Whether documents of a collection are to be written here.
  public boolean concerns(String collection) {
    return !router.uniqueIndexes(collection).isEmpty();
  }

  /// Writes documents with distinct keys. Whoever is in the way is waited for.
  ///
  /// @return a result for each: all written, or none
  /// @throws DatabaseException if a partition cannot be asked before the deadline, or the outcome
  ///   is unknown
  public List<MutationResult> write(
      String collection, List<Mutation> mutations, Deadline deadline) {
    long backoffMillis = BACKOFF_MILLIS_MIN;
    Timestamp first = null;
    while (true) {
      var attempt = new Attempt(collection, mutations, deadline);
      first = first == null ? attempt.now : first;
      List<MutationResult> results = attempt.run(first);
      if (results != null) {
        return results;
      }
      if (deadline.isExpired(clock)) {
        throw new DatabaseException(ErrorCode.UNAVAILABLE, "other writes were in the way")
            .with("collection", collection);
      }
      pause(backoffMillis);
      backoffMillis = Math.min(BACKOFF_MILLIS_MAX, 2 * backoffMillis);
    }
  }

  private static void pause(long millis) {
    try {
      Thread.sleep(ThreadLocalRandom.current().nextLong(millis / 2, millis + 1));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new DatabaseException(ErrorCode.UNAVAILABLE, "interrupted", e);
    }
  }

  private final class Attempt {
    private final String collection;
    private final List<Mutation> mutations;
    private final Deadline deadline;
    private final Timestamp now;
    private final List<PartitionDescriptor> owners;
    private final List<Response.Row> before = new ArrayList<>();

    Attempt(String collection, List<Mutation> mutations, Deadline deadline) {
      this.collection = collection;
      this.mutations = mutations;
      this.deadline = deadline;
      this.owners =
          mutations.stream().map(mutation -> router.owner(collection, mutation.key())).toList();
      this.now = OneShotTransactions.now(oracle, clock, deadline);
    }

    /// Null if somebody was in the way.
    @Nullable List<MutationResult> run(Timestamp priority) {
      readAll();
      List<ClaimPlan.Row> rows = new ArrayList<>();
      for (int at = 0; at < mutations.size(); at++) {
        Mutation mutation = mutations.get(at);
        JsonBytes document = before.get(at).document();
        rows.add(
            new ClaimPlan.Row(
                collection, owners.get(at), mutation.key(), document, mutation.document()));
      }
      ClaimPlan claims = ClaimPlan.of(router, rows);
      ClaimPlan.Contested twice = claims.twice();
      if (twice != null) {
        return violated(twice);
      }
      boolean together = owners.stream().map(PartitionDescriptor::id).distinct().count() == 1;
      return claims.isEmpty() && together ? plain() : commit(claims, priority);
    }

    private void readAll() {
      if (mutations.size() == 1) {
        before.add(read(owners.getFirst(), mutations.getFirst()));
        return;
      }
      List<Future<Response.Row>> reads = new ArrayList<>();
      try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
        for (int at = 0; at < mutations.size(); at++) {
          PartitionDescriptor owner = owners.get(at);
          Mutation mutation = mutations.get(at);
          reads.add(threads.submit(() -> read(owner, mutation)));
        }
      }
      for (Future<Response.Row> read : reads) {
        if (read.state() == Future.State.FAILED
            && read.exceptionNow() instanceof DatabaseException failure) {
          throw failure;
        }
        before.add(read.resultNow());
      }
    }

    private Response.Row read(PartitionDescriptor partition, Mutation mutation) {
      Response response =
          router.call(
              partition,
              new Request.Read(partition.id(), partition.epoch(), mutation.key(), now),
              deadline);
      return switch (response) {
        case Response.Row row -> row;
        case Response.Refusal refusal ->
            throw refusal.toException().with("partition", partition.name());
        default -> throw new IllegalStateException("no answer to a read: " + response);
      };
    }

    private @Nullable List<MutationResult> plain() {
      PartitionDescriptor partition = owners.getFirst();
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

    private @Nullable List<MutationResult> commit(ClaimPlan claims, Timestamp priority) {
      var parts = new TransactionParts();
      for (int at = 0; at < mutations.size(); at++) {
        parts.write(owners.get(at), mutations.get(at));
        parts.read(owners.get(at), mutations.get(at).key());
      }
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
            claims.concerns(by) ? disputed(claims, by, results) : refused(by, results);
      };
    }

    private List<MutationResult> written(Timestamp at) {
      return before.stream()
          .<MutationResult>map(row -> new MutationResult.Written(at, row.document() != null))
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
      for (PartitionDescriptor owner : owners) {
        boolean refused = owner.id().equals(by);
        all.add(refused ? results.get(next++) : new MutationResult.NotApplied());
      }
      return List.copyOf(all);
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
