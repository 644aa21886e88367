package dev.partita.node.partition;

import dev.partita.node.index.IndexDefinition;
import dev.partita.node.index.IndexKeys;
import dev.partita.node.key.Key;
import dev.partita.node.key.KeyRange;
import dev.partita.node.storage.Batch;
import dev.partita.node.storage.Family;
import dev.partita.node.storage.Storage;
import dev.partita.node.time.Timestamp;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// What a replica knows of transactions: who is prepared, how others have ended. A part of the
/// replicated state, stored in the same batches as the rows.
///
/// Threads: changed by the thread that applies, which sees its own changes at once. What others may
/// call says so; they see what is committed to the store.
final class TransactionTable {

  /// A committed transaction whose record is here and that some participant may not know of.
  record Unforgotten(Transaction transaction, Timestamp at) {}

  private record Voted(Timestamp started, Ballots ballots) {}

  private final PartitionId partition;
  private final Storage storage;
  private final LockTable locks;
  private final Map<TransactionId, Unforgotten> unforgotten = new ConcurrentHashMap<>();

  /// What is promised and accepted about transactions of three phases; for the thread that applies.
  private final Map<TransactionId, Voted> votes = new HashMap<>();

  private volatile Timestamp forgottenBefore = Timestamp.MIN;

  /// No transaction that began later has ended here.
  private volatile Timestamp lastFinished = Timestamp.MIN;

  /// Records that the batch under way writes.
  private final Map<Key, byte[]> written = new HashMap<>();

  /// Transactions that the batch under way ends.
  private final List<HeldTransaction> ending = new ArrayList<>();

  /// @param state the state of the replica, as it is applied
  TransactionTable(PartitionId partition, Storage storage, Supplier<PartitionState> state) {
    this.partition = partition;
    this.storage = storage;
    this.locks = new LockTable((index, range) -> entries(state.get(), index, range));
  }

  /// Of an index that is ready and no other: what is prepared knows its entries in every such
  /// index, whether it was prepared before a restart or after, but not in all those that have
  /// failed.
  private @Nullable KeyRange entries(PartitionState state, long id, ReadSet.Entries range) {
    IndexState index = state.index(id);
    PartitionDescriptor descriptor = state.descriptor();
    return index == null || descriptor == null || !index.isReadable()
        ? null
        : entries(index.index(), descriptor, range);
  }

  /// The keys of the entries that were looked through, as locks compare them.
  private static KeyRange entries(
      IndexDefinition index, PartitionDescriptor descriptor, ReadSet.Entries range) {
    return entries(new PartitionKeys(descriptor).index(index), range);
  }

  /// The keys of the entries that were looked through.
  static KeyRange entries(IndexKeys keys, ReadSet.Entries range) {
    KeyRange all = keys.startingWith(range.terms());
    Key start = range.start();
    Key end = range.end();
    all = start == null ? all : all.from(keys.key(start));
    return end == null ? all : all.before(keys.key(end));
  }

  /// Any thread.
  LockTable locks() {
    return locks;
  }

  /// Takes up what is in the store.
  void load(PartitionState state) {
    locks.clear();
    unforgotten.clear();
    loadVotes();
    written.clear();
    ending.clear();
    byte[] before = storage.meta(TransactionKeys.forgotten(partition));
    forgottenBefore = before == null ? Timestamp.MIN : PartitionCodec.begin(before).timestamp();
    Key last = storage.lastMeta(TransactionKeys.finished(partition));
    lastFinished =
        Timestamp.later(
            forgottenBefore.next(), last == null ? Timestamp.MIN : TransactionKeys.started(last));
    for (byte[] bytes : storage.metaRange(TransactionKeys.unforgotten(partition)).values()) {
      BinaryReader in = PartitionCodec.begin(bytes);
      var record = new Unforgotten(Transaction.read(in), in.timestamp());
      unforgotten.put(record.transaction().id(), record);
    }
    PartitionDescriptor descriptor = state.descriptor();
    var prepared = storage.metaRange(TransactionKeys.prepared(partition)).values();
    if (descriptor == null || prepared.isEmpty()) {
      return;
    }
    try (Batch nothing = storage.newBatch()) {
      var applier =
          new WriteApplier(storage, nothing, state, descriptor, locks, new RecentChanges());
      for (byte[] bytes : prepared) {
        PreparedTransaction one = PreparedTransaction.decode(bytes);
        locks.add(new HeldTransaction(one, applier.footprint(one.mutations())));
      }
    }
  }

