package dev.partita.node.partition;

import dev.partita.node.index.IndexDefinition;
import dev.partita.node.key.Datum;
import dev.partita.node.key.PrimaryKey;
import dev.partita.node.replication.ReplicationGroup;
import dev.partita.node.storage.Storage;
import dev.partita.node.time.Clock;
import dev.partita.node.time.Deadline;
import dev.partita.node.time.Timestamp;
import dev.partita.node.time.TimestampOracle;
import java.util.Collection;
import java.util.List;
import java.util.SequencedMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// One node's replica of a Partition: as the leader it serves requests, as any member it applies.
///
/// Answers are given on the thread that applies, on one of the read executor, or on the caller's.
public final class PartitionReplica {

  /// What a replica uses of its node.
  ///
  /// @param reads runs what reads the store; it may block
  /// @param background runs what reads much of the store while nobody waits for it, one thing after
  ///   the other
  /// @param watch knows which Partitions there are
  /// @param ending gives who ends transactions
  record Surroundings(
      Storage storage,
      TimestampOracle oracle,
      Clock clock,
      Executor reads,
      Executor background,
      PartitionSettings settings,
      SplitRules splitRules,
      Extent.Watch watch,
      Supplier<TransactionResolver> ending,
      Runnable serving) {

    TransactionResolver resolver() {
      return ending.get();
    }
  }

  /// Rows of a page that cost about as much as a request of one row.
  private static final double ROWS_PER_REQUEST = 10;

  private static final double NANOS_PER_MILLI = 1e6;
  private static final double MILLIS_PER_SECOND = 1e3;

  private final PartitionStateMachine machine;
  private final ReplicationGroup group;
  private final Surroundings node;
  private final ReadBarrier barrier;
  private final WritePipeline pipeline;
  private final ReplicaReader reader;
  private final ChangeReader changes;
  private final ReplicaDuties duties;
  private final TransactionDuties transactions;
  private final TimedAnswers answers;
  private final StatementLocks statements;
  private final LongAdder operations = new LongAdder();
  private final Rate operationRate;
  private final Rate cpuRate;
  private final LoadSampler load;
  private final SizeWatch size;
  private final ReplicaPromises promises;
  private final FreezeWatch freezes;

  /// Takes up the work of a replica whose group is open.
  ///
  /// @param initial what the Partition is made of if the group is new
  /// @param pause that ends when it serves, null if nobody waits for that
  PartitionReplica(
      PartitionStateMachine machine,
      ReplicationGroup group,
      PartitionDescriptor initial,
      Surroundings node,
      @Nullable WritePause pause) {
    this.machine = machine;
    this.group = group;
    this.node = node;
    this.changes = new ChangeReader(machine, node.storage(), node.clock());
    this.reader = new ReplicaReader(machine, node.storage(), node.splitRules(), changes);
    this.pipeline = new WritePipeline(group, node);
    this.barrier = new ReadBarrier(group);
    this.promises = new ReplicaPromises(machine, barrier, pipeline, reader);
    this.freezes = new FreezeWatch(node.clock());
    this.duties = new ReplicaDuties(machine, group, barrier, pipeline, initial, node, pause);
    this.transactions =
        new TransactionDuties(machine.transactions(), group, pipeline, this::isClosed, node);
    this.answers = new TimedAnswers(machine.transactions().locks(), transactions, node);
    this.statements =
        new StatementLocks(
            machine, group, barrier, pipeline, reader, transactions.queue(), answers, node.clock());
    this.operationRate = new Rate(operations::sum, node.clock().monotonicNanos());
    this.cpuRate = new Rate(machine.cpu()::nanos, node.clock().monotonicNanos());
    this.load = new LoadSampler(node.clock().monotonicNanos());
    this.size = new SizeWatch(node.storage(), node.background(), node.clock());
    machine.listen((leader, term, self) -> {
      duties.leaderChanged(leader, term, self);
      if (!self) {
        transactions.follow(leader);
      }
    });
  }

  public PartitionId id() {
    return machine.id();
  }

  public ReplicationGroup group() {
    return group;
  }

  /// What is applied here.
  public PartitionState state() {
    return machine.state();
  }

  PartitionStateMachine machine() {
    return machine;
  }

  /// Whether others have the rows of this Partition.
  public boolean isSplit() {
    return machine.state().split() != null;
  }

