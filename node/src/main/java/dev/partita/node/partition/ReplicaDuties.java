package dev.partita.node.partition;

import static java.util.Objects.requireNonNull;

import dev.partita.node.index.IndexDefinition;
import dev.partita.node.raft.NodeId;
import dev.partita.node.replication.ReplicationGroup;
import dev.partita.node.time.Timestamp;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// What a replica does unasked. As the leader: take up its term, make a new group a Partition, add,
/// build and drop indexes, raise the safe point. As any member: drop versions below the safe point.
///
/// A leader has at most one command of its own under way; the next one follows when it is applied,
/// so a build goes as fast as the group applies and no faster.
final class ReplicaDuties {

  private final PartitionStateMachine machine;
  private final ReplicationGroup group;
  private final ReadBarrier barrier;
  private final WritePipeline pipeline;
  private final PartitionDescriptor initial;
  private final PartitionReplica.Surroundings node;

  /// How long a split is tried after it was asked for last.
  private static final Duration SPLIT_WANTED = Duration.ofSeconds(2);

  /// How long transactions are held back so that a split can be made, and how often at most: what
  /// is prepared may be an orphan, which takes longer to end than others should wait.
  private static final Duration SPLIT_HOLDS = Duration.ofSeconds(1);

  /// By how much shorter the steps of building an index are that nobody waits for.
  private static final int LEISURE = 5;

  private static final Duration REST_MIN = Duration.ofMillis(5);

  /// How long a new leader leaves undone what nobody waits for: others wait for leaders to be
  /// elected, here or next to it.
  private static final Duration REST_AT_FIRST = Duration.ofMillis(200);

  private static final String MERGING = "The partition is being merged";

  private static final Duration SPLIT_HOLDS_EVERY = Duration.ofSeconds(4);

  private record WantedSplit(PartitionCommand.Split split, long sinceNanos, long untilNanos) {}

  /// A freeze or its end, and until when it is tried.
  ///
  /// @param sibling what is frozen with it, null for the end
  private record WantedFreeze(
      PartitionCommand command, @Nullable PartitionId sibling, long sinceNanos, long untilNanos) {}

  /// When a Partition was proposed to be closed, and the epoch that it has if that has come about.
  private record Closing(Epoch epoch, long sinceNanos) {}

  private record WantedIndexes(long revision, Map<Long, IndexDefinition> byId) {}

  private volatile @Nullable WantedIndexes wanted;
  private volatile boolean closed;
  private volatile boolean awaitsTransactions;
  private volatile @Nullable WantedSplit wantedSplit;
  private volatile @Nullable WantedFreeze wantedFreeze;
  private volatile boolean removingLitter;

  // Guarded by this.
  private long term;
  private boolean leading;
  private long generation;
  private boolean takingUp;
  private boolean commandUnderWay;
  private long nextSafePointNanos;
  private long restUntilNanos;
  private @Nullable WritePause pause;
  private @Nullable Closing closing;

  private final OldVersions oldVersions;
  private final RowCounter counter;

  ReplicaDuties(
      PartitionStateMachine machine,
      ReplicationGroup group,
      ReadBarrier barrier,
      WritePipeline pipeline,
      PartitionDescriptor initial,
      PartitionReplica.Surroundings node,
      @Nullable WritePause pause) {
    this.machine = machine;
    this.group = group;
    this.barrier = barrier;
    this.pipeline = pipeline;
    this.initial = initial;
    this.node = node;
    this.pause = pause;
    this.oldVersions = new OldVersions(node.storage(), node.settings().retention());
    this.counter = new RowCounter(machine.id(), node.storage(), node.background(), this::propose);
    this.nextSafePointNanos =
        node.clock().monotonicNanos() + node.settings().safePointInterval().toNanos();
    this.restUntilNanos = node.clock().monotonicNanos();
  }

  void wantIndexes(long revision, Collection<IndexDefinition> indexes) {
    var byId = new HashMap<Long, IndexDefinition>();
    indexes.forEach(index -> byId.put(index.id(), index));
    wanted = new WantedIndexes(revision, byId);
    propose();
  }

