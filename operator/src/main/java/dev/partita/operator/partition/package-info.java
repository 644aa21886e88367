/// Partition to replicas: creation, moves one at a time, the mirrored status, and what deleting
/// does with the rows.
///
/// [PartitionReconciler][dev.partita.operator.partition.PartitionReconciler] is the table of
/// contents. Each reconcile computes the placement of all Partitions of the namespace from the same
/// observation and carries out at most one step, its own.
@NullMarked
package dev.partita.operator.partition;

import org.jspecify.annotations.NullMarked;
