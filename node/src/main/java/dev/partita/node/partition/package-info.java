/// A Partition: the rows of one collection inside some bounds, replicated by one Raft group.
///
/// [PartitionStateMachine] is what the group replicates: rows, index entries, epoch and index
/// states, a deterministic function of the committed [PartitionCommand]s. [PartitionReplica] is a
/// node's replica with the leader's duties around it: it gathers writes into batches, gives them
/// timestamps, and serves reads. [LocalPartitions] holds the replicas of a node and answers
/// [Request]s; [RemotePartitions] speaks to those of another node through the same interface,
/// [PartitionClient]. [PartitionDirectory] and [PartitionCaller] are how code above finds and
/// reaches partitions; routing implements them.
///
/// A Partition takes part in transactions: [TransactionApplier] is the participant of the commit
/// protocol, [TransactionTable] what is known of transactions, [LockTable] their locks, [RowLocks]
/// those of statements, [LockQueue] the writes that wait for them. Who coordinates is in the
/// package `transaction`; it ends what nobody else ends through [TransactionResolver].
///
/// A Partition is split by one entry of its log ([Splitting]). Two that a split has made are merged
/// in three steps: each is frozen by an entry of its own log ([Freezing]), the catalog commits the
/// merge when every member of both has applied that, and each member then makes the one of its two
/// replicas ([Merging]). From its freeze on a Partition changes nothing and answers nobody, until
/// it has handed over or is told to go on.
///
/// Whoever wants to know what has changed asks for pages of changes: [ChangeReader] finds them in
/// [RecentChanges], or by looking through the versions of all rows.
///
/// Invariants:
/// - Writes and preparing have timestamps that rise in log order. A transaction of several
///   Partitions commits at a timestamp that may be below those of other rows before it in the log,
///   but above all reads of its rows. The version of a row is the timestamp of its last write, and
///   rises.
/// - Rows, their index entries, the counters and the applied index change in one atomic batch.
/// - A snapshot read at T sees every write with a timestamp up to T and none above: before it
///   reads, the leader has promised to give no timestamp up to T to a write (its read floor), has
///   applied all writes that already had one, and has waited for the end of transactions that had
///   prepared up to T.
/// - What a page of changes tells up to a timestamp is likewise final. It does not wait for
///   prepared transactions but stops before the first of them.
/// - Rows belong to one Partition at a time on every member: a Partition that was made of others is
///   opened where they are only after these have handed over.
/// - An index is exact at every timestamp from the one it became ready at.
/// - A write that was refused did not happen and will not, except for [Response.OutcomeUnknown].
///
/// Threads: the state machine is applied by one thread at a time and publishes its state as an
/// immutable value; everything else may be called from any thread. What reads the store never runs
/// on a thread of the transport or of replication.
@NullMarked
package dev.partita.node.partition;

import org.jspecify.annotations.NullMarked;
