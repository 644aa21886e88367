package dev.partita.node.partition;

import dev.partita.node.key.Key;
import dev.partita.node.raft.SnapshotMark;
import dev.partita.node.storage.Batch;
import dev.partita.node.storage.Storage;
import dev.partita.node.storage.StorageReader;
import dev.partita.node.time.Timestamp;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/// Makes one Partition of two that are frozen, on each member by itself: rows and entries stay
/// where they are, so it takes as long for large Partitions as for small ones. Two that are frozen
/// are the same on every member, so what is made of them is as well; and as long as they are not
/// removed, it is made again after a crash.
///
/// What the Partition inherits:
/// - the members of the two, which are the same, and an epoch above both;
/// - the later of their highest timestamps written, and of their oldest readable ones. Promises to
///   readers need not be handed over: its first leader begins with a timestamp that was taken after
///   both were frozen on every member, and a frozen Partition lets no reader in;
/// - how transactions have ended in either, and the names of those that have committed: it answers
///   for both. What a third phase was promised and has accepted is joined, see [Ballots#join];
/// - the indexes, whose entries it shares with both at first, see [IndexState].
final class Merging {

  private final StorageReader committed;
  private final PartitionState left;
  private final PartitionState right;

  private Merging(StorageReader committed, PartitionState left, PartitionState right) {
    this.committed = committed;
    this.left = left;
    this.right = right;
  }

  /// What has become of two replicas on this node.
  enum Outcome {
    /// Not both have come to where they are frozen for this.
    NOT_YET,
    /// The Partition's replica is in the store, or it is known that it has to come with a snapshot.
    DONE
  }

  /// Has the replica of the Partition take the rows of two replicas on this node.
  static Outcome handOver(
      Storage storage, PartitionStateMachine left, PartitionStateMachine right, PartitionId into) {
    return left.exclusively(
        () -> right.exclusively(() -> handOverLocked(storage, left, right, into)));
  }

  private static Outcome handOverLocked(
      Storage storage, PartitionStateMachine left, PartitionStateMachine right, PartitionId into) {
    boolean leftGone = left.state().split() != null;
    boolean rightGone = right.state().split() != null;
    if (leftGone && rightGone) {
      return Outcome.DONE;
    }
    if ((!leftGone && !isFrozen(left.state(), into))
        || (!rightGone && !isFrozen(right.state(), into))) {
      return Outcome.NOT_YET;
    }
    if (leftGone || rightGone) {
      // One side was lost here: its rows come with a snapshot, and with them those of the other.
      PartitionStateMachine gone = leftGone ? left : right;
      PartitionStateMachine rest = leftGone ? right : left;
      rest.giveUpRows(given(gone));
      return Outcome.DONE;
    }
    var merging = new Merging(storage, left.state(), right.state());
    try (Batch batch = storage.newBatch()) {
      PartitionDescriptor merged = merging.make(batch, into);
      PartitionState leftAfter = left.handedOver(batch, merged);
      PartitionState rightAfter = right.handedOver(batch, merged);
      batch.commit();
      left.publish(leftAfter);
      right.publish(rightAfter);
    }
    return Outcome.DONE;
  }

  private static PartitionDescriptor given(PartitionStateMachine gone) {
    SplitState split = gone.state().split();
    if (split == null) {
      throw new IllegalStateException("the rows are still there");
    }
    return split.children().getFirst();
  }

  private static boolean isFrozen(PartitionState state, PartitionId into) {
    FreezeState freeze = state.freeze();
    return freeze != null && freeze.into().id().equals(into);
  }

  /// The Partition that two are frozen for. Only what is said in the freezes counts.
  static PartitionDescriptor descriptor(PartitionState left, PartitionState right) {
    FreezeState one = left.freeze();
    FreezeState other = right.freeze();
    PartitionDescriptor descriptor = left.descriptor();
    if (one == null || other == null || descriptor == null) {
      throw new IllegalStateException("only what is frozen is merged");
    }
    if (!one.members().equals(other.members())
        || !one.into().equals(other.into())
        || !one.bounds().equals(other.bounds())) {
      throw new IllegalStateException("two that are merged do not belong together");
    }
    Epoch epoch = one.epoch().compareTo(other.epoch()) > 0 ? one.epoch() : other.epoch();
    return new PartitionDescriptor(
        one.into().id(),
        one.into().name(),
        descriptor.collectionId(),
        descriptor.collection(),
        one.bounds(),
        epoch.next(),
        one.members());
  }

  private PartitionDescriptor make(Batch batch, PartitionId into) {
    PartitionDescriptor merged = descriptor(left, right);
    if (committed.meta(PartitionKeys.stateRecord(into)) != null) {
      throw new IllegalStateException("a partition is there before it is made: " + into);
    }
    SnapshotMark mark = SnapshotMark.inherited(merged.members());
    var state =
        new PartitionState(
            mark.index(),
            mark.term(),
            mark.configuration(),
            merged,
            left.rows() + right.rows(),
            left.bytes() + right.bytes(),
            Timestamp.later(left.lastCommit(), right.lastCommit()),
            Timestamp.later(left.safePoint(), right.safePoint()),
            indexes(),
            null,
            left.estimated() || right.estimated(),
            null);
    batch.putMeta(PartitionKeys.stateRecord(into), state.encode());
    transactions(into).forEach(batch::putMeta);
    return merged;
  }

  private List<IndexState> indexes() {
    var indexes = new ArrayList<IndexState>();
    for (IndexState one : left.indexes()) {
      IndexState other = right.index(one.index().id());
      if (other != null) {
        indexes.add(one.merge(owner(left), other, owner(right)));
      }
    }
    return indexes;
  }

  private static PartitionDescriptor owner(PartitionState state) {
    PartitionDescriptor descriptor = state.descriptor();
    if (descriptor == null) {
      throw new IllegalStateException("the partition was never made");
    }
    return descriptor;
  }

  /// The records of both under the keys of the one. Where both have one, they tell the same, but
  /// for these: of two timestamps before which everything is forgotten the later one counts, and
  /// what was voted is joined.
  private Map<Key, byte[]> transactions(PartitionId into) {
    var records = new TreeMap<Key, byte[]>();
    for (PartitionId side : List.of(owner(left).id(), owner(right).id())) {
      committed
          .metaRange(TransactionKeys.all(side).range())
          .forEach((key, record) ->
              records.merge(
                  TransactionKeys.moved(key, into), record, (one, other) -> join(key, one, other)));
    }
    return records;
  }

  private static byte[] join(Key key, byte[] one, byte[] other) {
    if (TransactionKeys.isForgotten(key)) {
      Timestamp before = PartitionCodec.begin(one).timestamp();
      return PartitionCodec.begin(other).timestamp().isAfter(before) ? other : one;
    }
    return TransactionKeys.isBallots(key) ? TransactionTable.joinVotes(one, other) : one;
  }
}
