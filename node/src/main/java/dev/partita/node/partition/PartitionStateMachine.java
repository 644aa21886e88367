package dev.partita.node.partition;

import dev.partita.node.index.IndexDefinition;
import dev.partita.node.partition.PartitionCommand.Timed;
import dev.partita.node.partition.PartitionCommand.TimedPrepare;
import dev.partita.node.partition.PartitionCommand.TimedWrite;
import dev.partita.node.raft.Configuration;
import dev.partita.node.raft.NodeId;
import dev.partita.node.raft.SnapshotMark;
import dev.partita.node.replication.Command;
import dev.partita.node.replication.SnapshotSource;
import dev.partita.node.replication.StateMachine;
import dev.partita.node.storage.Batch;
import dev.partita.node.storage.Span;
import dev.partita.node.storage.Storage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// A Partition's replicated state on one node: its rows, index entries and [PartitionState], all in
/// the node's store.
///
/// The result of a [PartitionCommand.Writes] or [PartitionCommand.FinishTransactions] is a
/// `List<Response>`, one for each write or end; of a command that ends a transaction or asks for
/// it, a [Response]; of every other command it is the [PartitionState] after it.
///
/// Threads: as [StateMachine] says. [#state], [#mark] and [#durableIndex] may be called by any.
final class PartitionStateMachine implements StateMachine {

  /// Bytes of changes after which they are committed to the store, in the middle of a long list of
  /// commands.
  private static final long BATCH_BYTES_MAX = 8 << 20;

  /// Learns that the Partition is split. Called on the thread that applies, when the children are
  /// in the store, or when a snapshot has come in the place of the entry that made them; may be
  /// called again.
  @FunctionalInterface
  interface SplitListener {
    void split(SplitState split);
  }

  private final PartitionId id;
  private final Storage storage;
  private final PartitionSnapshots snapshots;
  private final TransactionTable transactions;
  private final RecentChanges recentChanges;

  private volatile PartitionState state;

  /// Odd while other data comes in the place of what is here.
  private final AtomicLong installations = new AtomicLong();

  private volatile boolean closed;
  private volatile long durableIndex;
  private volatile boolean mergedDurably;
  private final KnownLeader leadership = new KnownLeader();
  private volatile SplitListener splitListener = _ -> {};
  private volatile Runnable freezeListener = () -> {};
  private volatile Runnable indexListener = () -> {};

  /// Held while the state changes.
  private final ReentrantLock changing = new ReentrantLock();

  private final SplitRules splitRules;
  private final CpuMeter cpu = new CpuMeter();

  /// Whether there may be litter that nobody has begun to remove.
  private volatile boolean litter;

  /// Takes up what the store has of the replica. An installation that a crash has cut short is
  /// cleared away first.
  PartitionStateMachine(PartitionId id, Storage storage) {
    this(id, storage, SplitRules.SAFE);
  }

  PartitionStateMachine(PartitionId id, Storage storage, SplitRules splitRules) {
    this(id, storage, splitRules, new RecentChanges());
  }

  PartitionStateMachine(
      PartitionId id, Storage storage, SplitRules splitRules, RecentChanges recentChanges) {
    this.recentChanges = recentChanges;
    this.id = id;
    this.storage = storage;
    this.splitRules = splitRules;
    this.snapshots = new PartitionSnapshots(id, storage, splitRules);
    snapshots.clearUnfinished();
    byte[] stored = storage.meta(PartitionKeys.stateRecord(id));
    this.state = stored == null ? PartitionState.EMPTY : PartitionState.decode(stored);
    this.transactions = new TransactionTable(id, storage, this::state);
    transactions.load(state);
    this.litter = Litter.isThere(storage, id);
    refreshDurable();
  }

  PartitionId id() {
    return id;
  }

  /// The state after the last batch that was applied. It is published after the batch is visible in
  /// the store.
  PartitionState state() {
    return state;
  }

  /// What is known of transactions.
  TransactionTable transactions() {
    return transactions;
  }

  /// What this Partition costs here.
  CpuMeter cpu() {
    return cpu;
  }

  /// What was written lately, if somebody wants to know.
  RecentChanges recentChanges() {
    return recentChanges;
  }

  /// Changes when other data comes in the place of what was here, and when it has come.
  long installations() {
    return installations.get();
  }

  /// Whether everything that belongs to the state has been in the store since [#installations] told
  /// a number: no other data has come in its place, and it was not cleared away with the replica.
  boolean hasKeptData(long since) {
    return since % 2 == 0 && installations.get() == since && !closed;
  }