  /// When this replica has proposed what has closed the Partition, on the monotonic clock; null if
  /// another has, or it is not closed any more.
  @Nullable Long closedSinceNanos() {
    return duties.closedSinceNanos();
  }

  /// Whether nothing is to be done unasked, because others have the rows or are about to.
  private boolean isClosed() {
    return isSplit() || machine.state().freeze() != null;
  }

  /// Has the followers learn at once that everything until now is committed, which they do with the
  /// next entry: this one changes nothing.
  void tellFollowers() {
    var nothing = new PartitionCommand.RaiseSafePoint(Timestamp.MIN);
    var _ = group.propose(CommandCodec.encode(nothing, 16));
  }

  /// Transactions that are prepared here and not ended.
  public int preparedTransactions() {
    return machine.transactions().locks().size();
  }

  /// Asks the leader to split the Partition as soon as nothing is in the way. Asked again it goes
  /// on, and left alone for a moment it gives up.
  ///
  /// @param epoch of the Partition that is to be split
  /// @param at where, see [SplitBounds#halves]
  /// @param children ids and names of the halves, in their order
  public void wantSplit(
      Epoch epoch, @Nullable Datum at, SequencedMap<PartitionId, String> children) {
    duties.wantSplit(
        new PartitionCommand.Split(
            epoch,
            at,
            children.entrySet().stream()
                .map(child -> new PartitionCommand.Child(child.getKey(), child.getValue()))
                .toList()));
  }

  /// Asks the leader to freeze the Partition as soon as nothing is in the way, as [#wantSplit].
  ///
  /// @param epoch of the Partition that is to be frozen
  /// @param into the Partition that is to have the rows
  /// @param name of that one
  /// @param bounds of that one
  /// @param sibling the other one whose rows it is to have
  public void wantFreeze(
      Epoch epoch, PartitionId into, String name, Bounds bounds, PartitionId sibling) {
    duties.wantFreeze(
        new PartitionCommand.Freeze(epoch, new PartitionCommand.Child(into, name), bounds),
        sibling);
  }

  /// Asks the leader to let the Partition go on, if it is frozen to become a part of that one.
  public void wantUnfreeze(PartitionId into) {
    duties.wantUnfreeze(into);
  }

  /// Whether the Partition is frozen, or is to be: its members stay as they are.
  public boolean isFreezing() {
    return duties.isFreezing();
  }

  /// Learns that the Partition is frozen, or is not any more. For the thread that applies.
  void frozen() {
    freezes.changed(machine.state().freeze());
  }

  /// Tells which indexes the Partition is to have; as the leader, the replica adds, builds and
  /// drops them in the background.
  ///
  /// @param revision of the catalog that says so: indexes that a newer one has added stay
  public void wantIndexes(long revision, Collection<IndexDefinition> indexes) {
    duties.wantIndexes(revision, indexes);
  }

  /// What the replica looks like now.
  public ReplicaReport report() {
    PartitionState state = machine.state();
    LoadProfile profile = load.profile(node.clock().monotonicNanos());
    long rows = Math.max(0, state.rows());
    return new ReplicaReport(
        id(),
        state.descriptor(),
        group.status(),
        pipeline.leads(),
        rows,
        Math.max(0, state.bytes()),
        operationRate.perSecond(),
        Math.rint(cpuRate.perSecond() / NANOS_PER_MILLI) / MILLIS_PER_SECOND,
        profile,
        size.points(state, profile),
        state.indexes().stream()
            .filter(index -> index.index().id() != IndexDefinition.PRIMARY_ORDER_ID)
            .map(index -> IndexReport.of(index, rows))
            .toList(),
        state.split(),
        machine.isSplitDurably(),
        freezes.report(state.freeze()),
        Freezing.unsettled(state));
  }

  boolean leads() {
    return pipeline.leads();
  }

  /// What it promises, and was promised, about the past.
  ReplicaPromises promises() {
    return promises;
  }

  /// Nanoseconds of processor time that the Partition has taken here since the replica was opened.
  public long cpuNanos() {
    return machine.cpu().nanos();
  }

  /// Requests answered since the replica was opened.
  public long operations() {
    return operations.sum();
  }

