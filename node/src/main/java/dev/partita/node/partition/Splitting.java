package dev.partita.node.partition;

import dev.partita.node.key.Key;
import dev.partita.node.key.KeyRange;
import dev.partita.node.partition.PartitionCommand.Child;
import dev.partita.node.raft.Configuration;
import dev.partita.node.raft.NodeId;
import dev.partita.node.raft.SnapshotMark;
import dev.partita.node.storage.Batch;
import dev.partita.node.storage.StorageReader;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The entry of a Partition's log that splits it. Deterministic, and as short for a large Partition
/// as for a small one: rows and entries stay where they are.
///
/// Each child begins with a state that says what it inherits, in the same batch as the state of the
/// Partition that has no rows any more. So whoever has one has the other, and a replica that takes
/// the entry up again after a crash makes the same children.
///
/// What the children inherit:
/// - bounds, members, and an epoch above every one of the Partition;
/// - their first leader, who led the Partition when the entry was proposed: all members begin with
///   their votes given to it, see [SnapshotMark#inheritedHardState], so that nobody has to wait for
///   an election. It need not lead the Partition any more when it applies the entry;
/// - the highest timestamp written and the oldest one readable. Promises to readers need not be
///   handed over: a child's leader begins with a timestamp that was taken after this entry was
///   committed, and the Partition lets no reader in from then on;
/// - the names of transactions that have committed, so that none happens twice. The first child
///   also inherits how transactions have ended, and answers for the Partition;
/// - indexes, whose entries it shares at first, see [IndexState].
///
/// Nothing is prepared while a Partition is split, so no locks have to be divided.
final class Splitting {

  private final PartitionId id;
  private final StorageReader committed;
  private final SplitRules rules;

  Splitting(PartitionId id, StorageReader committed, SplitRules rules) {
    this.id = id;
    this.committed = committed;
    this.rules = rules;
  }

  /// Why a Partition cannot be split as it is, null if it can.
  static @Nullable String obstacle(PartitionState state, LockTable locks) {
    PartitionDescriptor descriptor = state.descriptor();
    if (descriptor == null) {
      return "the partition is being created";
    }
    Configuration members = state.configuration();
    if (members.joint() || !descriptor.members().equals(members)) {
      return "its members are being changed";
    }
    if (state.indexes().stream().anyMatch(IndexState::isBuilding)) {
      return "an index is being built";
    }
    return locks.isEmpty() ? null : "a transaction is prepared";
  }

  /// The state after the entry; the one before if the split is not possible (any more).
  PartitionState apply(
      Batch batch,
      PartitionState before,
      LockTable locks,
      PartitionCommand.Split split,
      long index) {
    PartitionDescriptor descriptor = before.descriptor();
    if (descriptor == null
        || !split.epoch().equals(descriptor.epoch())
        || obstacle(before, locks) != null) {
      return before;
    }
    List<Bounds> halves = halves(descriptor, split);
    if (halves == null) {
      return before;
    }
    Epoch epoch = descriptor.epoch().next();
    var children = new ArrayList<PartitionDescriptor>();
    for (int at = 0; at < halves.size(); at++) {
      Child child = split.children().get(at);
      children.add(
          new PartitionDescriptor(
              child.id(),
              child.name(),
              descriptor.collectionId(),
              descriptor.collection(),
              halves.get(at),
              epoch,
              before.configuration()));
    }
    for (PartitionDescriptor child : children) {
      if (rules.inherits()) {
        makeChild(batch, before, child, children);
        NodeId leader = split.leader();
        if (leader != null && child.members().isVoter(leader)) {
          batch.putMeta(
              PartitionKeys.leaderRecord(child.id()),
              PartitionCodec.begin(16).number(leader.value()).toByteArray());
        }
      }
    }
    return before.split(descriptor.withEpoch(epoch), new SplitState(index, children));
  }

  /// The bounds of the children, null if these cannot be made: who asked for them was to check it.
  private static @Nullable List<Bounds> halves(
      PartitionDescriptor descriptor, PartitionCommand.Split split) {
    try {
      List<Bounds> halves = SplitBounds.halves(descriptor.bounds(), split.at());
      return halves.size() == split.children().size() ? halves : null;
    } catch (IllegalArgumentException _) {
      return null;
    }
  }

  private void makeChild(
      Batch batch,
      PartitionState parent,
      PartitionDescriptor child,
      List<PartitionDescriptor> children) {
    if (committed.meta(PartitionKeys.stateRecord(child.id())) != null) {
      throw new IllegalStateException("a partition is there before it is made: " + child.id());
    }
    SnapshotMark mark = SnapshotMark.inherited(child.members());
    boolean first = child.equals(children.getFirst());
    var state =
        new PartitionState(
            mark.index(),
            mark.term(),
            mark.configuration(),
            child,
            share(parent.rows(), children.size(), first),
            share(parent.bytes(), children.size(), first),
            parent.lastCommit(),
            parent.safePoint(),
            parent.indexes().stream().map(index -> index.inherit(id, children.size())).toList(),
            null,
            true,
            null);
    batch.putMeta(PartitionKeys.stateRecord(child.id()), state.encode());
    copy(batch, TransactionKeys.inheritedByAll(id), child.id());
    if (first) {
      copy(batch, TransactionKeys.inheritedByFirst(id), child.id());
    }
  }

  /// An estimate, until the rows are counted.
  private static long share(long whole, int parts, boolean first) {
    return first ? whole - whole / parts * (parts - 1) : whole / parts;
  }

  private void copy(Batch batch, List<KeyRange> ranges, PartitionId to) {
    for (KeyRange range : ranges) {
      for (Map.Entry<Key, byte[]> record : committed.metaRange(range).entrySet()) {
        batch.putMeta(TransactionKeys.moved(record.getKey(), to), record.getValue());
      }
    }
  }
}
