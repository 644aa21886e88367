package dev.partita.node.transaction;

import dev.partita.node.error.DatabaseException;
import dev.partita.node.error.ErrorCode;
import dev.partita.node.key.PrimaryKey;
import dev.partita.node.partition.Mutation;
import dev.partita.node.partition.MutationResult;
import dev.partita.node.partition.PartitionDescriptor;
import dev.partita.node.partition.Request;
import dev.partita.node.partition.Response;
import dev.partita.node.partition.TransactionId;
import dev.partita.node.partition.TransactionOutcome;
import dev.partita.node.routing.Router;
import dev.partita.node.time.Clock;
import dev.partita.node.time.Deadline;
import dev.partita.node.time.Timestamp;
import dev.partita.node.time.TimestampOracle;
import dev.partita.node.transaction.OneShot.Condition;
import dev.partita.node.transaction.OneShot.Item;
import dev.partita.node.transaction.OneShotResult.Found;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// Runs transactions that come in one request, and tries again those that others were in the way
/// of. Safe for any thread; calls block.
public final class OneShotTransactions {

  /// How often one is tried. Who is in the way is older then or has finished: more does not help.
  private static final int ATTEMPTS_MAX = 10;

  private static final long BACKOFF_MILLIS_MIN = 2;
  private static final long BACKOFF_MILLIS_MAX = 100;

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
    Map<Item, PartitionDescriptor> owners = new HashMap<>();
    OneShot.Name name = request.name();
    TransactionId id =
        name == null ? TransactionId.random() : TransactionId.of(name.client(), name.sequence());
    make(request.writes(), deadline);
    if (name != null && !request.writes().isEmpty()) {
      id = id.again();
      OneShotResult before = repeated(request, id, owners, 0, deadline);
      if (before != null) {
        return before;
      }
    }
    return new Run(request, id, owners, deadline).run();
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
    private final Map<Item, PartitionDescriptor> owners;
    private final Deadline deadline;
    private TransactionId id;
    private @Nullable Timestamp priority;

    Run(
        OneShot request,
        TransactionId id,
        Map<Item, PartitionDescriptor> owners,
        Deadline deadline) {
      this.request = request;
      this.id = id;
      this.owners = owners;
      this.deadline = deadline;
    }

