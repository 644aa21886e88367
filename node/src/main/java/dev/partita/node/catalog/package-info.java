/// The catalog of a cluster: its nodes, collections, Partitions, indexes, operations under way and
/// the wishes of clients. [Catalog] is the main type: an immutable value that every node holds a
/// replica of.
///
/// The catalog changes only by a [CatalogCommand] that was committed by the system partition (Raft
/// group 0). [CatalogRules] decides, purely, what a command does to a catalog;
/// [CatalogStateMachine] applies it on every node, keeps the rows in storage and publishes the new
/// value to listeners. All checks that must hold against concurrent changes (names, overlapping
/// bounds, steps of operations) are therefore made at apply, where there is one order.
///
/// Partitions are a tree: [SplitTransitions] grows it, [MergeTransitions] takes that back;
/// [IntervalPartitions] are children that are made when they are needed. At every revision each key
/// that is covered at all belongs to exactly one Partition that clients are routed to.
///
/// Partitions that nobody declares belong to indexes: [ClaimPartitions] of unique ones,
/// [JointPartitions] of those whose fields lie in several column groups.
///
/// Threads: values may be read anywhere; the state machine belongs to the apply thread of its
/// group; listeners are called on that thread and must not block.
@NullMarked
package dev.partita.node.catalog;

import org.jspecify.annotations.NullMarked;
