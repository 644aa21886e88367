package dev.partita.node.partition;

import dev.partita.node.partition.PartitionCommand.Freeze;
import dev.partita.node.partition.PartitionCommand.Unfreeze;
import org.jspecify.annotations.Nullable;

/// The entries of a Partition's log that freeze it so that it can become a part of another one, and
/// that let it go on. Pure.
///
/// Nothing is prepared in a frozen Partition, and everything behind the freeze in its log is
/// refused without a trace, so what the other one inherits is the same on every member.
final class Freezing {

  /// What a frozen Partition answers.
  static final Response.Unavailable MERGING =
      new Response.Unavailable("The partition is being merged");

  private Freezing() {}

  /// Why a Partition cannot be frozen as it is, null if it can.
  static @Nullable String obstacle(PartitionState state, LockTable locks) {
    String obstacle = Splitting.obstacle(state, locks);
    return obstacle == null ? unsettled(state) : obstacle;
  }

  /// As [#obstacle], but for transactions: these end soon.
  static @Nullable String unsettled(PartitionState state) {
    if (state.indexes().stream().anyMatch(IndexState::isBuilding)) {
      return "an index is being built, as it also is for a while after a split";
    }
    return state.indexes().stream().allMatch(index -> index.phase() instanceof IndexState.Ready)
        ? null
        : "an index has failed";
  }

  /// The state after the entry; the one before if that is not possible (any more).
  static PartitionState freeze(PartitionState before, LockTable locks, Freeze wanted, long index) {
    PartitionDescriptor descriptor = before.descriptor();
    if (descriptor == null
        || !wanted.epoch().equals(descriptor.epoch())
        || obstacle(before, locks) != null) {
      return before;
    }
    PartitionDescriptor frozen = descriptor.withEpoch(descriptor.epoch().next());
    return before.withFreeze(
        frozen,
        new FreezeState(
            index, wanted.into(), wanted.bounds(), frozen.epoch(), before.configuration()));
  }

  /// The state after the entry; the one before if the Partition is not frozen for that.
  static PartitionState unfreeze(PartitionState before, Unfreeze wanted) {
    FreezeState freeze = before.freeze();
    PartitionDescriptor descriptor = before.descriptor();
    return freeze == null || descriptor == null || !freeze.into().id().equals(wanted.into())
        ? before
        : before.withFreeze(descriptor.withEpoch(descriptor.epoch().next()), null);
  }
}
