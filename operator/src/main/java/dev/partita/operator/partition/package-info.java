/// Partition to replicas: creation, moves and splits one at a time, the mirrored status, and what
/// deleting does with the rows.
///
/// [PartitionReconciler][dev.partita.operator.partition.PartitionReconciler] is the table of
/// contents. Each reconcile computes the placement of all Partitions of the namespace from the same
/// observation and carries out at most one step, its own.
///
/// A Partition that was split owns a resource for each of its parts. These are mirrors of what the
/// nodes' catalog says, with the spec of their parent: they are placed and moved like all others,
/// but no row depends on them. Which resource is what, `Lineage` tells from the catalog first.
@NullMarked
package dev.partita.operator.partition;

import org.jspecify.annotations.NullMarked;
