package dev.partita.node.recovery;

import dev.partita.node.raft.NodeId;
import java.util.List;
import java.util.Set;

/// What a recovery would do, and what may be lost by it.
///
/// @param id stands for all that the plan depends on; another one if anything of that has changed
/// @param lost the nodes that are given up
/// @param survivors the nodes that have answered
/// @param groups what has lost its quorum and has a survivor, the system partition first
/// @param gone Partitions of which no replica survives: nothing brings their rows back but a backup
/// @param whole how many groups have a quorum and stay as they are
/// @param refusals why the plan cannot be carried out; empty if it can
/// @param warnings what people have to look at afterwards
public record RecoveryPlan(
    String id,
    Set<NodeId> lost,
    Set<NodeId> survivors,
    List<GroupPlan> groups,
    List<String> gone,
    int whole,
    List<String> refusals,
    List<String> warnings) {
  public RecoveryPlan {
    lost = Set.copyOf(lost);
    survivors = Set.copyOf(survivors);
    groups = List.copyOf(groups);
    gone = List.copyOf(gone);
    refusals = List.copyOf(refusals);
    warnings = List.copyOf(warnings);
  }

  /// How a group goes on.
  ///
  /// @param kept whose replica it goes on from
  /// @param lastIndex where the log of that replica ends
  /// @param lastTerm of the entry there
  /// @param commitIndex up to where that replica knows it to be committed
  /// @param term of its entries from then on
  /// @param epoch the highest that is known; its own will be above that
  /// @param loss what may be lost, for people
  public record GroupPlan(
      long group,
      String name,
      NodeId kept,
      Set<NodeId> voters,
      Set<NodeId> learners,
      long lastIndex,
      long lastTerm,
      long commitIndex,
      long term,
      long epoch,
      String loss) {
    public GroupPlan {
      voters = Set.copyOf(voters);
      learners = Set.copyOf(learners);
    }
  }
}
