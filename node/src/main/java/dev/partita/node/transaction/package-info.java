/// Transactions over any number of Partitions: [dev.partita.node.transaction.Transactions] commits
/// them and ends those whose coordinator is gone,
/// [dev.partita.node.transaction.OneShotTransactions] runs a list of reads, conditions and writes.
///
/// The protocol is two-phase commit with the decision in the Partition of the first write, answered
/// after one round when everybody has prepared (parallel commit, as CockroachDB has it). Its three
/// parts are pure: the participant is [dev.partita.node.partition.TransactionStatus], the
/// coordinator [dev.partita.node.transaction.CommitProtocol], and whoever ends an orphan
/// [dev.partita.node.transaction.RecoveryProtocol]. `k8s/docs/transactions.md` tells why they are
/// right; a test looks at all their interleavings.
///
/// What documents have beside their rows is planned by [dev.partita.node.transaction.ClaimPlan] and
/// [dev.partita.node.transaction.JointPlan], and commits with them.
///
/// Invariants:
/// - A transaction is committed exactly if all its participants have prepared it and the record was
///   not told to abort it before. Its timestamp is the highest at which one of them prepared.
/// - Nobody is told "aborted" before some participant will never prepare, or the record says so.
///
/// Threads: calls block and belong on virtual threads.
@NullMarked
package dev.partita.node.transaction;

import org.jspecify.annotations.NullMarked;
