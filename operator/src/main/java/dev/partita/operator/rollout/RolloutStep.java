package dev.partita.operator.rollout;

/// What to do next to bring all pods to one revision: at most one disruptive action.
public sealed interface RolloutStep {

  /// All pods have the revision.
  record Settled() implements RolloutStep {}

  /// Nothing may be done now.
  record Wait(String reason) implements RolloutStep {}

  /// A person has to approve the restart first.
  ///
  /// @param token what the approval says
  record Approve(String pod, String token) implements RolloutStep {}

  /// Make another voter the leader first.
  record Transfer(String partition, String fromNodeId, String toNodeId) implements RolloutStep {}

  /// Delete the pod; the StatefulSet makes it anew.
  record Restart(String pod) implements RolloutStep {}
}
