package dev.partita.node.replication;

import dev.partita.node.raft.NodeId;
import dev.partita.node.raft.Raft;
import dev.partita.node.raft.Role;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/// The wish that another node lead, until this replica has seen the new leader or has waited long
/// enough. Owned by the lane.
final class LeadershipTransfer {
  /// The core gives up after one election timeout; the new leader has as long again to be seen.
  private static final int ELECTION_TIMEOUTS_MAX = 2;

  private record Pending(CompletableFuture<Void> result, long deadlineNanos) {}

  private final Raft raft;
  private final Lane.HostContext host;
  private @Nullable Pending pending;

  LeadershipTransfer(Raft raft, Lane.HostContext host) {
    this.raft = raft;
    this.host = host;
  }

  void begin(NodeId to, CompletableFuture<Void> result, long now) {
    if (raft.role() != Role.LEADER) {
      result.completeExceptionally(new ReplicationRefusal.NotLeader(raft.leader()));
    } else if (pending != null || !raft.transferLeadership(to)) {
      result.completeExceptionally(new ReplicationRefusal.TransferFailed());
    } else {
      long patienceNanos = ELECTION_TIMEOUTS_MAX * host.settings().raft().electionTimeoutNanos();
      pending = new Pending(result, now + patienceNanos);
    }
  }

  void tick(long now) {
    if (pending != null && now - pending.deadlineNanos() >= 0) {
      fail(new ReplicationRefusal.TransferFailed());
    }
  }

  /// Somebody leads, or nobody any more.
  void followed(@Nullable NodeId leader) {
    if (pending != null && leader != null && !leader.equals(host.self())) {
      pending.result().complete(null);
      pending = null;
    }
  }

  void stop() {
    fail(new ReplicationRefusal.Stopped());
  }

  private void fail(ReplicationRefusal refusal) {
    if (pending != null) {
      pending.result().completeExceptionally(refusal);
      pending = null;
    }
  }
}
