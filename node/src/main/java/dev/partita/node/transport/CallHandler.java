package dev.partita.node.transport;

import dev.partita.node.raft.NodeId;
import java.util.concurrent.CompletableFuture;

/// Answers the calls of one service.
@FunctionalInterface
public interface CallHandler {
  /// Answers a request. Runs on a transport thread and must not block: longer work goes elsewhere
  /// and completes the future later. A future that fails reaches the caller as
  /// [CallFailure.Kind#FAILED] with the exception's message.
  CompletableFuture<byte[]> handle(NodeId from, byte[] request);
}
