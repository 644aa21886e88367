/// The system partition as a running part of a node: the replica of Raft group 0, what is asked of
/// its leader, and the timestamps it hands out. [SystemPartition] is the main type.
///
/// Every node is a member: up to five vote, the others learn, so every node has the whole catalog
/// in memory. [LeaderCalls] brings a request to whichever node leads; [SystemOracle] is the
/// database's source of timestamps; [NodeFiles] keeps what a node must know before it has a
/// catalog.
///
/// Invariants: a timestamp is handed out only by a node that was the leader after the request came
/// in, from a window that was committed before, so no two leaders hand out the same one and later
/// requests get larger ones.
///
/// Threads: public methods block unless they return a future, and belong on virtual threads.
@NullMarked
package dev.partita.node.system;

import org.jspecify.annotations.NullMarked;
