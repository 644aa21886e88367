package dev.partita.node.partition;

import dev.partita.node.raft.Configuration;
import dev.partita.node.raft.NodeId;
import dev.partita.node.raft.Role;
import dev.partita.node.replication.ReplicationRefusal;
import dev.partita.node.storage.Storage;
import dev.partita.node.time.Clock;
import dev.partita.node.time.Deadline;
import dev.partita.node.time.Timestamp;
import dev.partita.node.time.TimestampOracle;
import dev.partita.node.transport.Transport;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// The replicas of this node. Owns one thread that does what replicas do unasked, one for what of
/// that reads much, and the threads that reads run on; the store and the Raft host are their
/// owner's.
public final class LocalPartitions implements PartitionClient, AutoCloseable {

  /// The service that peers call.
  static final String SERVICE = "partition";

  /// How often replicas do what is due: bounds how late a deadline is noticed.
  private static final Duration TICK = Duration.ofMillis(100);

  /// How long after a split a child without a leader campaigns again: the other members may not
  /// have their replicas yet. After so many attempts the ordinary elections take over.
  private static final Duration CAMPAIGN_AGAIN = Duration.ofMillis(10);

  private static final int CAMPAIGNS_MAX = 30;

  /// How long after a split the store of the first member is flushed, so that the partition that
  /// was split can go: not at once, since the children need the disk for their first entries.
  private static final Duration FLUSH_AFTER_SPLIT = Duration.ofMillis(500);

  /// How much later each of the next does it. A flush takes the disk for a while, and writes wait
  /// for it if it has the disks of a quorum.
  private static final Duration FLUSH_APART = Duration.ofMillis(250);

  private static final int OPENING_LOCKS = 16;

  private static final Logger LOG = System.getLogger(LocalPartitions.class.getName());

  private final GroupHost groups;
  private final PartitionReplica.Surroundings node;
  private final OperationListener listener;
  private final ExecutorService reads = Executors.newVirtualThreadPerTaskExecutor();

  /// A virtual thread would keep a processor from all others for as long as it reads the store.
  private final ExecutorService background =
      Executors.newSingleThreadExecutor(
          Thread.ofPlatform().daemon().name("partition-background").factory());

  private final ScheduledExecutorService ticker;

  /// Held while a replica is opened; those of siblings are different ones.
  private final List<Object> opening = Stream.generate(Object::new).limit(OPENING_LOCKS).toList();

  private final AtomicInteger readsUnderWay = new AtomicInteger();
  private final AtomicInteger callsUnderWay = new AtomicInteger();
  private final Map<PartitionId, PartitionReplica> replicas = new ConcurrentHashMap<>();
  private final Set<PartitionId> suspended = ConcurrentHashMap.newKeySet();
  private final AtomicReference<TransactionResolver> ending =
      new AtomicReference<>(TransactionResolver.NONE);
  private volatile Consumer<PartitionReplica> opened = _ -> {};
  private volatile Runnable serving = () -> {};
  private volatile Consumer<PartitionReplica> frozen = _ -> {};
  private volatile Runnable indexed = () -> {};
  private volatile Runnable splitDurably = () -> {};
  private volatile boolean closed;

  public LocalPartitions(
      GroupHost groups,
      Storage storage,
      TimestampOracle oracle,
      Clock clock,
      PartitionSettings settings,
      OperationListener listener,
      Extent.Watch watch) {
    this(groups, storage, oracle, clock, settings, listener, watch, SplitRules.SAFE);
  }

