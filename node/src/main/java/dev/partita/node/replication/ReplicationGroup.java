package dev.partita.node.replication;

import dev.partita.node.raft.Configuration;
import dev.partita.node.raft.ConfigurationChange;
import dev.partita.node.raft.GroupId;
import dev.partita.node.raft.GroupRecovery;
import dev.partita.node.raft.NodeId;
import java.util.concurrent.CompletableFuture;

/// This node's replica of one group. All methods may be called from any thread and return at once;
/// futures are completed on threads of the host, so whatever depends on them must not block. They
/// fail with a [ReplicationRefusal] only.
public interface ReplicationGroup {
  GroupId id();

  /// Replicates a command. The future completes when the command was committed and applied here.
  /// Fails with `NotLeader`, `Overloaded` or `Stopped` when nothing was appended, with
  /// `OutcomeUnknown` when it may have been. The array belongs to the group from here on.
  CompletableFuture<Proposed> propose(byte[] command);

  /// Completes, with the index applied, when a read of the state machine on this node sees
  /// everything that was acknowledged before this call: by the leader's lease if it holds, else
  /// after asking a quorum. Fails with `NotLeader`, `Overloaded` or `Stopped`; asking again is
  /// always safe.
  CompletableFuture<Long> readBarrier();

  /// As [#readBarrier], but sees everything that was committed: another member can have applied an
  /// entry, and acted on it, before this one has applied and acknowledged it. Takes a turn of the
  /// group's lane.
  CompletableFuture<Long> commitBarrier();

  /// Changes the members. Completes with the new configuration when it is committed and not joint
  /// any more; fails with `NotLeader`, `ChangeRefused`, `Stopped` when nothing was appended, with
  /// `OutcomeUnknown` when it may have been.
  CompletableFuture<Configuration> changeConfiguration(ConfigurationChange change);

  /// Hands leadership to another voter. Completes when this replica has seen the new leader; fails
  /// with `NotLeader`, `TransferFailed` or `Stopped`.
  CompletableFuture<Void> transferLeadership(NodeId to);

  /// Starts an election if this replica is a voter and no leader is known: speeds up the start of a
  /// new group.
  void campaign();

  /// Where the log of this replica ends, at this moment. Fails with `Stopped`.
  CompletableFuture<LogPosition> position();

  /// Has this replica go on without the members that a recovery leaves out, see
  /// [dev.partita.node.raft.Raft#recover]. Completes with whether that has begun; fails with
  /// `Stopped`.
  CompletableFuture<Boolean> recover(GroupRecovery recovery);

  /// What the replica looks like; at most a few ticks old.
  GroupStatus status();

  /// Adds a listener that is called after role, leader, term or configuration have changed. It runs
  /// on the group's apply thread and must be quick.
  void addStatusListener(StatusListener listener);

  /// Learns about changes of a replica.
  @FunctionalInterface
  interface StatusListener {
    void changed(GroupStatus status);
  }
}
