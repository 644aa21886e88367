/// Pure: which replica belongs on which node, and which of them leads.
///
/// [Placement][dev.partita.operator.placement.Placement] is the main type. From the same input it
/// always computes the same answer, it moves as few replicas as it can, and repeated application
/// settles: each move of a repair brings a Partition nearer to its demand, each move of a rebalance
/// lowers the sum of the squared loads. So does each transfer of
/// [LeaderBalance][dev.partita.operator.placement.LeaderBalance], or it shortens the way to one
/// that does. [EdgePlacement][dev.partita.operator.placement.EdgePlacement] places what does not
/// vote.
@NullMarked
package dev.partita.operator.placement;

import org.jspecify.annotations.NullMarked;