  /// Executes a request if this replica leads. The future never fails.
  CompletableFuture<Response> handle(Request request, Deadline deadline) {
    operations.increment();
    SplitState split = machine.state().split();
    if (split != null && node.splitRules().refuses()) {
      // For ever, so any replica may say it.
      return CompletableFuture.completedFuture(new Response.Split(split.children()));
    }
    if (machine.state().freeze() != null && node.splitRules().freezes()) {
      return CompletableFuture.completedFuture(Freezing.MERGING);
    }
    return switch (request) {
      case Request.Stamped write -> {
        write.mutations().forEach(mutation -> load.write(mutation.key()));
        yield machine.cpu().sample(() -> write(write, deadline));
      }
      case Request.Finish finish -> finish(finish, deadline);
      case Request.Inspect inspect -> inspect(inspect, deadline);
      case Request.Vote vote -> vote(vote, deadline);
      case Request.Forget forget -> CompletableFuture.completedFuture(forget(forget));
      case Request.Lookup lookup -> lookup(lookup, deadline);
      case Request.Lock lock -> statements.lock(lock, deadline);
      case Request.RenewLocks renewal ->
          CompletableFuture.completedFuture(statements.renew(renewal));
      case Request.Unlock unlock -> CompletableFuture.completedFuture(statements.unlock(unlock));
      case Request.Read read -> {
        load.read(read.key());
        yield read(read, deadline);
      }
      case Request.Scan scan -> snapshotRead(scan, scan.at(), deadline).thenApply(this::sampled);
      case Request.IndexScan scan ->
          snapshotRead(scan, scan.at(), deadline).thenApply(this::sampled);
      case Request.Changes wanted -> changes(wanted, deadline);
    };
  }

  /// A page costs more than a row, by how many it has. Entries of an index are of rows anywhere.
  private Response sampled(Response page) {
    if (page instanceof Response.Rows(var rows, _, _) && !rows.isEmpty()) {
      PrimaryKey one = rows.getFirst().key();
      PrimaryKey other = rows.getLast().key();
      boolean forward = one.compareTo(other) <= 0;
      load.scan(forward ? one : other, forward ? other : one, pageWeight(rows.size()));
    } else if (page instanceof Response.Entries(var entries, _, _)) {
      load.scan(null, null, pageWeight(entries.size()));
    }
    return page;
  }

  private static double pageWeight(int rows) {
    return 1 + rows / ROWS_PER_REQUEST;
  }

  private CompletableFuture<Response> write(Request.Stamped write, Deadline deadline) {
    PartitionDescriptor descriptor = machine.state().descriptor();
    Response refusal = descriptor == null ? null : WriteChecks.check(write, descriptor);
    if (refusal == null && write instanceof Request.Prepare prepare) {
      if (duties.wouldBlock(prepare.transaction()) && pipeline.leads()) {
        return CompletableFuture.completedFuture(
            new Response.NotPrepared(Response.NotPrepared.Reason.CHANGED_PARTITION, List.of()));
      }
      refusal =
          WriteChecks.checkPrepare(
              prepare, duties.awaitsTransactions(), machine.transactions().locks().size());
    }
    // A follower may be behind: it says only who leads.
    return refusal != null && pipeline.leads()
        ? CompletableFuture.completedFuture(refusal)
        : transactions.queue().write(write, deadline);
  }

  private CompletableFuture<Response> finish(Request.Finish finish, Deadline deadline) {
    return answers.inTime(
        transactions
            .ends()
            .finish(
                new PartitionCommand.FinishTransaction(
                    finish.id(), finish.started(), finish.outcome())),
        deadline);
  }

  /// What is known needs no entry of the log to be told.
  private CompletableFuture<Response> inspect(Request.Inspect inspect, Deadline deadline) {
    CompletableFuture<Response> known =
        answers.afterwards(
            barrier.pass(),
            deadline,
            () -> {
              TransactionStatus status =
                  machine.transactions().visibleStatus(inspect.id(), inspect.started());
              return status.equals(TransactionStatus.absent())
                  ? new Response.Done()
                  : TransactionApplier.answer(status);
            });
    return known.thenCompose(response -> {
      if (!(response instanceof Response.Done)) {
        return CompletableFuture.completedFuture(response);
      }
      byte[] command =
          CommandCodec.encode(
              new PartitionCommand.InspectTransaction(inspect.id(), inspect.started()), 128);
      return answers.proposed(pipeline.proposeAbove(Timestamp.MIN, command), deadline);
    });
  }

