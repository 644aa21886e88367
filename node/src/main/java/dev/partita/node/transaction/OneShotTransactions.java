package dev.partita.node.transaction;

import dev.partita.node.error.DatabaseException;
import dev.partita.node.error.ErrorCode;
import dev.partita.node.key.PrimaryKey;
import dev.partita.node.partition.MutationResult;
import dev.partita.node.partition.PartitionDescriptor;
import dev.partita.node.partition.Request;
import dev.partita.node.partition.Response;
import dev.partita.node.partition.TransactionId;
import dev.partita.node.partition.TransactionOutcome;
import dev.partita.node.routing.Router;
import dev.partita.node.time.Clock;
import dev.partita.node.time.CoarseTimeouts;
import dev.partita.node.time.Deadline;
import dev.partita.node.time.Timestamp;
import dev.partita.node.time.TimestampOracle;
import dev.partita.node.transaction.OneShot.Condition;
import dev.partita.node.transaction.OneShot.Item;
import dev.partita.node.transaction.OneShotResult.Found;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// Runs transactions that come in one request, and tries again those that others were in the way
/// of. Safe for any thread; calls block.
public final class OneShotTransactions {

  /// How often one is tried. Who is in the way is older then or has finished: more does not help.
  private static final int ATTEMPTS_MAX = 10;

  private final Router router;
  private final Transactions transactions;
  private final TimestampOracle oracle;
  private final Clock clock;
  private final ClaimDisputes disputes;

  public OneShotTransactions(
      Router router, Transactions transactions, TimestampOracle oracle, Clock clock) {
    this.router = router;
    this.transactions = transactions;
    this.oracle = oracle;
    this.clock = clock;
    this.disputes = new ClaimDisputes(router, transactions, oracle, clock);
  }

  /// Runs a transaction.
  ///
  /// @throws DatabaseException `CONDITION_FAILED`, `UNIQUE_VIOLATION` and the like if it was
  ///   refused for what it is; `SERIALIZATION_FAILURE` if others were in the way too often;
  ///   `UNAVAILABLE` if a partition could not be asked; after all of these nothing was written.
  ///   `OUTCOME_UNKNOWN` if it may have happened
  public OneShotResult run(OneShot request, Deadline deadline) {
    check(request);
    OneShot.Name name = request.name();
    TransactionId id =
        name == null ? TransactionId.random() : TransactionId.of(name.client(), name.sequence());
    make(request.writes(), deadline);
    if (name != null && !request.writes().isEmpty()) {
      id = id.again();
      OneShotResult before = repeated(request, id, 0, deadline);
      if (before != null) {
        return before;
      }
    }
    return new Run(request, id, deadline).run();
  }

  private void make(List<OneShot.Write> writes, Deadline deadline) {
    Map<String, List<PrimaryKey>> keys =
        writes.stream()
            .collect(
                Collectors.groupingBy(
                    OneShot.Write::collection,
                    Collectors.mapping(write -> write.mutation().key(), Collectors.toList())));
    keys.forEach((collection, all) -> router.make(collection, all, deadline));
  }

  private static void check(OneShot request) {
    int items = request.reads().size() + request.conditions().size() + request.writes().size();
    if (items == 0 || items > OneShot.ITEMS_MAX) {
      throw new DatabaseException(
              items == 0 ? ErrorCode.INVALID_REQUEST : ErrorCode.TOO_LARGE,
              "a transaction has at least one read, condition or write and at most as many as the"
                  + " limit")
          .with("items", items)
          .with("limit", OneShot.ITEMS_MAX);
    }
    Set<Item> written = new LinkedHashSet<>();
    for (OneShot.Write write : request.writes()) {
      if (!written.add(write.item())) {
        throw new DatabaseException(
                ErrorCode.INVALID_REQUEST, "a transaction writes a document twice")
            .with("collection", write.collection())
            .with("key", write.mutation().key());
      }
    }
  }

  /// One request on its way through its attempts.
  private final class Run {
    private final OneShot request;
    private final Deadline deadline;
    private TransactionId id;
    private @Nullable Timestamp priority;

    Run(OneShot request, TransactionId id, Deadline deadline) {
      this.request = request;
      this.id = id;
      this.deadline = deadline;
    }

