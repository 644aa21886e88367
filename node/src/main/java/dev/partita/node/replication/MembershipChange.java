package dev.partita.node.replication;

import dev.partita.node.raft.ChangeResult;
import dev.partita.node.raft.Configuration;
import dev.partita.node.raft.ConfigurationChange;
import dev.partita.node.raft.Entry;
import dev.partita.node.raft.NodeId;
import dev.partita.node.raft.Raft;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/// The change of members that this replica has begun as a leader, until it is committed. Owned by
/// the lane.
final class MembershipChange {
  private record Pending(long index, CompletableFuture<Configuration> result) {}

  private final Raft raft;
  private final Applier applier;
  private @Nullable Pending pending;

  MembershipChange(Raft raft, Applier applier) {
    this.raft = raft;
    this.applier = applier;
  }

  void begin(ConfigurationChange wish, CompletableFuture<Configuration> result) {
    switch (raft.changeConfiguration(wish)) {
      case ChangeResult.Accepted accepted -> pending = new Pending(accepted.index(), result);
      case ChangeResult.NotLeader(NodeId other) ->
          result.completeExceptionally(new ReplicationRefusal.NotLeader(other));
      case ChangeResult.Refused(ChangeResult.Reason reason) ->
          result.completeExceptionally(new ReplicationRefusal.ChangeRefused(reason));
    }
  }

  /// A configuration is committed. The change is over when it is not joint, and the state machine
  /// has seen it.
  void committed(Entry entry) {
    Pending change = pending;
    var committed = Configuration.decode(entry.data());
    if (change != null && entry.index() >= change.index() && !committed.joint()) {
      pending = null;
      applier.submit(() -> change.result().complete(committed));
    }
  }

  /// Leadership was lost: the next leader may commit the change or not.
  void lost() {
    if (pending != null) {
      pending.result().completeExceptionally(new ReplicationRefusal.OutcomeUnknown());
      pending = null;
    }
  }
}
