package dev.partita.node.transport;

import dev.partita.node.raft.NodeId;

/// Which nodes have no part in the cluster any more. Nothing is taken from them, and they are told
/// so when they dial. Asked and told on the transport's threads: must not block.
public interface Exclusion {
  /// Keeps out nobody.
  Exclusion NONE =
      new Exclusion() {
        @Override
        public boolean excludes(NodeId node) {
          return false;
        }

        @Override
        public void excluded() {}
      };

  /// Whether a node is kept out.
  boolean excludes(NodeId node);

  /// A peer keeps out this node. May come again and again.
  void excluded();
}
