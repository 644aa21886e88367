package dev.partita.node.transport;

import dev.partita.node.raft.NodeId;

/// Receives one-way messages on a transport thread.
@FunctionalInterface
public interface MessageHandler {
  /// Takes a message; the array belongs to the handler. Must not block.
  void receive(NodeId from, byte[] message);
}
