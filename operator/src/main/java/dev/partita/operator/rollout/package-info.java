/// Pure: which pod of a Site may restart next, so that every group keeps its quorum.
///
/// [Rollout][dev.partita.operator.rollout.Rollout] is the main type. Learners go first, then
/// followers, then leaders after their leadership was handed over, the leader of the system
/// partition last; one pod at a time. Where a Site says so, a restart waits for a person's
/// approval.
@NullMarked
package dev.partita.operator.rollout;

import org.jspecify.annotations.NullMarked;
