package dev.partita.node.partition;

import dev.partita.node.index.IndexDefinition;
import dev.partita.node.replication.ReplicationGroup;
import dev.partita.node.storage.ReadView;
import dev.partita.node.storage.Storage;
import dev.partita.node.time.Clock;
import dev.partita.node.time.Deadline;
import dev.partita.node.time.Timestamp;
import dev.partita.node.time.TimestampOracle;
import java.util.Collection;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// One node's replica of a Partition: as the leader it serves requests, as any member it applies.
///
/// Answers are given on the thread that applies, on one of the read executor, or on the caller's.
public final class PartitionReplica {

  /// What a replica uses of its node.
  ///
  /// @param reads runs what reads the store; it may block
  record Surroundings(
      Storage storage,
      TimestampOracle oracle,
      Clock clock,
      Executor reads,
      PartitionSettings settings) {}

  private final PartitionStateMachine machine;
  private final ReplicationGroup group;
  private final Surroundings node;
  private final WritePipeline pipeline;
  private final ReplicaDuties duties;
  private final OperationRate rate;

  /// Takes up the work of a replica whose group is open.
  ///
  /// @param initial what the Partition is made of if the group is new
  PartitionReplica(
      PartitionStateMachine machine,
      ReplicationGroup group,
      PartitionDescriptor initial,
      Surroundings node) {
    this.machine = machine;
    this.group = group;
    this.node = node;
    this.pipeline = new WritePipeline(node.settings(), group, node.oracle(), node.clock());
    this.duties = new ReplicaDuties(machine, group, pipeline, initial, node);
    this.rate = new OperationRate(node.clock().monotonicNanos());
    machine.listen(duties::leaderChanged);
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
    return new ReplicaReport(
        id(),
        state.descriptor(),
        group.status(),
        pipeline.leads(),
        state.rows(),
        state.bytes(),
        rate.perSecond(),
        state.indexes().stream()
            .filter(index -> index.index().id() != IndexDefinition.PRIMARY_ORDER_ID)
            .map(index -> IndexReport.of(index, state.rows()))
            .toList());
  }

  /// Requests answered since the replica was opened.
  public long operations() {
    return rate.total();
  }

  /// Executes a request if this replica leads. The future never fails.
  CompletableFuture<Response> handle(Request request, Deadline deadline) {
    CompletableFuture<Response> answer =
        switch (request) {
          case Request.Write write -> write(write, deadline);
          case Request.Read read -> read(read, deadline);
          case Request.Scan scan -> snapshotRead(scan, scan.at(), deadline);
          case Request.IndexScan scan -> snapshotRead(scan, scan.at(), deadline);
        };
    rate.add(1);
    return answer;
  }

  private CompletableFuture<Response> write(Request.Write write, Deadline deadline) {
    PartitionDescriptor descriptor = machine.state().descriptor();
    Response refusal = descriptor == null ? null : check(write, descriptor);
    // A follower may be behind: it says only who leads.
    return refusal != null && pipeline.leads()
        ? CompletableFuture.completedFuture(refusal)
        : pipeline.write(write, deadline);
  }

  private static Response.@Nullable Refusal check(
      Request.Write write, PartitionDescriptor descriptor) {
    if (!write.epoch().equals(descriptor.epoch())) {
      return new Response.WrongEpoch(descriptor);
    }
    if (PendingWrite.sizeBytes(write) > Request.WRITE_BYTES_MAX) {
      return new Response.Invalid(
          "A write has at most " + Request.WRITE_BYTES_MAX + " bytes of documents and keys");
    }
    for (Mutation mutation : write.mutations()) {
      var document = mutation.document();
      if (document != null && document.size() > Request.DOCUMENT_BYTES_MAX) {
        return new Response.Invalid(
            "A document has at most " + Request.DOCUMENT_BYTES_MAX + " bytes");
      }
      if (!descriptor.bounds().contains(mutation.key())) {
        return new Response.OutOfBounds(mutation.key());
      }
    }
    return null;
  }

  private CompletableFuture<Response> read(Request.Read read, Deadline deadline) {
    if (read.at() != null) {
      return snapshotRead(read, read.at(), deadline);
    }
    return afterwards(group.readBarrier(), deadline, () -> readNewest(read));
  }

  private Response readNewest(Request.Read read) {
    PartitionDescriptor descriptor = machine.state().descriptor();
    Response refusal = check(read, descriptor);
    if (refusal != null || descriptor == null) {
      return refusal == null ? uncreated() : refusal;
    }
    Response row =
        PageReader.row(node.storage().get(new PartitionKeys(descriptor).row(read.key())));
    // The bounds may have changed between check and read.
    Response late = check(read, machine.state().descriptor());
    return late == null ? row : late;
  }