  private void loadVotes() {
    votes.clear();
    for (byte[] bytes : storage.metaRange(TransactionKeys.ballots(partition)).values()) {
      BinaryReader in = PartitionCodec.begin(bytes);
      votes.put(TransactionId.read(in), new Voted(in.timestamp(), Ballots.read(in)));
    }
  }

  /// What is promised and accepted about a transaction of three phases.
  Ballots ballots(TransactionId id) {
    Voted voted = votes.get(id);
    return voted == null ? Ballots.NONE : voted.ballots();
  }

  void vote(Batch batch, TransactionId id, Timestamp started, Ballots ballots) {
    BinaryWriter out = PartitionCodec.begin(64);
    id.writeTo(out);
    ballots.writeTo(out.timestamp(started));
    batch.putMeta(TransactionKeys.ballots(partition, id), out.toByteArray());
    votes.put(id, new Voted(started, ballots));
  }

  /// What two replicas know of the votes about one transaction, as one.
  static byte[] joinVotes(byte[] one, byte[] other) {
    BinaryReader first = PartitionCodec.begin(one);
    BinaryReader second = PartitionCodec.begin(other);
    TransactionId id = TransactionId.read(first);
    TransactionId.read(second);
    Timestamp started = Timestamp.later(first.timestamp(), second.timestamp());
    BinaryWriter out = PartitionCodec.begin(64);
    id.writeTo(out);
    Ballots.read(first).join(Ballots.read(second)).writeTo(out.timestamp(started));
    return out.toByteArray();
  }

  private Timestamp started(TransactionId id) {
    Voted voted = votes.get(id);
    return voted == null ? Timestamp.MAX : voted.started();
  }

  private void forgetVotes(Batch batch, TransactionId id) {
    if (votes.remove(id) != null) {
      batch.deleteMeta(TransactionKeys.ballots(partition, id));
    }
  }

  /// Where a transaction stands.
  TransactionStatus status(TransactionId id, Timestamp started) {
    HeldTransaction held = locks.prepared(id);
    if (held != null) {
      return new TransactionStatus.Prepared(held.prepared().at());
    }
    // Nearly all that is prepared began later than all that has ended: that costs no look.
    return status(
        id,
        started.isAfter(lastFinished)
            ? null
            : record(TransactionKeys.finished(partition, id, started)));
  }

  /// As [#status], without what is applied and not visible yet. Any thread.
  TransactionStatus visibleStatus(TransactionId id, Timestamp started) {
    HeldTransaction held = locks.get(id);
    if (held != null) {
      return new TransactionStatus.Prepared(held.prepared().at());
    }
    return status(id, storage.meta(TransactionKeys.finished(partition, id, started)));
  }

  /// A commit stays known for as long as some participant may ask, however long that takes. That
  /// nothing is known of an abort means the same as the abort.
  private TransactionStatus status(TransactionId id, byte @Nullable [] finished) {
    if (finished != null) {
      return new TransactionStatus.Finished(
          TransactionOutcome.read(PartitionCodec.begin(finished)));
    }
    Unforgotten record = unforgotten.get(id);
    return record == null
        ? TransactionStatus.absent()
        : new TransactionStatus.Finished(new TransactionOutcome.Committed(record.at()));
  }

  private byte @Nullable [] record(Key key) {
    byte[] own = written.get(key);
    return own == null ? storage.meta(key) : own;
  }

  /// Whether what began then may have ended and been forgotten.
  boolean isForgotten(Timestamp started) {
    return started.isBefore(forgottenBefore);
  }

  /// Any thread.
  Timestamp forgottenBefore() {
    return forgottenBefore;
  }

  /// Whether there is anything to forget. Any thread.
  boolean hasFinished() {
    return !lastFinished.isBefore(forgottenBefore);
  }

