package dev.partita.node.transport;

import dev.partita.node.raft.NodeId;

/// Learns about connections to peers. Called on transport threads; must not block.
public interface PeerListener {
  /// A connection with the peer stands, in either direction.
  void connected(NodeId peer);

  /// An established connection with the peer ended, in either direction. The transport dials again
  /// by itself; [#connected] or [#unreachable] tells how that went.
  void lost(NodeId peer);

  /// Dialling the peer failed: refused, timed out, or answered by somebody else.
  void unreachable(NodeId peer);
}