  private CompletableFuture<Response> snapshotRead(
      Request request, @Nullable Timestamp at, Deadline deadline) {
    CompletableFuture<Timestamp> snapshot = pipeline.snapshot(at);
    CompletableFuture<Timestamp> confirmed =
        snapshot.thenCompose(chosen -> group.readBarrier().thenApply(_ -> chosen));
    CompletableFuture<Response> answer =
        afterwards(confirmed, deadline, () -> readAt(request, confirmed.join()));
    // Now was chosen just before the index became ready. The moment it did is later, so it sees at
    // least as much, and it is fixed, so this happens once.
    return answer.thenCompose(response ->
        at == null
                && response instanceof Response.IndexNotReady(long _, Timestamp since)
                && since != null
            ? snapshotRead(request, since, deadline)
            : CompletableFuture.completedFuture(response));
  }

  private Response readAt(Request request, Timestamp at) {
    try (ReadView view = node.storage().view()) {
      // The state is as new as the view or newer, and epochs only rise: if it has the request's
      // epoch, so had the view.
      PartitionState state = machine.state();
      PartitionDescriptor descriptor = state.descriptor();
      Response refusal = check(request, descriptor);
      if (refusal != null || descriptor == null) {
        return refusal == null ? uncreated() : refusal;
      }
      if (at.isBefore(state.safePoint())) {
        return new Response.TimestampTooOld(state.safePoint());
      }
      var reader = new PageReader(view, descriptor, at);
      return switch (request) {
        case Request.Read read -> reader.row(read.key());
        case Request.Scan scan -> reader.rows(scan);
        case Request.IndexScan scan -> readIndex(scan, state, reader, at);
        case Request.Write _ -> throw new IllegalStateException("a write is no read");
      };
    }
  }

  private static Response readIndex(
      Request.IndexScan scan, PartitionState state, PageReader reader, Timestamp at) {
    IndexState index = state.index(scan.indexId());
    if (index == null) {
      return new Response.IndexNotReady(scan.indexId(), null);
    }
    return switch (index.phase()) {
      case IndexState.Building _ -> new Response.IndexNotReady(scan.indexId(), null);
      case IndexState.Failed(String message) -> new Response.Invalid(message);
      case IndexState.Ready(Timestamp since) -> {
        if (at.isBefore(since)) {
          yield new Response.IndexNotReady(scan.indexId(), since);
        }
        if (scan.terms().size() > index.index().terms().size()) {
          yield new Response.Invalid(
              "The index has %d terms, not %d"
                  .formatted(index.index().terms().size(), scan.terms().size()));
        }
        yield reader.entries(index.index(), scan);
      }
    };
  }

  private static Response.@Nullable Refusal check(
      Request request, @Nullable PartitionDescriptor descriptor) {
    if (descriptor == null) {
      return uncreated();
    }
    if (!request.epoch().equals(descriptor.epoch())) {
      return new Response.WrongEpoch(descriptor);
    }
    if (request instanceof Request.Read read && !descriptor.bounds().contains(read.key())) {
      return new Response.OutOfBounds(read.key());
    }
    return null;
  }

  private static Response.Unavailable uncreated() {
    return new Response.Unavailable("The partition is being created");
  }

  /// Reads once a future is complete: at once on a caller that may block, else on the executor.
  private CompletableFuture<Response> afterwards(
      CompletableFuture<?> condition, Deadline deadline, Supplier<Response> read) {
    CompletableFuture<Response> answer;
    if (condition.isDone() && !condition.isCompletedExceptionally() && mayBlock()) {
      answer = CompletableFuture.completedFuture(read.get());
    } else {
      answer = condition.thenApplyAsync(_ -> read.get(), node.reads());
      if (!answer.isDone()) {
        answer.completeOnTimeout(
            new Response.Unavailable("Time has run out"),
            deadline.remainingNanos(node.clock()),
            TimeUnit.NANOSECONDS);
      }
    }
    return answer.exceptionally(PartitionReplica::readRefusal);
  }

  private static boolean mayBlock() {
    return Thread.currentThread().isVirtual();
  }

  /// A read that failed did nothing.
  private static Response readRefusal(Throwable failure) {
    Response.Refusal refusal = WritePipeline.refusal(failure);
    return refusal instanceof Response.OutcomeUnknown(String reason)
        ? new Response.Unavailable(reason)
        : refusal;
  }

  /// Does what is due: called often, by one thread at a time.
  void tick() {
    pipeline.expire();
    rate.sample(node.clock().monotonicNanos());
    duties.tick();
  }

  /// Stops serving; the group is closed by its owner.
  void close() {
    pipeline.follow(null);
    duties.close();
  }
}
