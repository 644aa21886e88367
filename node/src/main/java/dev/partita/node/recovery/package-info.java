/// The way out when a quorum is lost for good: a person gives up nodes, and the groups that lost
/// their quorum with them go on from one survivor each. Nothing does that by itself.
///
/// [Recovery] is asked for it, on any surviving node. It surveys all nodes ([NodeSurvey]), has
/// [RecoveryPlanner] say what would be kept and what may be lost ([RecoveryPlan]), and carries that
/// out when it is asked again with the plan's id and the world is as it was. [Survivor] is what
/// every node does for it.
///
/// What is done, in this order, each step durable before the next:
/// 1. Every survivor keeps out the lost nodes from now on ([dev.partita.node.system.Fence]): they
///    may be a majority of what the groups were.
/// 2. The system partition, if it has lost its quorum. With its new members goes the record of the
///    recovery, which moves the timestamps above all that may have been handed out, before any
///    other is.
/// 3. Each Partition that has lost its quorum.
///
/// Invariants:
/// - A group that has a quorum is not touched.
/// - A group goes on from the replica whose log ends with the highest term and index of all that
///   survive, so that no survivor has applied anything that it lacks.
/// - A crash between two steps leaves groups that are recovered and groups that are not; planning
///   and applying again does the rest.
///
/// Not kept out are lost nodes that run on in a network of their own, where nobody tells them.
///
/// Threads: calls block and belong on virtual threads; the services run on threads of their own.
@NullMarked
package dev.partita.node.recovery;

import org.jspecify.annotations.NullMarked;
