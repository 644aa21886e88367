package dev.partita.node.partition;

import dev.partita.node.raft.NodeId;
import dev.partita.node.replication.ReplicationGroup;
import dev.partita.node.time.Timestamp;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/// What a leader does unasked about transactions: it ends those that nobody ends, sees to it that
/// all participants learn of a commit whose record is here, and forgets what is long past.
final class TransactionDuties {

  /// How long a transaction is left to its coordinator.
  private static final Duration ORPHANED_AFTER = Duration.ofSeconds(3);

  /// How long the end of a transaction is remembered, so that late messages about it are known for
  /// what they are: longer than any request waits.
  static final Duration REMEMBERED = Duration.ofMinutes(2);

  /// How long somebody waits for a transaction before asking what became of it.
  private static final Duration ASK_AFTER = Duration.ofMillis(200);

  /// A timestamp that was new at a moment of the monotonic clock: what began before it is that old,
  /// however the clocks that timestamps come from have jumped since.
  private record Mark(long nanos, Timestamp timestamp) {}

  /// How often something is forgotten.
  private static final Duration PURGE_INTERVAL = Duration.ofSeconds(20);

  private final TransactionTable table;
  private final ReplicationGroup group;
  private final WritePipeline pipeline;
  private final BooleanSupplier isSplit;
  private final PartitionReplica.Surroundings node;
  private final LockQueue queue;
  private final TransactionEnds ends;

  /// When this replica first saw what it has to end, on the monotonic clock. Of the thread that
  /// ticks.
  private final Map<TransactionId, Long> seenNanos = new HashMap<>();

  private final Set<TransactionId> resolving = ConcurrentHashMap.newKeySet();
  private final ArrayDeque<Mark> marks = new ArrayDeque<>();
  private long nextPurgeNanos;

  TransactionDuties(
      TransactionTable table,
      ReplicationGroup group,
      WritePipeline pipeline,
      BooleanSupplier isSplit,
      PartitionReplica.Surroundings node) {
    this.table = table;
    this.isSplit = isSplit;
    this.group = group;
    this.pipeline = pipeline;
    this.node = node;
    this.queue = new LockQueue(table.locks(), pipeline, node.reads(), this::resolve, node.clock());
    this.ends = new TransactionEnds(pipeline);
    this.nextPurgeNanos = node.clock().monotonicNanos() + PURGE_INTERVAL.toNanos();
  }

  LockQueue queue() {
    return queue;
  }

  TransactionEnds ends() {
    return ends;
  }

  /// Has a transaction ended that is in somebody's way.
  void resolve(Transaction transaction) {
    run(transaction.id(), () -> node.resolver().resolve(transaction));
  }

  /// Has a transaction that somebody waits for ended, unless it soon ends by itself.
  void resolveLater(HeldTransaction holder) {
    CompletableFuture.delayedExecutor(ASK_AFTER.toMillis(), TimeUnit.MILLISECONDS, node.reads())
        .execute(() -> {
          if (!holder.released().isDone()) {
            resolve(holder.prepared().transaction());
          }
        });
  }

  private void run(TransactionId id, Runnable task) {
    if (!pipeline.leads() || !resolving.add(id)) {
      return;
    }
    node.reads()
        .execute(() -> {
          try {
            task.run();
          } finally {
            resolving.remove(id);
          }
        });
  }

  /// Another node leads, or nobody.
  void follow(@Nullable NodeId leader) {
    queue.clear(new Response.NotLeader(leader));
    ends.follow();
  }

  void tick() {
    if (!pipeline.leads() || isSplit.getAsBoolean()) {
      seenNanos.clear();
      marks.clear();
      return;
    }
    queue.tick();
    ends.tick();
    long now = node.clock().monotonicNanos();
    var present = new HashSet<TransactionId>();
    for (HeldTransaction held : table.locks().all()) {
      present.add(held.id());
      if (isOrphaned(held.id(), now)) {
        resolve(held.prepared().transaction());
      }
    }
    for (TransactionTable.Unforgotten record : table.unforgotten()) {
      Transaction transaction = record.transaction();
      present.add(transaction.id());
      if (isOrphaned(transaction.id(), now)) {
        run(
            transaction.id(),
            () ->
                node.resolver()
                    .complete(transaction, new TransactionOutcome.Committed(record.at())));
      }
    }
    seenNanos.keySet().retainAll(present);
    purge(now);
  }

  private boolean isOrphaned(TransactionId id, long now) {
    long since = seenNanos.computeIfAbsent(id, _ -> now);
    return now - since > ORPHANED_AFTER.toNanos();
  }

  private void purge(long now) {
    if (now - nextPurgeNanos < 0) {
      return;
    }
    nextPurgeNanos = now + PURGE_INTERVAL.toNanos();
    Mark old = null;
    while (!marks.isEmpty() && now - marks.getFirst().nanos() >= REMEMBERED.toNanos()) {
      old = marks.removeFirst();
    }
    marks.add(new Mark(now, pipeline.newest()));
    if (old != null && table.hasFinished() && old.timestamp().isAfter(table.forgottenBefore())) {
      var _ =
          group.propose(
              CommandCodec.encode(new PartitionCommand.PurgeTransactions(old.timestamp()), 64));
    }
  }
}