  @Override
  public SnapshotMark mark() {
    PartitionState now = state;
    return now.appliedIndex() == 0
        ? SnapshotMark.NONE
        : new SnapshotMark(now.appliedIndex(), now.appliedTerm(), now.configuration());
  }

  @Override
  public @Nullable NodeId firstLeader() {
    byte[] named = storage.meta(PartitionKeys.leaderRecord(id));
    return named == null ? null : new NodeId(PartitionCodec.begin(named).number());
  }

  @Override
  public long durableIndex() {
    return durableIndex;
  }

  /// Looks up how much is durable; to be called after each flush of the store.
  void refreshDurable() {
    byte[] durable = storage.durableMeta(PartitionKeys.stateRecord(id));
    SplitState split = state.split();
    if (durable != null && split != null && split.isMerge() && !mergedDurably) {
      // It was not an entry of the log that did it.
      mergedDurably = PartitionState.decode(durable).split() != null;
    }
    durableIndex = durable == null ? 0 : PartitionState.appliedIndex(durable);
  }

  /// Whether the Partition is split, or merged into another one, and a crash would not undo that
  /// here.
  boolean isSplitDurably() {
    SplitState split = state.split();
    return split != null && (split.isMerge() ? mergedDurably : durableIndex >= split.index());
  }

  @Override
  public void flushSoon() {
    storage.flushSoon();
  }

  @Override
  public List<Object> apply(List<Command> committed) {
    return exclusively(() -> cpu.measure(() -> applyAll(committed)));
  }

  private List<Object> applyAll(List<Command> committed) {
    var results = new ArrayList<Object>(committed.size());
    var step = new Step();
    try {
      for (Command command : committed) {
        PartitionCommand decoded = CommandCodec.decode(command.payload());
        if (step.batch.sizeBytes() > BATCH_BYTES_MAX || !step.takes(decoded)) {
          step.commit();
          step = new Step();
        }
        results.add(step.apply(decoded, command.index()));
        step.now = step.now.applied(command.index(), command.term());
      }
      step.commit();
    } finally {
      step.batch.close();
    }
    return results;
  }

  /// Changes that are committed to the store together.
  private final class Step {
    private final Batch batch = storage.newBatch();
    private PartitionState now = state;

    private @Nullable WriteApplier writes;
    private @Nullable TransactionApplier prepares;
    private boolean changed;
    private boolean littered;

    Step() {
      recentChanges.begin(now.lastCommit());
    }

    /// Writes and transactions share a step. Any other command is alone in its step: it looks at
    /// what is committed only, and so do writes as far as it is concerned. What looks through
    /// ranges begins one for the same reason.
    boolean takes(PartitionCommand command) {
      if (!changed) {
        return true;
      }
      return writes != null
          && switch (command) {
            case PartitionCommand.Writes timed -> !timed.readsRanges();
            case PartitionCommand.FinishTransaction _,
                PartitionCommand.FinishTransactions _,
                PartitionCommand.InspectTransaction _,
                PartitionCommand.VoteTransaction _ ->
                true;
            default -> false;
          };
    }

    Object apply(PartitionCommand command, long index) {
      changed = true;
      SplitState split = now.split();
      if (split != null && splitRules.refuses()) {
        return Refusals.result(command, new Response.Split(split.children()), now);
      }
      if (now.freeze() != null) {
        if (command instanceof PartitionCommand.Unfreeze wanted) {
          now = Freezing.unfreeze(now, wanted);
        }
        return Refusals.result(command, Freezing.MERGING, now);
      }
      if (command instanceof PartitionCommand.Writes(List<Timed> timed)) {
        return applyWrites(timed);
      }
      PartitionDescriptor descriptor = now.descriptor();
      if (command instanceof PartitionCommand.FinishTransaction finish) {
        return descriptor == null ? uncreated() : transactions(descriptor).finish(finish);
      }
      if (command instanceof PartitionCommand.FinishTransactions(var ends)) {
        return ends.stream()
            .map(end -> descriptor == null ? uncreated() : transactions(descriptor).finish(end))
            .toList();
      }
      if (command instanceof PartitionCommand.InspectTransaction inspect) {
        return descriptor == null ? uncreated() : transactions(descriptor).inspect(inspect);
      }
      if (command instanceof PartitionCommand.VoteTransaction vote) {
        return descriptor == null ? uncreated() : transactions(descriptor).vote(vote);
      }
      if (command instanceof PartitionCommand.Create(PartitionDescriptor created)) {
        if (descriptor == null) {
          create(created);
        }
      } else if (command instanceof PartitionCommand.Split wanted) {
        now =
            new Splitting(id, storage, splitRules)
                .apply(batch, now, transactions.locks(), wanted, index);
      } else if (command instanceof PartitionCommand.Freeze wanted) {
        now = Freezing.freeze(now, transactions.locks(), wanted, index);
      } else if (descriptor != null) {
        change(command, descriptor);
      }
      return now;
    }

