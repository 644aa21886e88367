package dev.partita.node.partition;

import dev.partita.node.raft.Configuration;
import dev.partita.node.raft.GroupId;
import dev.partita.node.raft.NodeId;
import dev.partita.node.replication.ReplicationGroup;
import dev.partita.node.replication.ReplicationHost;
import dev.partita.node.replication.StateMachine;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/// What [LocalPartitions] needs of the node's Raft host.
public interface GroupHost {
  /// The node that the host belongs to.
  NodeId self();

  /// Starts this node's replica of a group, see [ReplicationHost#open].
  ReplicationGroup open(GroupId group, StateMachine machine, @Nullable Configuration bootstrap);

  /// Ends it for good, see [ReplicationHost#remove].
  CompletableFuture<Void> remove(GroupId group);

  /// Whether it has been ended for good, see [ReplicationHost#isRemoved].
  boolean isRemoved(GroupId group);

  static GroupHost of(ReplicationHost host) {
    return new GroupHost() {
      @Override
      public NodeId self() {
        return host.self();
      }

      @Override
      public ReplicationGroup open(
          GroupId group, StateMachine machine, @Nullable Configuration bootstrap) {
        return host.open(group, machine, bootstrap);
      }

      @Override
      public CompletableFuture<Void> remove(GroupId group) {
        return host.remove(group);
      }

      @Override
      public boolean isRemoved(GroupId group) {
        return host.isRemoved(group);
      }
    };
  }
}
