package dev.partita.node.cluster;

import dev.partita.node.catalog.CatalogCommand;
import dev.partita.node.catalog.OperationEntry;
import dev.partita.node.catalog.PartitionEntry;
import dev.partita.node.key.Datum;
import dev.partita.node.partition.PartitionId;
import dev.partita.node.raft.ConfigurationChange;
import dev.partita.node.raft.NodeId;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What is to be done next for an operation. Each can be done twice.
sealed interface Action {

  /// The name of the step, for people.
  String step();

  /// Have the leader of a Partition change its members.
  record ChangeMembers(
      String step, PartitionId partition, NodeId leader, ConfigurationChange change)
      implements Action {}

  /// Have the leader of a Partition hand leadership over.
  record TransferLeader(String step, PartitionId partition, NodeId leader, NodeId to)
      implements Action {}

  /// Have the leader of a Partition split it.
  record Split(
      String step,
      PartitionId partition,
      NodeId leader,
      long epoch,
      @Nullable Datum at,
      List<PartitionEntry> children)
      implements Action {
    public Split {
      children = List.copyOf(children);
    }
  }

  /// Have the leaders of Partitions freeze them, so that they can be merged.
  record Freeze(String step, PartitionEntry into, String name, List<Side> sides) implements Action {
    public Freeze {
      sides = List.copyOf(sides);
    }

    /// One of them.
    ///
    /// @param sibling the other one
    record Side(PartitionId partition, NodeId leader, long epoch, PartitionId sibling) {}
  }

  /// Have the leader of a Partition let it go on that is frozen for nothing.
  record Unfreeze(String step, PartitionId partition, NodeId leader, PartitionId into)
      implements Action {}

  /// Change the catalog.
  record Propose(String step, CatalogCommand command) implements Action {}

  /// Nothing, until something else has happened.
  ///
  /// @param message what is waited for; null where the step says it
  record Wait(String step, @Nullable String message) implements Action {}

  /// The operation is finished.
  record Finish(OperationEntry.State state, @Nullable String message) implements Action {
    static final Finish DONE = new Finish(OperationEntry.State.DONE, null);

    static Finish failed(String message) {
      return new Finish(OperationEntry.State.FAILED, message);
    }

    @Override
    public String step() {
      return OperationEntry.FINISHED;
    }
  }
}