    void commit() {
      if (writes != null) {
        now = writes.counted(now);
      }
      batch.putMeta(PartitionKeys.stateRecord(id), now.encode());
      batch.commit();
      batch.close();
      litter |= littered;
      boolean splits = now.split() != null && state.split() == null;
      boolean freezes = !Objects.equals(now.freeze(), state.freeze());
      boolean readies = !now.readsSameIndexes(state);
      state = now;
      transactions.committed();
      if (splits) {
        announceSplit();
      }
      if (freezes) {
        freezeListener.run();
      }
      if (readies) {
        indexListener.run();
      }
    }

    private List<Response> applyWrites(List<Timed> timed) {
      PartitionDescriptor descriptor = now.descriptor();
      if (descriptor == null) {
        return timed.stream().map(_ -> uncreated()).toList();
      }
      TransactionApplier applier = transactions(descriptor);
      WriteApplier rows = writes(descriptor);
      return timed.stream()
          .map(one ->
              switch (one) {
                case TimedWrite write -> rows.apply(write);
                case TimedPrepare prepare -> applier.prepare(prepare);
              })
          .toList();
    }

    private WriteApplier writes(PartitionDescriptor descriptor) {
      if (writes == null) {
        writes =
            new WriteApplier(storage, batch, now, descriptor, transactions.locks(), recentChanges);
      }
      return writes;
    }

    private TransactionApplier transactions(PartitionDescriptor descriptor) {
      if (prepares == null) {
        prepares =
            new TransactionApplier(
                storage, batch, now, descriptor, transactions, writes(descriptor));
      }
      return prepares;
    }

    private static Response uncreated() {
      return new Response.Unavailable("The partition is being created");
    }

    /// Begins empty: rows that a former Partition may have left in the same place, on this node or
    /// another, are not part of the replicated state.
    private void create(PartitionDescriptor created) {
      Configuration members = now.configuration();
      PartitionDescriptor own =
          members.voters().isEmpty() ? created : created.withMembers(members, created.epoch());
      storage.clear(new PartitionKeys(own).rowSpan());
      storage.clear(TransactionKeys.all(own.id()));
      now = now.withDescriptor(own).withConfiguration(own.members());
      if (PartitionKeys.isHashed(own)) {
        var order = IndexDefinition.primaryOrder(own.collection());
        var ready = new IndexState.Ready(now.lastCommit());
        now = now.withIndexes(List.of(new IndexState(order, Long.MAX_VALUE, ready, 0)));
      }
    }

    private void change(PartitionCommand command, PartitionDescriptor descriptor) {
      var indexes = new IndexApplier(id, storage, batch, descriptor, transactions.locks());
      switch (command) {
        case PartitionCommand.AddIndex(IndexDefinition index, long revision) ->
            now = indexes.add(now, index, revision);
        case PartitionCommand.DropIndex(long index, long revision) ->
            now = indexes.drop(now, index, revision);
        case PartitionCommand.Backfill(long index, int rows) ->
            now = indexes.backfill(now, index, rows);
        case PartitionCommand.RaiseSafePoint(var safePoint) -> {
          if (safePoint.isAfter(now.safePoint())) {
            now = now.withSafePoint(safePoint);
          }
        }
        case PartitionCommand.ForgetTransactions(var ids) ->
            ids.forEach(transaction -> transactions.forget(batch, transaction));
        case PartitionCommand.PurgeTransactions(var before) -> transactions.purge(batch, before);
        case PartitionCommand.CorrectCounters(long rows, long bytes) -> {
          if (now.estimated()) {
            now =
                now.withCounters(now.rows() + rows, now.bytes() + bytes, now.lastCommit())
                    .withEstimated(false);
          }
        }
        case PartitionCommand.DropInherited() -> now = indexes.dropInherited(now);
        case PartitionCommand.RaiseEpoch(var epoch) -> {
          if (epoch.compareTo(descriptor.epoch()) > 0) {
            now = now.withDescriptor(descriptor.withMembers(descriptor.members(), epoch));
          }
        }
        case PartitionCommand.Unfreeze _ -> {} // it is not frozen
        case PartitionCommand.Create _,
            PartitionCommand.Split _,
            PartitionCommand.Freeze _,
            PartitionCommand.Writes _,
            PartitionCommand.FinishTransaction _,
            PartitionCommand.FinishTransactions _,
            PartitionCommand.InspectTransaction _,
            PartitionCommand.VoteTransaction _ ->
            throw new IllegalStateException("handled before");
      }
      littered |= indexes.hasLittered();
    }
  }

