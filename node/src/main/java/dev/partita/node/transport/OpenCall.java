package dev.partita.node.transport;

import java.util.concurrent.CompletableFuture;

/// A call that has no end yet. `sent` is written by the connection's event loop only.
final class OpenCall {
  final CompletableFuture<byte[]> result = new CompletableFuture<>();
  final long deadlineNanos;
  volatile boolean sent;

  OpenCall(long deadlineNanos) {
    this.deadlineNanos = deadlineNanos;
  }

  void fail(CallFailure.Kind ifSent, CallFailure.Kind ifNot, String message) {
    result.completeExceptionally(new CallFailure(sent ? ifSent : ifNot, message));
  }
}
