package dev.partita.node.partition;

import dev.partita.node.index.IndexDefinition;
import dev.partita.node.key.Datum;
import dev.partita.node.raft.NodeId;
import dev.partita.node.time.Timestamp;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What a Partition's log is made of.
sealed interface PartitionCommand {

  /// The first command of a group: makes it the Partition. Ignored by a group that is one already.
  record Create(PartitionDescriptor descriptor) implements PartitionCommand {}

  /// Writes, and transactions that prepare, in the order of their timestamps.
  record Writes(List<Timed> writes) implements PartitionCommand {
    public Writes {
      writes = List.copyOf(writes);
    }

    /// Whether it looks through ranges, for which everything before it has to be in the store. Then
    /// it is alone in its command.
    boolean readsRanges() {
      return writes.size() == 1
          && writes.getFirst() instanceof TimedPrepare(var _, var prepare)
          && !prepare.reads().ranges().isEmpty();
    }
  }

  /// What has a timestamp of its own.
  sealed interface Timed {
    Timestamp timestamp();
  }

  /// A write with its commit timestamp.
  record TimedWrite(Timestamp timestamp, Epoch epoch, boolean atomic, List<Mutation> mutations)
      implements Timed {
    public TimedWrite {
      mutations = List.copyOf(mutations);
    }
  }

  /// A transaction's part with the timestamp from which on it can commit; the commit timestamp
  /// itself if the part is the whole.
  record TimedPrepare(Timestamp timestamp, Request.Prepare prepare) implements Timed {}

  /// Ends a transaction here.
  record FinishTransaction(TransactionId id, Timestamp started, TransactionOutcome outcome)
      implements PartitionCommand {}

  /// Ends transactions here, in this order.
  record FinishTransactions(List<FinishTransaction> ends) implements PartitionCommand {
    public FinishTransactions {
      ends = List.copyOf(ends);
    }
  }

  /// Has a transaction that is not prepared here never be.
  record InspectTransaction(TransactionId id, Timestamp started) implements PartitionCommand {}

  /// Has a participant of a transaction of three phases promise, or accept an outcome.
  ///
  /// @param outcome null to promise
  record VoteTransaction(
      TransactionId id, Timestamp started, long ballot, @Nullable TransactionOutcome outcome)
      implements PartitionCommand {}

  /// Every participant knows how these transactions ended whose records are here.
  record ForgetTransactions(List<TransactionId> ids) implements PartitionCommand {
    public ForgetTransactions {
      ids = List.copyOf(ids);
    }
  }

  /// Forgets how transactions ended that began before a timestamp; what began before it and is not
  /// prepared yet never will be.
  record PurgeTransactions(Timestamp before) implements PartitionCommand {}

  /// From here on writes maintain the index. Ignored if it is known already.
  ///
  /// @param revision of the catalog that had the index
  record AddIndex(IndexDefinition index, long revision) implements PartitionCommand {}

  /// Forgets the index and its entries.
  ///
  /// @param revision of the catalog that did not have the index; an index that was added by a newer
  ///   one stays
  record DropIndex(long index, long revision) implements PartitionCommand {}

  /// The next step of building an index: adds the entries of up to so many rows.
  record Backfill(long index, int rows) implements PartitionCommand {}

  /// Splits the Partition, for good; ignored if that is not possible as it is.
  ///
  /// @param epoch what the Partition's is expected to be
  /// @param at where to cut, see [SplitBounds#halves]
  /// @param children in the order of the halves
  /// @param leader who led the Partition when this was proposed, and leads the children first; null
  ///   to elect their first leaders
  record Split(Epoch epoch, @Nullable Datum at, List<Child> children, @Nullable NodeId leader)
      implements PartitionCommand {
    public Split {
      children = List.copyOf(children);
    }

    /// As somebody asks for it who does not know who leads.
    Split(Epoch epoch, @Nullable Datum at, List<Child> children) {
      this(epoch, at, children, null);
    }

    Split ledBy(@Nullable NodeId other) {
      return new Split(epoch, at, children, other);
    }
  }

  /// A Partition that is made by a split or a merge.
  record Child(PartitionId id, String name) {}

  /// Lets nothing be changed any more, so that the Partition can become a part of another one;
  /// ignored if that is not possible as it is.
  ///
  /// @param epoch what the Partition's is expected to be
  /// @param into the Partition that is to have the rows
  /// @param bounds of that one
  record Freeze(Epoch epoch, Child into, Bounds bounds) implements PartitionCommand {}

  /// Goes on after a [Freeze] that nothing has come of; ignored if the Partition is not frozen, or
  /// frozen to become a part of another one.
  record Unfreeze(PartitionId into) implements PartitionCommand {}

  /// What the figures of a Partition that was made by a split were off by, see [RowCount]; ignored
  /// if they are no estimate.
  record CorrectCounters(long rows, long bytes) implements PartitionCommand {}

  /// Gives up the entries that were inherited and that nobody can read any more, because the safe
  /// point has passed them.
  record DropInherited() implements PartitionCommand {}

  /// Lets the epoch be no lower than this one, because the catalog may know of changes that went
  /// with the members of a group that was recovered.
  record RaiseEpoch(Epoch epoch) implements PartitionCommand {}

  /// From here on nothing is read below the timestamp, so that versions which only such reads could
  /// see may be dropped.
  record RaiseSafePoint(Timestamp safePoint) implements PartitionCommand {}
}