  void wantSplit(PartitionCommand.Split split) {
    long now = node.clock().monotonicNanos();
    WantedSplit before = wantedSplit;
    boolean same = before != null && before.split().equals(split) && now - before.untilNanos() < 0;
    long since = before != null && same ? before.sinceNanos() : now;
    wantedSplit = new WantedSplit(split, since, now + SPLIT_WANTED.toNanos());
    propose();
  }

  /// Has the Partition frozen as soon as nothing is in the way, as [#wantSplit].
  ///
  /// @param sibling what becomes a part of the same Partition
  void wantFreeze(PartitionCommand.Freeze freeze, PartitionId sibling) {
    want(freeze, sibling);
  }

  void wantUnfreeze(PartitionId into) {
    want(new PartitionCommand.Unfreeze(into), null);
  }

  private void want(PartitionCommand command, @Nullable PartitionId sibling) {
    long now = node.clock().monotonicNanos();
    WantedFreeze before = wantedFreeze;
    boolean same = before != null && before.command().equals(command) && isWanted(before, now);
    long since = before != null && same ? before.sinceNanos() : now;
    wantedFreeze = new WantedFreeze(command, sibling, since, now + SPLIT_WANTED.toNanos());
    propose();
  }

  private static boolean isWanted(WantedFreeze freeze, long now) {
    return now - freeze.untilNanos() < 0;
  }

  /// Whether it has been asked for a freeze just now, or is frozen.
  boolean isFreezing() {
    WantedFreeze wanted = wantedFreeze;
    return machine.state().freeze() != null
        || (wanted != null
            && wanted.command() instanceof PartitionCommand.Freeze
            && isWanted(wanted, node.clock().monotonicNanos()));
  }

  private @Nullable PartitionCommand dueFreeze(PartitionState state) {
    WantedFreeze wanted = wantedFreeze;
    if (wanted == null) {
      return null;
    }
    if (!isWanted(wanted, node.clock().monotonicNanos())) {
      wantedFreeze = null;
      return null;
    }
    PartitionDescriptor descriptor = state.descriptor();
    return switch (wanted.command()) {
      case PartitionCommand.Freeze freeze ->
          state.freeze() == null
                  && descriptor != null
                  && descriptor.epoch().equals(freeze.epoch())
                  && Freezing.obstacle(state, machine.transactions().locks()) == null
              ? freeze
              : null;
      default -> state.freeze() == null ? null : wanted.command();
    };
  }

  private @Nullable PartitionCommand dueSplit(PartitionState state) {
    WantedSplit wanted = wantedSplit;
    if (wanted == null) {
      return null;
    }
    if (node.clock().monotonicNanos() - wanted.untilNanos() >= 0) {
      wantedSplit = null;
      return null;
    }
    PartitionDescriptor descriptor = state.descriptor();
    return descriptor != null
            && descriptor.epoch().equals(wanted.split().epoch())
            && Splitting.obstacle(state, machine.transactions().locks()) == null
        ? wanted.split().ledBy(group.status().leader())
        : null;
  }

  void leaderChanged(@Nullable NodeId leader, long newTerm, boolean self) {
    synchronized (this) {
      if (self && leading && term == newTerm) {
        return;
      }
      term = newTerm;
      leading = self;
      if (leader != null && !self) {
        pause = null; // it ends elsewhere
      }
      takingUp = false;
      restUntilNanos = node.clock().monotonicNanos() + REST_AT_FIRST.toNanos();
    }
    if (self) {
      long begun = pipeline.prepare();
      synchronized (this) {
        generation = begun;
      }
      takeUp();
    } else {
      pipeline.follow(leader);
    }
  }

  /// Begins the term: everything that predecessors have committed is applied, and a fresh timestamp
  /// is above all that they have promised. Nobody can promise anything any more when this replica
  /// has become the leader, so the timestamp need not wait for what is to be applied.
  private void takeUp() {
    long begun;
    synchronized (this) {
      if (!leading || takingUp || closed || !pipeline.isPreparing(generation)) {
        return;
      }
      takingUp = true;
      begun = generation;
    }
    var _ =
        group
            .readBarrier()
            .thenCombine(node.oracle().next(1), (_, block) -> block)
            .whenComplete((block, failure) -> {
              synchronized (this) {
                if (generation == begun) {
                  takingUp = false;
                }
              }
              if (failure == null) {
                pipeline.lead(begun, block.first());
                served();
                propose();
              }
            });
  }

