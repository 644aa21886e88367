package dev.partita.node.replication;

import java.util.concurrent.CompletableFuture;

/// A proposal without a result yet. The place in the log is set by the lane when the core has taken
/// it.
final class PendingProposal {
  final byte[] command;
  final CompletableFuture<Proposed> result = new CompletableFuture<>();
  long index;
  long term;

  PendingProposal(byte[] command) {
    this.command = command;
  }
}
