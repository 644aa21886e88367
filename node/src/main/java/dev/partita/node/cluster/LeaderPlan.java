package dev.partita.node.cluster;

import dev.partita.node.catalog.NodeEntry;
import dev.partita.node.raft.NodeId;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/// Which Partitions are to be led elsewhere, because their leader's node drains.
final class LeaderPlan {
  private LeaderPlan() {}

  static List<Action.TransferLeader> next(ClusterView view) {
    return view.leaders().entrySet().stream()
        .filter(led -> state(view, led.getValue().leader()) == NodeEntry.State.DRAINING)
        .filter(led -> view.isAlive(led.getValue().leader()))
        .filter(led -> !led.getValue().report().changing())
        .map(led ->
            successor(view, led.getValue())
                .map(to ->
                    new Action.TransferLeader(
                        OperationPlan.HAND_OVER, led.getKey(), led.getValue().leader(), to))
                .orElse(null))
        .filter(Objects::nonNull)
        .toList();
  }

  private static Optional<NodeId> successor(ClusterView view, ReportBoard.LedPartition led) {
    return led.report().voters().stream()
        .filter(voter -> state(view, voter) == NodeEntry.State.ACTIVE)
        .filter(led.report().caughtUp()::contains)
        .filter(view::isAlive)
        .findFirst();
  }

  private static NodeEntry.State state(ClusterView view, NodeId node) {
    NodeEntry entry = view.catalog().nodes().get(node);
    return entry == null ? NodeEntry.State.GONE : entry.state();
  }
}