  private void served() {
    WritePause ended;
    synchronized (this) {
      if (!pipeline.leads()) {
        return;
      }
      ended = pause;
      pause = null;
    }
    if (ended != null) {
      ended.served(node.clock().monotonicNanos());
    }
    node.serving().run();
  }

  /// When this replica has proposed what has closed the Partition; null if another has, or it is
  /// not closed any more.
  synchronized @Nullable Long closedSinceNanos() {
    PartitionDescriptor descriptor = machine.state().descriptor();
    return closing != null && descriptor != null && descriptor.epoch().equals(closing.epoch())
        ? closing.sinceNanos()
        : null;
  }

  /// Proposes the next thing that is due, if there is one. What a split leaves to be done comes
  /// last and takes its time, so that those who read and write notice nothing of it.
  private void propose() {
    PartitionCommand due;
    PartitionState before = machine.state();
    long now = node.clock().monotonicNanos();
    boolean atLeisure = false;
    synchronized (this) {
      if (!leading || commandUnderWay || closed || !pipeline.leads()) {
        return;
      }
      due = due(before);
      if (due == null && now - restUntilNanos >= 0) {
        atLeisure = true;
        due = dueAfterSplit(before);
      }
      if (due == null) {
        return;
      }
      commandUnderWay = true;
      if (due instanceof PartitionCommand.Split || due instanceof PartitionCommand.Freeze) {
        closing = new Closing(requireNonNull(before.descriptor()).epoch().next(), now);
      }
    }
    boolean rests = atLeisure;
    var settled = new CompletableFuture<Void>();
    if (due instanceof PartitionCommand.Split && node.splitRules().awaits()) {
      barrier.awaitSplit(settled);
    }
    var _ =
        group
            .propose(CommandCodec.encode(due, 256))
            .whenComplete((_, failure) -> {
              settled.complete(null);
              long taken = rests ? rest(now) : 0;
              synchronized (this) {
                commandUnderWay = false;
              }
              // After a failure the next tick tries again, and so it does when nothing has come of
              // it because of a transaction.
              if (failure == null && hasProgressed(before, machine.state())) {
                if (rests) {
                  CompletableFuture.delayedExecutor(taken, TimeUnit.NANOSECONDS, node.reads())
                      .execute(this::propose);
                } else {
                  propose();
                }
              }
            });
  }

  /// As long as the step took that began then: others have half of the time.
  private synchronized long rest(long begunNanos) {
    long now = node.clock().monotonicNanos();
    long taken = Math.max(REST_MIN.toNanos(), now - begunNanos);
    restUntilNanos = now + taken;
    return taken;
  }

  private static boolean hasProgressed(PartitionState before, PartitionState now) {
    return !now.indexes().equals(before.indexes()) || now.estimated() != before.estimated();
  }

  private @Nullable PartitionCommand due(PartitionState state) {
    if (state.descriptor() == null) {
      return new PartitionCommand.Create(initial);
    }
    if (state.split() != null) {
      return null;
    }
    PartitionCommand freeze = dueFreeze(state);
    if (freeze != null || state.freeze() != null) {
      return freeze;
    }
    PartitionCommand split = dueSplit(state);
    if (split != null) {
      return split;
    }
    WantedIndexes indexes = wanted;
    if (indexes != null) {
      for (IndexDefinition index : indexes.byId().values()) {
        if (state.index(index.id()) == null) {
          // What is prepared was not checked for the index; nothing more is until it is added.
          awaitsTransactions = true;
          if (!machine.transactions().locks().isEmpty()) {
            return null;
          }
          return new PartitionCommand.AddIndex(index, indexes.revision());
        }
      }
      awaitsTransactions = false;
      for (IndexState index : state.indexes()) {
        if (!indexes.byId().containsKey(index.index().id())
            && index.revision() <= indexes.revision()) {
          return new PartitionCommand.DropIndex(index.index().id(), indexes.revision());
        }
      }
    }
    for (IndexState index : state.indexes()) {
      if (index.isBuilding() && index.maintainedShares().isEmpty()) {
        return new PartitionCommand.Backfill(index.index().id(), node.settings().backfillRows());
      }
    }
    return null;
  }

