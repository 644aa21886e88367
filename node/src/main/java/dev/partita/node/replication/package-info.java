/// The node's Raft host: everything around the consensus core that needs a clock, threads, a disk
/// or a network.
///
/// The main type is [ReplicationHost]. It opens one [ReplicationGroup] for each replica of the
/// node. All groups share one log (package `replication.log`, one fsync serves many groups), one
/// timer, and one stream of messages for each pair of nodes. A `Replica` is the core of one group;
/// what its effects and its callers set off is beside it, one type each: `LogWrites`, `LogCutter`,
/// `Snapshots`, `Applier`, `Proposals`, `Reads`, `MembershipChange`, `LeadershipTransfer`,
/// `Succession`.
///
/// Threads. A *lane* is a thread that owns the cores of its groups and runs in turns: it takes all
/// events that have come in, feeds the cores, hands all writes of the turn to the log as one
/// append, and all messages for a node to the transport as one frame. Committed commands are
/// applied on a small pool, one thread at a time for a group, in order. Snapshots are written and
/// installed on threads of their own. The turn itself (`HostCore`) has no thread, clock, disk or
/// socket in it, so that the tests drive whole clusters of hosts from one seed.
///
/// Invariants:
/// - A message that promises something about the log leaves after the log is durable.
/// - A failed write or fsync stops every group of the node for good, see [HostListener#failed].
/// - The log never waits for a dead replica: past a bound it is cut and the replica gets a
///   snapshot.
/// - Every queue is bounded; past the bound a proposal fails with [ReplicationRefusal.Overloaded].
@NullMarked
package dev.partita.node.replication;

import org.jspecify.annotations.NullMarked;