    OneShotResult run() {
      var backoff = new Backoff();
      String reason = "";
      for (int attempt = 1; attempt <= ATTEMPTS_MAX; attempt++) {
        if (attempt > 1) {
          id = id.again();
          backoff.pause();
          if (deadline.isExpired(clock)) {
            break;
          }
        }
        Timestamp now = begin(attempt);
        var trial = new Attempt(request, now, deadline);
        DatabaseException failed = trial.failure();
        if (failed != null) {
          return repeatedOr(failed, attempt);
        }
        if (request.writes().isEmpty()) {
          return new OneShotResult(now, trial.answers(), attempt, false);
        }
        priority = priority == null ? now : priority;
        JointPlan joint = trial.joint();
        ClaimPlan claims = trial.claims(joint);
        claims.checkTogether();
        switch (transactions.commit(
            id,
            now,
            priority,
            request.protocol(),
            trial.parts(joint, claims).parts(now),
            deadline)) {
          case CommitResult.Committed(Timestamp at) -> {
            return new OneShotResult(at, trial.answers(), attempt, false);
          }
          case CommitResult.Repeated(Timestamp at) -> {
            return new OneShotResult(at, answersAt(request, at, deadline), attempt, true);
          }
          case CommitResult.Failed(var by, var refusal) -> {
            // Time has run out, or what is asked for is not possible there.
            throw refusal.toException().with("partition", by.value());
          }
          case CommitResult.Refused(var by, var why, var results) -> {
            DatabaseException refused =
                claims.concerns(by)
                    ? disputes.settle(claims, by, results, deadline)
                    : refused(results);
            if (refused != null) {
              return repeatedOr(refused, attempt);
            }
            reason = why.name();
          }
          case CommitResult.Wounded() -> reason = "WOUNDED";
        }
      }
      throw new DatabaseException(
              ErrorCode.SERIALIZATION_FAILURE, "other transactions were in the way")
          .with("reason", reason)
          .with("attempts", ATTEMPTS_MAX);
    }

    /// A timestamp of now. If nothing is read at it, nobody has to be asked for it: it is only the
    /// age of the transaction then.
    private Timestamp begin(int attempt) {
      Timestamp about = attempt == 1 && readsNothing() ? oracle.estimate() : null;
      return about == null ? now(oracle, clock, deadline) : about;
    }

    /// Whether it writes whole rows and no more, as far as is known here. If there is more to it,
    /// the partitions refuse the first attempt.
    private boolean readsNothing() {
      return request.reads().isEmpty()
          && request.conditions().isEmpty()
          && request.writes().stream()
              .allMatch(write ->
                  write.columns() == null
                      && router.columnGroups(write.collection()) == null
                      && router.uniqueIndexes(write.collection()).isEmpty()
                      && router.hasPartition(write.collection(), write.mutation().key()));
    }

    /// What fails may fail because of what the same transaction has written, sent once before.
    private OneShotResult repeatedOr(DatabaseException failure, int attempt) {
      OneShotResult before =
          request.name() == null || request.writes().isEmpty()
              ? null
              : repeated(request, id, attempt, deadline);
      if (before != null) {
        return before;
      }
      throw failure;
    }
  }

  /// What a request reads, all at one timestamp, and what it writes.
  private final class Attempt {
    private final OneShot request;
    private final LookedThrough through = new LookedThrough(router);
    private final Map<Item, DocumentRows> looked = new LinkedHashMap<>();
    private final List<DocumentWrite> writes = new ArrayList<>();
    private final RowsAt found;

    Attempt(OneShot request, Timestamp now, Deadline deadline) {
      this.request = request;
      this.found = new RowsAt(router, now, deadline);
      Function<Item, DocumentRows> find =
          item -> through.readable(item.collection(), item.key(), item.columns(), now, deadline);
      request.reads().forEach(item -> looked.computeIfAbsent(item, find));
      request.conditions().forEach(each -> looked.computeIfAbsent(each.item(), find));
      for (OneShot.Write write : request.writes()) {
        writes.add(
            DocumentWrite.of(
                router,
                through.writable(write.collection(), write.mutation(), write.columns(), deadline),
                write.mutation()));
      }
      looked.values().forEach(found::want);
      writes.forEach(write -> write.lookAt(found));
      found.read();
    }

    private Response.Row row(Item item) {
      return found.document(Objects.requireNonNull(looked.get(item)));
    }

