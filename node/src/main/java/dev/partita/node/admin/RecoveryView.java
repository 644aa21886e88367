package dev.partita.node.admin;

import java.util.List;

/// That groups went on without a quorum, because a person had given up nodes.
///
/// @param id of the plan
/// @param at when, in the form of ISO 8601
/// @param partitions what went on; the system partition is not among them
/// @param acknowledged whether a person has seen to what may be lost
public record RecoveryView(
    String id, String at, List<RecoveredPartition> partitions, boolean acknowledged) {
  public RecoveryView {
    partitions = List.copyOf(partitions);
  }

  /// A Partition that went on from one replica.
  ///
  /// @param id as the Partition's own
  /// @param loss what may be lost, for people
  public record RecoveredPartition(String id, String name, String loss) {}
}
