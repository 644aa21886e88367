package dev.partita.operator.partition;

import dev.partita.crd.Partition;
import dev.partita.operator.nodeclient.ClusterView;
import dev.partita.operator.nodeclient.MemberView;
import dev.partita.operator.placement.Step;
import org.jspecify.annotations.Nullable;

/// Pure: why a replica or a leadership is moved, for people and metrics.
final class MoveReason {

  /// Replicas are brought to where they belong.
  static final String REPAIR = "Repair";

  /// Nodes are to have equally many.
  static final String BALANCE = "Balance";

  /// Edge Sites are to have a copy, or no longer.
  static final String EDGE = "Edge";

  /// Leaders are to be where their Partitions want them.
  static final String LEADER = "Leader";

  /// Two Partitions are to have their replicas on the same nodes, because they are to be merged.
  static final String MERGE = "Merge";

  private MoveReason() {}

  /// A sentence about a move.
  ///
  /// @param reason [#REPAIR], [#BALANCE], [#EDGE] or [#MERGE]
  static String tell(Step.Move move, String reason, Partition partition, ClusterView cluster) {
    if (reason.equals(MERGE) && move.add() == null) {
      return "the copy on %s is removed, because this Partition is to be merged with another one that has none there, or the node is not heard from; a copy is made again afterwards"
          .formatted(name(move.remove(), cluster));
    }
    if (reason.equals(EDGE)) {
      return move.add() == null
          ? "the copy on %s is removed, because that node is not to have one"
              .formatted(name(move.remove(), cluster))
          : "a copy that does not vote is made on %s, because spec.placement names or selects its edge Site"
              .formatted(name(move.add(), cluster));
    }
    String remove = move.remove();
    String add = move.add();
    String what;
    if (remove == null) {
      what = "a replica is added on " + name(add, cluster);
    } else if (add == null) {
      what = "the replica on %s is removed".formatted(name(remove, cluster));
    } else {
      what = "a replica moves from %s to %s".formatted(name(remove, cluster), name(add, cluster));
    }
    return what + ", because " + why(remove, add, reason, partition, cluster);
  }

  private static String why(
      @Nullable String remove,
      @Nullable String add,
      String reason,
      Partition partition,
      ClusterView cluster) {
    if (reason.equals(BALANCE)) {
      return "the nodes have unequal numbers of replicas";
    }
    if (reason.equals(MERGE)) {
      return "this Partition is to be merged with another one that is there";
    }
    if (remove == null || add == null) {
      return "spec.replicas is " + partition.getSpec().replicas();
    }
    MemberView from = cluster.node(remove).orElse(null);
    if (from == null || from.state() == MemberView.State.GONE) {
      return "that node was removed";
    }
    if (from.state() == MemberView.State.DRAINING) {
      return "that node is being emptied";
    }
    return from.alive()
        ? "it is to be on other nodes (spec.placement, survive, residency, leader, zones)"
        : "that node has come back as another one";
  }

  static String name(@Nullable String nodeId, ClusterView cluster) {
    return nodeId == null ? "no node" : cluster.node(nodeId).map(MemberView::name).orElse(nodeId);
  }
}