    List<Found> answers() {
      return request.reads().stream()
          .map(this::row)
          .map(row -> new Found(row.version(), row.document()))
          .toList();
    }

    @Nullable DatabaseException failure() {
      for (int at = 0; at < request.conditions().size(); at++) {
        Condition condition = request.conditions().get(at);
        Timestamp version = row(condition.item()).version();
        if (!DocumentRows.holds(condition.precondition(), version)) {
          return new DatabaseException(ErrorCode.CONDITION_FAILED, "a condition does not hold")
              .with("condition", at)
              .with("collection", condition.item().collection())
              .with("key", condition.item().key())
              .with("version", version);
        }
      }
      for (DocumentWrite write : writes) {
        Response.Row present = write.conflict(found);
        if (present != null) {
          return conflict(present.version())
              .with("collection", write.rows().collection())
              .with("key", write.rows().key());
        }
      }
      return null;
    }

    JointPlan joint() {
      return JointPlan.of(router, rows(), found);
    }

    private List<ClaimPlan.Row> rows() {
      return writes.stream().flatMap(write -> write.claims(found).stream()).toList();
    }

    ClaimPlan claims(JointPlan joint) {
      return ClaimPlan.of(router, Stream.concat(rows().stream(), joint.rows().stream()).toList());
    }

    TransactionParts parts(JointPlan joint, ClaimPlan claims) {
      var parts = new TransactionParts();
      // The first is the record.
      writes.forEach(write -> write.addTo(parts, found));
      for (DocumentRows rows : looked.values()) {
        if (rows.owners().isEmpty()) {
          through.missing(rows.collection(), rows.key());
        }
        rows.owners().forEach(owner -> parts.read(owner, rows.key()));
      }
      through.moveTo(parts);
      joint.addTo(parts);
      claims.addTo(parts);
      return parts;
    }
  }

  /// Why a write cannot be written, null if nothing is wrong with any.
  static @Nullable DatabaseException refused(List<MutationResult> results) {
    for (MutationResult result : results) {
      switch (result) {
        case MutationResult.Conflict(Timestamp current) -> {
          return conflict(current);
        }
        case MutationResult.UniqueViolation(long _, String index) -> {
          return new DatabaseException(
                  ErrorCode.UNIQUE_VIOLATION,
                  "another document has the same terms in a unique index")
              .with("index", index);
        }
        case MutationResult.Invalid(var code, String why) -> {
          return new DatabaseException(code, "the document cannot be stored").with("reason", why);
        }
        case MutationResult.Written _, MutationResult.NotApplied _, MutationResult.Unclaimed _ -> {}
      }
    }
    return null;
  }

  private static DatabaseException conflict(@Nullable Timestamp current) {
    return new DatabaseException(
            ErrorCode.CONDITION_FAILED, "the condition of a write does not hold")
        .with("version", current);
  }

  /// The result of an earlier attempt under the same name, null if there is none.
  private @Nullable OneShotResult repeated(
      OneShot request, TransactionId id, int attempts, Deadline deadline) {
    OneShot.Write first = request.writes().getFirst();
    DocumentRows rows =
        new LookedThrough(router)
            .writable(first.collection(), first.mutation(), first.columns(), deadline);
    // The first one that there was then has the record: one of less may have come back.
    for (PartitionDescriptor owner : rows.owners()) {
      Response response =
          router.call(owner, new Request.Lookup(owner.id(), owner.epoch(), id), deadline);
      switch (response) {
        case Response.Done() -> {}
        case Response.Finished(TransactionOutcome.Committed(Timestamp at)) -> {
          return new OneShotResult(at, answersAt(request, at, deadline), attempts, true);
        }
        case Response.Refusal refusal ->
            throw refusal.toException().with("partition", owner.name());
        default -> throw new IllegalStateException("no answer to a lookup: " + response);
      }
    }
    return null;
  }

  /// What a transaction that was committed at a timestamp has read.
  private List<Found> answersAt(OneShot request, Timestamp at, Deadline deadline) {
    var reads = new OneShot(null, request.reads(), List.of(), List.of());
    return new Attempt(reads, at.previous(), deadline).answers();
  }

  static Timestamp now(TimestampOracle oracle, Clock clock, Deadline deadline) {
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