    OneShotResult run() {
      long backoffMillis = BACKOFF_MILLIS_MIN;
      String reason = "";
      for (int attempt = 1; attempt <= ATTEMPTS_MAX; attempt++) {
        if (attempt > 1) {
          id = id.again();
          pause(backoffMillis);
          backoffMillis = Math.min(BACKOFF_MILLIS_MAX, 2 * backoffMillis);
          if (deadline.isExpired(clock)) {
            break;
          }
        }
        owners.clear();
        Timestamp now = now(oracle, clock, deadline);
        Map<Item, Found> found = readAll(now);
        DatabaseException failed = failure(found);
        if (failed != null) {
          return repeatedOr(failed, attempt);
        }
        if (request.writes().isEmpty()) {
          return new OneShotResult(now, answers(found), attempt, false);
        }
        priority = priority == null ? now : priority;
        ClaimPlan claims = ClaimPlan.of(router, rows(found));
        claims.checkTogether();
        switch (transactions.commit(
            id, now, priority, request.protocol(), parts(claims).parts(now), deadline)) {
          case CommitResult.Committed(Timestamp at) -> {
            return new OneShotResult(at, answers(found), attempt, false);
          }
          case CommitResult.Repeated(Timestamp at) -> {
            return repetition(at, attempt);
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

    /// What fails may fail because of what the same transaction has written, sent once before.
    private OneShotResult repeatedOr(DatabaseException failure, int attempt) {
      OneShotResult before =
          request.name() == null || request.writes().isEmpty()
              ? null
              : repeated(request, id, owners, attempt, deadline);
      if (before != null) {
        return before;
      }
      throw failure;
    }

    private OneShotResult repetition(Timestamp at, int attempt) {
      return new OneShotResult(at, answers(readAll(at.previous())), attempt, true);
    }

    private Set<Item> looked() {
      Set<Item> items = new LinkedHashSet<>(request.reads());
      request.conditions().forEach(condition -> items.add(condition.item()));
      // What a document claims is what it has now and had not before.
      request.writes().stream()
          .filter(write -> !router.uniqueIndexes(write.collection()).isEmpty())
          .forEach(write -> items.add(write.item()));
      return items;
    }

    private List<ClaimPlan.Row> rows(Map<Item, Found> found) {
      return request.writes().stream()
          .filter(write -> found.containsKey(write.item()))
          .map(write ->
              new ClaimPlan.Row(
                  write.collection(),
                  owner(owners, write.item()),
                  write.mutation().key(),
                  Objects.requireNonNull(found.get(write.item())).document(),
                  write.mutation().document()))
          .toList();
    }

    private Map<Item, Found> readAll(Timestamp at) {
      return OneShotTransactions.this.readAll(looked(), owners, at, deadline);
    }

    private List<Found> answers(Map<Item, Found> found) {
      return request.reads().stream().map(item -> Objects.requireNonNull(found.get(item))).toList();
    }

    private @Nullable DatabaseException failure(Map<Item, Found> found) {
      for (int at = 0; at < request.conditions().size(); at++) {
        Condition condition = request.conditions().get(at);
        Timestamp version = Objects.requireNonNull(found.get(condition.item())).version();
        if (!holds(condition.precondition(), version)) {
          return new DatabaseException(ErrorCode.CONDITION_FAILED, "a condition does not hold")
              .with("condition", at)
              .with("collection", condition.item().collection())
              .with("key", condition.item().key())
              .with("version", version);
        }
      }
      return null;
    }

    private TransactionParts parts(ClaimPlan claims) {
      var parts = new TransactionParts();
      for (OneShot.Write write : request.writes()) {
        parts.write(owner(owners, write.item()), write.mutation());
      }
      var through = new LookedThrough(router);
      for (Item item : looked()) {
        PartitionDescriptor owner = owners.get(item);
        if (owner == null) {
          through.missing(item.collection(), item.key());
        } else {
          parts.read(owner, item.key());
        }
      }
      through.moveTo(parts);
      claims.addTo(parts);
      return parts;
    }
  }

  /// Why a write cannot be written, null if nothing is wrong with any.
  static @Nullable DatabaseException refused(List<MutationResult> results) {
    for (MutationResult result : results) {
      switch (result) {
        case MutationResult.Conflict(Timestamp current) -> {
          return new DatabaseException(
                  ErrorCode.CONDITION_FAILED, "the condition of a write does not hold")
              .with("version", current);
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

  private static boolean holds(Mutation.Precondition precondition, @Nullable Timestamp version) {
    return switch (precondition) {
      case Mutation.Always() -> true;
      case Mutation.IfAbsent() -> version == null;
      case Mutation.IfPresent() -> version != null;
      case Mutation.IfVersion(Timestamp wanted) -> wanted.equals(version);
      case Mutation.IfAbsentOr _ -> throw new IllegalArgumentException("claims have no conditions");
    };
  }

  private PartitionDescriptor owner(Map<Item, PartitionDescriptor> owners, Item item) {
    return owners.computeIfAbsent(item, one -> router.owner(one.collection(), one.key()));
  }

  /// The result of an earlier attempt under the same name, null if there is none.
  private @Nullable OneShotResult repeated(
      OneShot request,
      TransactionId id,
      Map<Item, PartitionDescriptor> owners,
      int attempts,
      Deadline deadline) {
    PartitionDescriptor record = owner(owners, request.writes().getFirst().item());
    Response response =
        router.call(record, new Request.Lookup(record.id(), record.epoch(), id), deadline);
    return switch (response) {
      case Response.Done() -> null;
      case Response.Finished(TransactionOutcome.Committed(Timestamp at)) -> {
        Map<Item, Found> found =
            readAll(new LinkedHashSet<>(request.reads()), owners, at.previous(), deadline);
        yield new OneShotResult(
            at,
            request.reads().stream().map(item -> Objects.requireNonNull(found.get(item))).toList(),
            attempts,
            true);
      }
      case Response.Refusal refusal -> throw refusal.toException().with("partition", record.name());
      default -> throw new IllegalStateException("no answer to a lookup: " + response);
    };
  }

  private Map<Item, Found> readAll(
      Set<Item> items, Map<Item, PartitionDescriptor> owners, Timestamp at, Deadline deadline) {
    items.forEach(item -> find(owners, item, at, deadline));
    if (items.size() == 1) {
      Item item = items.iterator().next();
      return Map.of(item, read(owners.get(item), item, at, deadline));
    }
    Map<Item, Found> found = new ConcurrentHashMap<>();
    Map<Item, DatabaseException> failed = new ConcurrentHashMap<>();
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      for (Item item : items) {
        PartitionDescriptor owner = owners.get(item);
        threads.execute(() -> {
          try {
            found.put(item, read(owner, item, at, deadline));
          } catch (DatabaseException e) {
            failed.put(item, e);
          }
        });
      }
    }
    for (DatabaseException failure : failed.values()) {
      throw failure;
    }
    return found;
  }

  /// Notes where an item is, unless its interval has nothing.
  private void find(
      Map<Item, PartitionDescriptor> owners, Item item, Timestamp at, Deadline deadline) {
    if (!owners.containsKey(item)) {
      PartitionDescriptor owner = router.readable(item.collection(), item.key(), at, deadline);
      if (owner != null) {
        owners.put(item, owner);
      }
    }
  }

  private Found read(
      @Nullable PartitionDescriptor partition, Item item, Timestamp at, Deadline deadline) {
    if (partition == null) {
      return new Found(null, null);
    }
    Response response =
        router.call(
            partition,
            new Request.Read(partition.id(), partition.epoch(), item.key(), at),
            deadline);
    return switch (response) {
      case Response.Row(Timestamp version, var document) -> new Found(version, document);
      case Response.Refusal refusal ->
          throw refusal.toException().with("partition", partition.name());
      default -> throw new IllegalStateException("no answer to a read: " + response);
    };
  }

  static Timestamp now(TimestampOracle oracle, Clock clock, Deadline deadline) {
    try {
      return oracle.next(1).get(deadline.remainingNanos(clock), TimeUnit.NANOSECONDS).first();
    } catch (ExecutionException | TimeoutException e) {
      throw new DatabaseException(ErrorCode.UNAVAILABLE, "no timestamp can be had", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new DatabaseException(ErrorCode.UNAVAILABLE, "interrupted", e);
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
}
