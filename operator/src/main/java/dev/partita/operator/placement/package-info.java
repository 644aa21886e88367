/// Pure: which replica belongs on which node.
///
/// [Placement][dev.partita.operator.placement.Placement] is the main type. From the same input it
/// always computes the same answer, it moves as few replicas as it can, and repeated application
/// settles: each move of a repair brings a Partition nearer to its demand, each move of a rebalance
/// lowers the sum of the squared loads.
@NullMarked
package dev.partita.operator.placement;

import org.jspecify.annotations.NullMarked;
