package dev.partita.node.recovery;

import dev.partita.node.raft.Configuration;
import dev.partita.node.raft.NodeId;
import dev.partita.node.time.Timestamp;
import java.util.List;
import java.util.Set;

/// What one node has, as it tells whoever plans a recovery.
///
/// @param members that its catalog knows and that are not gone
/// @param heard other nodes that it has heard of lately, so that they are alive
/// @param window up to which timestamp the system partition may have handed out any, as far as this
///   node knows
/// @param excluded the nodes that it keeps out already
record NodeSurvey(
    NodeId node,
    Set<NodeId> members,
    Set<NodeId> heard,
    Timestamp window,
    Set<NodeId> excluded,
    List<ReplicaSurvey> replicas) {
  NodeSurvey {
    members = Set.copyOf(members);
    heard = Set.copyOf(heard);
    excluded = Set.copyOf(excluded);
    replicas = List.copyOf(replicas);
  }

  /// A replica that runs.
  ///
  /// @param group 0 for the system partition
  /// @param name of the Partition; of the system partition `system`
  /// @param collection empty for the system partition
  /// @param configuration the newest in its log
  /// @param complete false while it waits for a snapshot
  /// @param epoch 0 for the system partition
  /// @param latest the latest timestamp that it has seen
  /// @param prepared transactions that are prepared and not ended
  record ReplicaSurvey(
      long group,
      String name,
      String collection,
      long term,
      long lastIndex,
      long lastTerm,
      long commitIndex,
      Configuration configuration,
      boolean complete,
      long epoch,
      Timestamp latest,
      int prepared) {}
}
