package dev.partita.node.partition;

import dev.partita.node.replication.ReplicationGroup;
import java.util.concurrent.CompletableFuture;

/// What a reader waits for before it reads what is applied: that this replica leads, and that
/// whatever was answered before is applied. Thread-safe.
///
/// With a lease a leader need not look at its log: nobody else answers writes of the Partition, and
/// its own answers follow their application. That ends with the entry of a split. From the moment
/// it is committed others may answer writes of the same rows in the name of the children, so a
/// leader that is slow to apply it waits for it.
final class ReadBarrier {

  private final ReplicationGroup group;
  private volatile CompletableFuture<Void> handover = CompletableFuture.completedFuture(null);

  ReadBarrier(ReplicationGroup group) {
    this.group = group;
  }

  /// Has readers wait from now on, until it is known what has become of a split that is about to be
  /// proposed. One at a time.
  void awaitSplit(CompletableFuture<Void> settled) {
    handover = settled;
  }

  /// Completes with the applied index when the replica may be read, or fails as
  /// [ReplicationGroup#readBarrier].
  CompletableFuture<Long> pass() {
    CompletableFuture<Void> split = handover;
    return split.isDone() ? group.readBarrier() : split.thenCompose(_ -> group.readBarrier());
  }
}