  /// When a transaction that its client named has committed, in whatever attempt; null if it has
  /// not, or so long ago that it is forgotten.
  ///
  /// @param now a timestamp of now
  @Nullable Timestamp committed(TransactionId id, Timestamp now) {
    long step = TransactionKeys.namedStep(now);
    for (long each = step; each >= Math.max(0, step - 1); each--) {
      byte[] found = record(TransactionKeys.named(partition, each, id));
      if (found != null) {
        return PartitionCodec.begin(found).timestamp();
      }
    }
    return null;
  }

  /// As [#committed], of what is visible. Any thread.
  @Nullable Timestamp visibleCommit(TransactionId id, Timestamp now) {
    long step = TransactionKeys.namedStep(now);
    for (long each = step; each >= Math.max(0, step - 1); each--) {
      byte[] found = storage.meta(TransactionKeys.named(partition, each, id));
      if (found != null) {
        return PartitionCodec.begin(found).timestamp();
      }
    }
    return null;
  }

  void prepare(Batch batch, PreparedTransaction prepared, Footprint footprint) {
    batch.putMeta(TransactionKeys.prepared(partition, prepared.id()), prepared.encode());
    locks.add(new HeldTransaction(prepared, footprint));
  }

  /// Notes the end of a transaction.
  ///
  /// @param held the transaction if it was prepared
  void finish(
      Batch batch,
      TransactionId id,
      Timestamp started,
      TransactionOutcome outcome,
      @Nullable HeldTransaction held) {
    BinaryWriter out = PartitionCodec.begin(16);
    outcome.writeTo(out);
    put(batch, TransactionKeys.finished(partition, id, started), out.toByteArray());
    lastFinished = Timestamp.later(lastFinished, started);
    forgetVotes(batch, id);
    if (held == null) {
      return;
    }
    held.end();
    ending.add(held);
    batch.deleteMeta(TransactionKeys.prepared(partition, id));
  }

  /// Notes that a transaction has committed, as far as this Partition has to remember it.
  void record(Batch batch, Transaction transaction, Timestamp at) {
    TransactionId id = transaction.id();
    boolean holdsRecord = transaction.record().equals(partition);
    if (id.named() && holdsRecord) {
      put(
          batch,
          TransactionKeys.named(partition, TransactionKeys.namedStep(at), id),
          PartitionCodec.begin(16).timestamp(at).toByteArray());
    }
    if (!transaction.isOnePhase() && transaction.isRemembered(partition)) {
      BinaryWriter out = PartitionCodec.begin(128);
      transaction.writeTo(out);
      batch.putMeta(TransactionKeys.unforgotten(partition, id), out.timestamp(at).toByteArray());
      unforgotten.put(id, new Unforgotten(transaction, at));
    }
  }

  /// Committed transactions that some participant may not know of. Any thread.
  List<Unforgotten> unforgotten() {
    return List.copyOf(unforgotten.values());
  }

  void forget(Batch batch, TransactionId id) {
    batch.deleteMeta(TransactionKeys.unforgotten(partition, id));
    unforgotten.remove(id);
  }

  void purge(Batch batch, Timestamp before) {
    if (!before.isAfter(forgottenBefore)) {
      return;
    }
    forgottenBefore = before;
    batch.putMeta(
        TransactionKeys.forgotten(partition),
        PartitionCodec.begin(16).timestamp(before).toByteArray());
    batch.deleteRange(Family.META, TransactionKeys.finishedBefore(partition, before));
    // What is not prepared by now never is: whatever was voted about it, it cannot commit.
    List.copyOf(votes.keySet()).stream()
        .filter(id -> isForgotten(started(id)) && locks.prepared(id) == null)
        .forEach(id -> forgetVotes(batch, id));
    batch.deleteRange(
        Family.META, TransactionKeys.namedBefore(partition, TransactionKeys.namedStep(before) - 1));
  }

  private void put(Batch batch, Key key, byte[] value) {
    batch.putMeta(key, value);
    written.put(key, value);
  }

  /// The batch was committed to the store: its changes are visible to all.
  void committed() {
    written.clear();
    ending.forEach(locks::release);
    ending.clear();
  }
}