  private CompletableFuture<Response> vote(Request.Vote vote, Deadline deadline) {
    byte[] command =
        CommandCodec.encode(
            new PartitionCommand.VoteTransaction(
                vote.id(), vote.started(), vote.ballot(), vote.outcome()),
            128);
    return answers.proposed(pipeline.proposeAbove(Timestamp.MIN, command), deadline);
  }

  private Response forget(Request.Forget forget) {
    if (!pipeline.leads()) {
      return new Response.NotLeader(group.status().leader());
    }
    transactions.ends().forget(forget.id());
    return new Response.Done();
  }

  private CompletableFuture<Response> lookup(Request.Lookup lookup, Deadline deadline) {
    CompletableFuture<Timestamp> now = barrier.pass().thenCompose(_ -> pipeline.snapshot(null));
    return answers
        .afterwards(
            now,
            deadline,
            () -> {
              HeldTransaction other = machine.transactions().locks().anyAttempt(lookup.id());
              if (other != null) {
                return new Response.Locked(other.id());
              }
              Timestamp commit = machine.transactions().visibleCommit(lookup.id(), now.join());
              return commit == null
                  ? new Response.Done()
                  : new Response.Finished(new TransactionOutcome.Committed(commit));
            })
        .thenCompose(
            response -> answers.unlocked(response, deadline, () -> lookup(lookup, deadline)));
  }

  private CompletableFuture<Response> read(Request.Read read, Deadline deadline) {
    if (read.at() != null) {
      return snapshotRead(read, read.at(), deadline);
    }
    CompletableFuture<Void> write = pipeline.underWay(read.key());
    CompletableFuture<Long> ready =
        write == null ? barrier.pass() : write.thenCompose(_ -> barrier.pass());
    return answers
        .afterwards(ready, deadline, () -> reader.newest(read))
        .thenCompose(response -> answers.unlocked(response, deadline, () -> read(read, deadline)));
  }

  /// As a snapshot read, it has the promise that nothing commits up to the timestamp any more. It
  /// does not wait for a transaction that is prepared, but reads up to it.
  private CompletableFuture<Response> changes(Request.Changes request, Deadline deadline) {
    CompletableFuture<Long> promised =
        pipeline.snapshot(request.upTo()).thenCompose(_ -> barrier.pass());
    return answers.afterwards(
        promised, deadline, () -> reader.changes(request, transactions::resolveLater));
  }

  private CompletableFuture<Response> snapshotRead(
      Request request, @Nullable Timestamp at, Deadline deadline) {
    if (at == null && pipeline.leads()) {
      // Its client may have been told of its commit, at a timestamp that is not known here yet. If
      // it ended between the choice of a timestamp and the look at the locks, it would be missed.
      HeldTransaction holder = machine.transactions().locks().writer(request, null);
      if (holder != null) {
        return answers.unlocked(
            new Response.Locked(holder.id()),
            deadline,
            () -> snapshotRead(request, null, deadline));
      }
    }
    CompletableFuture<Timestamp> snapshot = pipeline.snapshot(at);
    CompletableFuture<Timestamp> confirmed =
        snapshot.thenCompose(chosen -> barrier.pass().thenApply(_ -> chosen));
    CompletableFuture<Response> answer =
        answers.afterwards(confirmed, deadline, () -> reader.at(request, confirmed.join()));
    // Now was chosen just before the index became ready. The moment it did is later, so it sees at
    // least as much, and it is fixed, so this happens once.
    return answer
        .thenCompose(response ->
            at == null
                    && response instanceof Response.IndexNotReady(long _, Timestamp since)
                    && since != null
                ? snapshotRead(request, since, deadline)
                : CompletableFuture.completedFuture(response))
        // Without a timestamp of its own the read takes another one, which is not below that at
        // which the transaction has committed.
        .thenCompose(response ->
            answers.unlocked(response, deadline, () -> snapshotRead(request, at, deadline)));
  }

  /// Does what is due: called often, by one thread at a time.
  void tick() {
    pipeline.expire();
    operationRate.sample(node.clock().monotonicNanos());
    cpuRate.sample(node.clock().monotonicNanos());
    load.profile(node.clock().monotonicNanos());
    if (pipeline.leads()) {
      size.tick(machine.state());
    }
    duties.tick();
    transactions.tick();
    changes.tick();
  }

  /// Stops serving; the group is closed by its owner.
  void close() {
    pipeline.follow(null);
    transactions.follow(null);
    changes.close();
    duties.close();
  }
}
