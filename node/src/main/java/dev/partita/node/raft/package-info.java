/// The consensus core: Raft as a pure step function. An event goes in (a message, a tick, a
/// finished write), [Effects] come out (messages to send, state to persist, entries to apply).
/// There is no clock, thread, disk or socket inside, and randomness is passed in, so a whole
/// cluster can be replayed from one seed.
///
/// The main type is [Raft]. Its host (package `replication`) owns the log, the transport and the
/// timer; the core reads the stable log through [LogView] and keeps the tail that is not persisted
/// yet itself. Writes of the log are asynchronous: the core goes on while they are under way and is
/// told by [Raft#persisted].
///
/// Inside, `Standing` is what a replica is in its term, `Elections` how it comes to be something
/// else, `Following` and `Leadership` what it does as the one or the other, and `Rules` the
/// decisions that safety stands on.
///
/// Terms and log indexes are plain `long` inside this package and in its interface, and are always
/// named `...Term` or `...Index`. They are compared, added and stored by the million per second,
/// they never leave the pair of core and host, and each is used only beside a name that says which
/// it is; a wrapper would be unwrapped on nearly every line. What crosses to other packages and
/// could be mixed up there ([NodeId], [GroupId]) is a type. The log is 1-based: index 0 and term 0
/// mean "before the first entry".
///
/// Invariants, checked all along by the simulation in the tests:
/// - Election safety: at most one leader in a term. The vote is durable before it is told to
///   anybody. A group whose members got its data from another group may begin in a term in which
///   all have voted for the same one of them: it leads without an election, once
///   ([SnapshotMark#inheritedHardState]).
/// - Log matching, leader completeness, state machine safety (Raft thesis, section 3.6).
/// - A configuration takes effect when its entry is appended, not when it is committed or applied,
///   and is undone when the entry is truncated (Raft thesis, section 4.1). At most one change is
///   under way, and none begins before the leader has committed an entry of its own term. Voters
///   change only while a quorum of the new ones is there and has a log.
/// - A read is confirmed only by a quorum that answered after the read arrived ([Raft#readIndex])
///   or while the lease holds ([Raft#leaseValid]). The lease counts from the moment a heartbeat was
///   sent; whoever heard it neither votes nor campaigns for a whole election timeout after that,
///   not even across a restart. So it is safe while clocks run at speeds that differ by less than
///   [RaftSettings#clockDriftPercent], however long a process is paused.
///
/// What a host must do besides [Effects]: make a new group with [SnapshotMark#initial] on every
/// first member, durably before the replica starts, and tell it whether that was just now; make a
/// replica that joins later with [SnapshotMark#NONE] and add it as a learner first, because it
/// neither takes entries nor votes before it has a snapshot; when a removed replica is deleted,
/// keep its hard state and [SnapshotMark#tombstone] for the case that the same node gets one again,
/// because what the old one voted and acknowledged still counts.
///
/// The one exception to all of this is [Raft#recover]: a person decides that a quorum is lost for
/// ever, and one survivor goes on. Nothing here ever does that by itself.
///
/// Threads: a [Raft] is confined to whoever calls it; it is neither thread-safe nor blocking.
@NullMarked
package dev.partita.node.raft;

import org.jspecify.annotations.NullMarked;