  private void announceSplit() {
    SplitState split = state.split();
    if (split != null) {
      splitListener.split(split);
    }
  }

  /// Whether there is litter to remove; who asks is to do it. For the thread of the duties.
  boolean takeLitter() {
    boolean there = litter;
    litter = false;
    return there;
  }

  /// Sets the one listener, and tells it at once if the Partition is split already.
  void onSplit(SplitListener toTell) {
    splitListener = toTell;
    announceSplit();
  }

  /// Sets the one listener that is told when an index can be read, or is not there any more. Called
  /// on the thread that applies.
  void onIndex(Runnable toTell) {
    indexListener = toTell;
  }

  /// Sets the one listener that is told when the Partition is frozen, or is not any more, and tells
  /// it at once. Called on the thread that applies.
  void onFreeze(Runnable toTell) {
    freezeListener = toTell;
    toTell.run();
  }

  @Override
  public void applyConfiguration(long index, long term, Configuration configuration) {
    exclusively(() -> {
      applyMembers(index, term, configuration);
      return state;
    });
  }

  private void applyMembers(long index, long term, Configuration configuration) {
    PartitionState now = state.applied(index, term).withConfiguration(configuration);
    PartitionDescriptor descriptor = now.descriptor();
    if (descriptor != null && !descriptor.members().equals(configuration)) {
      now = now.withDescriptor(descriptor.withMembers(configuration, descriptor.epoch().next()));
    }
    try (Batch batch = storage.newBatch()) {
      batch.putMeta(PartitionKeys.stateRecord(id), now.encode());
      batch.commit();
    }
    state = now;
  }

  /// Has nothing change the state meanwhile.
  <T> T exclusively(Supplier<T> task) {
    changing.lock();
    try {
      return task.get();
    } finally {
      changing.unlock();
    }
  }

  /// The state after another Partition has taken the rows, written to a batch that makes that one.
  /// In [#exclusively].
  PartitionState handedOver(Batch batch, PartitionDescriptor to) {
    PartitionState now = state;
    PartitionDescriptor own = now.descriptor();
    FreezeState freeze = now.freeze();
    if (own == null || freeze == null) {
      throw new IllegalStateException("the partition is not frozen: " + id);
    }
    PartitionState after = now.split(own, new SplitState(freeze.index(), List.of(to)));
    batch.putMeta(PartitionKeys.stateRecord(id), after.encode());
    return after;
  }

  /// Makes a state the present one that is in the store by now. In [#exclusively].
  void publish(PartitionState stored) {
    state = stored;
    announceSplit();
  }

  /// Clears the rows away: they come with a snapshot of the Partition that they are a part of by
  /// now. In [#exclusively].
  void giveUpRows(PartitionDescriptor to) {
    installations.incrementAndGet();
    List<Span> spans = PartitionKeys.versionedSpans(state);
    spans.forEach(storage::clear);
    try (Batch batch = storage.newBatch()) {
      PartitionState after = handedOver(batch, to);
      batch.commit();
      publish(after);
    }
    installations.incrementAndGet();
  }

  @Override
  public SnapshotSource openSnapshot() {
    return snapshots.open(state);
  }

  @Override
  public void install(Path directory, SnapshotMark mark) throws IOException {
    changing.lock();
    try {
      installations.incrementAndGet();
      recentChanges.clear();
      state = snapshots.install(directory, mark, state);
      transactions.load(state);
      installations.incrementAndGet();
    } finally {
      changing.unlock();
    }
    refreshDurable();
    announceSplit();
    freezeListener.run();
  }

  @Override
  public void leaderChanged(@Nullable NodeId leader, long term, boolean self) {
    leadership.changed(leader, term, self);
  }

  /// Sets the one listener and tells it what is known already.
  void listen(KnownLeader.Listener toTell) {
    leadership.listen(toTell);
  }

  @Override
  public void close() {
    closed = true;
    leadership.forget();
  }
}