  private @Nullable PartitionCommand dueAfterSplit(PartitionState state) {
    if (state.freeze() != null) {
      return null;
    }
    if (state.estimated()) {
      return counter.correction();
    }
    for (IndexState index : state.indexes()) {
      if (index.isBuilding()) {
        return new PartitionCommand.Backfill(
            index.index().id(), Math.max(1, node.settings().backfillRows() / LEISURE));
      }
      if (index.inherited().stream()
          .anyMatch(share -> IndexState.isOver(share, state.safePoint()))) {
        return new PartitionCommand.DropInherited();
      }
    }
    return null;
  }

  /// Why no transaction is to be prepared for now, null if nothing speaks against it.
  @Nullable String awaitsTransactions() {
    if (awaitsTransactions) {
      return "An index is being added";
    }
    WantedSplit wanted = wantedSplit;
    long now = node.clock().monotonicNanos();
    if (wanted != null && now - wanted.untilNanos() < 0 && holds(now - wanted.sinceNanos())) {
      return "The partition is being split";
    }
    return heldFor(now) == null ? null : MERGING;
  }

  private static boolean holds(long sinceNanos) {
    return sinceNanos % SPLIT_HOLDS_EVERY.toNanos() < SPLIT_HOLDS.toNanos();
  }

  private @Nullable WantedFreeze heldFor(long now) {
    WantedFreeze freeze = wantedFreeze;
    return freeze != null
            && freeze.command() instanceof PartitionCommand.Freeze
            && isWanted(freeze, now)
            && holds(now - freeze.sinceNanos())
        ? freeze
        : null;
  }

  /// Whether a transaction would wait for the freeze of one side, which waits for it at the other.
  boolean wouldBlock(Transaction transaction) {
    WantedFreeze freeze = heldFor(node.clock().monotonicNanos());
    PartitionId sibling = freeze == null ? null : freeze.sibling();
    return sibling != null && transaction.participants().contains(sibling);
  }

  void tick() {
    if (closed) {
      return;
    }
    takeUp();
    propose();
    raiseSafePoint();
    oldVersions.drop(machine.state());
    removeLitter();
    if (!pipeline.leads() || !mayCount(machine.state())) {
      counter.stop();
    }
  }

  private static boolean mayCount(PartitionState state) {
    return state.estimated() && state.split() == null && state.freeze() == null;
  }

  private void removeLitter() {
    PartitionDescriptor descriptor = machine.state().descriptor();
    if (descriptor == null || removingLitter || !machine.takeLitter()) {
      return;
    }
    removingLitter = true;
    node.reads()
        .execute(() -> {
          try {
            Litter.remove(node.storage(), descriptor);
          } finally {
            removingLitter = false;
          }
        });
  }

  private void raiseSafePoint() {
    synchronized (this) {
      long now = node.clock().monotonicNanos();
      if (!leading || !pipeline.leads() || now - nextSafePointNanos < 0) {
        return;
      }
      nextSafePointNanos = now + node.settings().safePointInterval().toNanos();
    }
    PartitionState state = machine.state();
    if (state.split() != null
        || state.freeze() != null
        || !state.lastCommit().isAfter(state.safePoint())) {
      return; // nothing was written since, so there is nothing to drop
    }
    pipeline.refresh().thenCompose(_ -> proposeSafePoint()).exceptionally(_ -> null);
  }

  private CompletableFuture<?> proposeSafePoint() {
    long millis = pipeline.newest().millis() - node.settings().retention().toMillis();
    Timestamp safePoint = millis <= 0 ? Timestamp.MIN : Timestamp.ofMillis(millis);
    if (!safePoint.isAfter(machine.state().safePoint())) {
      return CompletableFuture.completedFuture(null);
    }
    return group.propose(CommandCodec.encode(new PartitionCommand.RaiseSafePoint(safePoint), 64));
  }

  void close() {
    closed = true;
    counter.stop();
  }
}