  LocalPartitions(
      GroupHost groups,
      Storage storage,
      TimestampOracle oracle,
      Clock clock,
      PartitionSettings settings,
      OperationListener listener,
      Extent.Watch watch,
      SplitRules splitRules) {
    this.groups = groups;
    this.node =
        new PartitionReplica.Surroundings(
            storage,
            oracle,
            clock,
            reads,
            background,
            settings,
            splitRules,
            watch,
            ending::get,
            () -> serving.run());
    this.listener = listener;
    finishRemovals();
    storage.onFlush(this::flushed);
    this.ticker =
        Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().daemon().name("partition-duties").factory());
    var _ =
        ticker.scheduleWithFixedDelay(
            this::tick, TICK.toMillis(), TICK.toMillis(), TimeUnit.MILLISECONDS);
  }

  /// Tells who ends the transactions that nobody else ends.
  public void endWith(TransactionResolver resolver) {
    ending.set(resolver);
  }

  /// Has somebody told of every replica that is opened from now on; there is one. Called with the
  /// replica not serving yet, and must be quick.
  public void onOpen(Consumer<PartitionReplica> told) {
    opened = told;
  }

  /// Has somebody told when a replica has begun to serve, which is some time after it has begun to
  /// lead; there is one. Must be quick.
  public void onServing(Runnable told) {
    serving = told;
  }

  /// Has somebody told of every replica that is frozen, or is not any more; there is one. Called on
  /// the thread that applies, and must be quick.
  public void onFreeze(Consumer<PartitionReplica> told) {
    frozen = told;
  }

  /// Has somebody told when an index of a replica can be read, or is not there any more; there is
  /// one. Called on the thread that applies, and must be quick.
  public void onIndex(Runnable told) {
    indexed = told;
  }

  /// Has somebody told when a split or merge of a replica would survive a crash; there is one.
  /// Called on a thread of the store, and must be quick.
  public void onSplitDurably(Runnable told) {
    splitDurably = told;
  }

  /// Has a Partition take the rows of two on this node that are frozen for it, and opens its
  /// replica. Blocks.
  ///
  /// @param left the one of the two that leads the first election: where it is led the Partition is
  ///   to be led as well
  /// @return whether that is done: the replica, if it is not open, comes with a snapshot
  public boolean merge(PartitionId into, PartitionId left, PartitionId right) {
    PartitionReplica one = replicas.get(left);
    PartitionReplica other = replicas.get(right);
    if (one == null || other == null) {
      return false;
    }
    boolean leads = one.group().status().leads();
    boolean before = one.isSplit() && other.isSplit();
    if (Merging.handOver(node.storage(), one.machine(), other.machine(), into)
        == Merging.Outcome.NOT_YET) {
      return false;
    }
    SplitState split = one.state().split();
    if (!before && split != null) {
      openMerged(
          split.children().getFirst(), leads, pause(OperationListener.Division.MERGE, one, split));
    }
    return true;
  }

  /// The pause of a Partition that ends when its heirs serve, null if it was not closed from here.
  private @Nullable WritePause pause(
      OperationListener.Division division, PartitionReplica closed, SplitState split) {
    Long since = closed.closedSinceNanos();
    return since == null
        ? null
        : new WritePause(listener, division, since, split.children().size());
  }

  private void openMerged(PartitionDescriptor merged, boolean leads, @Nullable WritePause pause) {
    openHeir(merged, pause);
    PartitionReplica replica = replicas.get(merged.id());
    if (replica != null && leads) {
      campaign(replica, 0);
    }
  }

  /// Opens this node's replica of a Partition, from what the node has of it.
  ///
  /// @param descriptor what the Partition is made of, if nobody has made it yet; else only its id
  ///   counts
  /// @param bootstrap the first members of a new group, the same on each of them; null for a member
  ///   that joins, or one that the log knows already
  /// @throws IllegalStateException if it is open
  public PartitionReplica open(PartitionDescriptor descriptor, @Nullable Configuration bootstrap) {
    return open(descriptor, bootstrap, null);
  }

  private PartitionReplica open(
      PartitionDescriptor descriptor,
      @Nullable Configuration bootstrap,
      @Nullable WritePause pause) {
    PartitionId id = descriptor.id();
    synchronized (opening(id)) {
      if (replicas.containsKey(id)) {
        throw new IllegalStateException("the replica is open: " + id);
      }
      if (groups.isRemoved(id.group())) {
        // Its log is about to say that there is a replica: data of the former one must be gone.
        node.storage().flush();
      }
      var machine = new PartitionStateMachine(id, node.storage(), node.splitRules());
      var group = groups.open(id.group(), machine, bootstrap);
      var replica = new PartitionReplica(machine, group, descriptor, node, pause);
      replicas.put(id, replica);
      machine.refreshDurable();
      machine.onFreeze(() -> {
        replica.frozen();
        frozen.accept(replica);
      });
      machine.onIndex(() -> indexed.run());
      machine.onSplit(split -> inBackground(() -> openChildren(replica, split)));
      opened.accept(replica);
      return replica;
    }
  }

  private void inBackground(Runnable task) {
    try {
      reads.execute(task);
    } catch (RejectedExecutionException e) {
      // Closing: it is done after the next start.
    }
  }

  private Object opening(PartitionId id) {
    return opening.get((int) (id.value() % OPENING_LOCKS));
  }

  /// As [#open], unless it is open: a split may have opened it meanwhile.
  public PartitionReplica openIfAbsent(
      PartitionDescriptor descriptor, @Nullable Configuration bootstrap) {
    synchronized (opening(descriptor.id())) {
      PartitionReplica open = replicas.get(descriptor.id());
      return open == null ? open(descriptor, bootstrap) : open;
    }
  }

  /// Opens the children that a split has made on this node. Others of them come with snapshots, to
  /// where they are placed.
  ///
  /// Who led the Partition when the split was proposed leads its children as soon as they are open
  /// here. Who leads it now campaigns at once, in case that one is gone.
  private void openChildren(PartitionReplica parent, SplitState split) {
    // Of a merge there is one, which is opened where it is made.
    boolean leads = parent.group().status().leads() && !split.isMerge();
    if (leads) {
      parent.tellFollowers();
    }
    WritePause pause = pause(OperationListener.Division.SPLIT, parent, split);
    for (PartitionDescriptor child : split.children()) {
      // Side by side: each waits for a write of the log.
      inBackground(() -> openChild(child, leads, pause));
    }
    Duration flush = flushAfter(split.children().getFirst().members(), groups.self());
    CompletableFuture.delayedExecutor(flush.toMillis(), TimeUnit.MILLISECONDS, reads)
        .execute(() -> {
          if (!closed) {
            node.storage().flushSoon();
          }
        });
  }

  /// How long after a split a member flushes its store: the voters one after the other, then those
  /// that no write waits for.
  static Duration flushAfter(Configuration members, NodeId self) {
    long before =
        members.voters().stream()
            .filter(voter -> !members.isVoter(self) || voter.compareTo(self) < 0)
            .count();
    return FLUSH_AFTER_SPLIT.plus(FLUSH_APART.multipliedBy(before));
  }

  private void openChild(PartitionDescriptor child, boolean leads, @Nullable WritePause pause) {
    try {
      PartitionReplica replica = openHeir(child, pause);
      if (replica != null && leads) {
        campaign(replica, 0);
      }
    } catch (ReplicationRefusal | IllegalStateException e) {
      if (!closed) {
        LOG.log(Level.ERROR, "A replica that a split has made cannot be opened: " + child.id(), e);
      }
    }
  }

  private @Nullable PartitionReplica openHeir(
      PartitionDescriptor child, @Nullable WritePause pause) {
    synchronized (opening(child.id())) {
      if (closed || replicas.containsKey(child.id())) {
        return null;
      }
      if (!node.splitRules().inherits()) {
        return open(child, child.members(), pause);
      }
      return node.storage().meta(PartitionKeys.stateRecord(child.id())) == null
          ? null
          : open(child, null, pause);
    }
  }

  /// Tries until there is a leader, or the ordinary elections take over.
  private void campaign(PartitionReplica child, int attempt) {
    if (child.group().status().role() != Role.CANDIDATE) {
      // Whoever has asked for votes already waits for them.
      child.group().campaign();
    }
    if (attempt < CAMPAIGNS_MAX) {
      CompletableFuture.delayedExecutor(CAMPAIGN_AGAIN.toMillis(), TimeUnit.MILLISECONDS, reads)
          .execute(() -> {
            if (!closed && child.group().status().leader() == null) {
              campaign(child, attempt + 1);
            }
          });
    }
  }

  /// Removes what a crash has left of replicas whose logs were gone already. Before any replica is
  /// opened: what the store held at the crash belongs to one replica each, while others may have
  /// rows in the same places later.
  private void finishRemovals() {
    for (PartitionId id : PartitionKeys.stored(node.storage())) {
      if (groups.isRemoved(id.group())) {
        LOG.log(Level.INFO, "Removing what is left of the replica of partition {0}", id);
        var machine = new PartitionStateMachine(id, node.storage(), node.splitRules());
        removeData(id, machine.state());
      }
    }
  }

  private void removeData(PartitionId id, PartitionState state) {
    new PartitionSnapshots(id, node.storage(), node.splitRules()).remove(state);
  }

  /// Ends this node's replica of a Partition for good and removes its data. A crash in between, or
  /// before the store is flushed the next time, leaves data that the next start removes.
  public CompletableFuture<Void> remove(PartitionId id) {
    PartitionReplica replica = replicas.remove(id);
    suspended.remove(id);
    if (replica == null) {
      return CompletableFuture.completedFuture(null);
    }
    replica.close();
    return groups.remove(id.group()).thenRunAsync(() -> removeData(id, replica.state()), reads);
  }

  /// Has a replica refuse requests from now on, or serve them again. It stays a member of its group
  /// and keeps its rows.
  public void suspend(PartitionId id, boolean refuse) {
    if (refuse) {
      suspended.add(id);
    } else {
      suspended.remove(id);
    }
  }

  /// The open replica of a Partition, null if there is none.
  public @Nullable PartitionReplica replica(PartitionId id) {
    return replicas.get(id);
  }

  /// Whether this node has the state of a Partition, with or without a replica.
  public boolean isStored(PartitionId id) {
    return node.storage().meta(PartitionKeys.stateRecord(id)) != null;
  }

  /// All open replicas.
  public Collection<PartitionReplica> replicas() {
    return List.copyOf(replicas.values());
  }

  /// Makes the replicas callable by peers, through [RemotePartitions].
  public void serve(Transport transport) {
    transport.register(SERVICE, (_, bytes) -> answer(bytes));
  }

  private CompletableFuture<byte[]> answer(byte[] bytes) {
    if (callsUnderWay.incrementAndGet() > 4 * node.settings().readsMax()) {
      callsUnderWay.decrementAndGet();
      listener.overloaded(OperationListener.Bound.CALLS);
      return CompletableFuture.completedFuture(
          PartitionCodec.encode(new Response.Overloaded("Too many calls are under way")));
    }
    // Decoding may take long and reading may block: neither is for the transport's threads.
    return CompletableFuture.completedFuture(bytes)
        .thenComposeAsync(this::answerTimed, reads)
        .thenApply(PartitionCodec::encode)
        .whenComplete((_, _) -> callsUnderWay.decrementAndGet());
  }

  private CompletableFuture<Response> answerTimed(byte[] bytes) {
    PartitionCodec.TimedRequest timed = PartitionCodec.decodeRequest(bytes);
    Duration timeout = Duration.ofMillis(timed.timeoutMillis());
    return handle(timed.request(), Deadline.after(timeout, node.clock()));
  }

  @Override
  public CompletableFuture<Response> handle(Request request, Deadline deadline) {
    PartitionReplica replica = replicas.get(request.partition());
    if (replica == null || suspended.contains(request.partition())) {
      return CompletableFuture.completedFuture(new Response.NoReplica());
    }
    boolean read = request instanceof Request.Reading || request instanceof Request.Changes;
    if (read && readsUnderWay.incrementAndGet() > node.settings().readsMax()) {
      readsUnderWay.decrementAndGet();
      listener.overloaded(OperationListener.Bound.READS);
      return CompletableFuture.completedFuture(
          new Response.Overloaded("Too many reads are under way"));
    }
    long begun = node.clock().monotonicNanos();
    CompletableFuture<Response> answer = replica.handle(request, deadline);
    return answer.whenComplete((response, _) -> {
      if (read) {
        readsUnderWay.decrementAndGet();
      }
      if (response instanceof Response.Overloaded) {
        listener.overloaded(read ? OperationListener.Bound.READS : OperationListener.Bound.WRITES);
      }
      listener.answered(
          request.partition(),
          OperationListener.Operation.of(request),
          node.clock().monotonicNanos() - begun,
          response instanceof Response.Refusal);
    });
  }

  @Override
  public @Nullable Response readClosed(Request.Reading request) {
    PartitionReplica replica = replicas.get(request.partition());
    if (replica == null || suspended.contains(request.partition()) || replica.isSplit()) {
      return null;
    }
    if (readsUnderWay.incrementAndGet() > node.settings().readsMax()) {
      readsUnderWay.decrementAndGet();
      return null;
    }
    try {
      long begun = node.clock().monotonicNanos();
      Response answer = replica.promises().read(request);
      if (answer != null) {
        listener.answered(
            request.partition(),
            OperationListener.Operation.of(request),
            node.clock().monotonicNanos() - begun,
            false);
      }
      return answer;
    } finally {
      readsUnderWay.decrementAndGet();
    }
  }

  @Override
  public @Nullable Timestamp readableUpTo(PartitionId id) {
    PartitionReplica replica = replicas.get(id);
    return replica == null || suspended.contains(id) || replica.leads()
        ? null
        : replica.promises().readableUpTo();
  }

  private void flushed() {
    boolean splits = false;
    for (PartitionReplica replica : replicas.values()) {
      if (closed) {
        return; // the store flushes once more while it closes
      }
      PartitionStateMachine machine = replica.machine();
      boolean before = machine.isSplitDurably();
      machine.refreshDurable();
      splits |= !before && machine.isSplitDurably();
    }
    if (splits) {
      splitDurably.run();
    }
  }

  private void tick() {
    for (PartitionReplica replica : replicas.values()) {
      try {
        replica.tick();
      } catch (RuntimeException e) {
        // One replica's trouble must not keep the others from their duties.
        LOG.log(Level.ERROR, "A replica failed at its duties: " + replica.id(), e);
      }
    }
  }

  /// Stops serving. The groups are closed by the Raft host, after this.
  @Override
  public void close() {
    closed = true;
    ticker.shutdown();
    replicas.values().forEach(PartitionReplica::close);
    try {
      // A duty under way uses the store.
      if (!ticker.awaitTermination(10, TimeUnit.SECONDS)) {
        LOG.log(Level.WARNING, "A duty of a replica does not end");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    background.close();
    reads.close();
  }
}
