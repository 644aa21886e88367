package dev.partita.node.replication;

import dev.partita.node.raft.GroupId;
import dev.partita.node.raft.NodeId;

/// What a host tells the node around it. Called on threads of the host; must be quick and not
/// block.
public interface HostListener {
  /// A message came for a group that this node does not have. Told at most once per second and
  /// group. The node decides, from the partition map, whether to open a replica.
  void unknownGroup(GroupId group, NodeId from);

  /// One replica has stopped because its state machine failed; the others go on.
  void replicaFailed(GroupId group, Throwable cause);

  /// The log has failed: every group of this node has stopped for good, and the node must be
  /// restarted.
  void failed(Throwable cause);

  /// Whether a node is heard of or not, as far as it shares groups with this one, has changed.
  default void livenessChanged(NodeId node, boolean alive) {}
}
