package dev.partita.operator.partition;

import dev.partita.crd.Partition;
import dev.partita.operator.nodeclient.Answer;
import dev.partita.operator.nodeclient.ClusterView;
import dev.partita.operator.nodeclient.OperationSpec;
import dev.partita.operator.nodeclient.OperationView;
import dev.partita.operator.nodeclient.PartitionView;
import dev.partita.operator.nodeclient.PartitionView.ReplicaView;
import dev.partita.operator.observation.DataPlane;
import dev.partita.operator.placement.EdgePlacement;
import dev.partita.operator.placement.Placement;
import dev.partita.operator.placement.Step;
import dev.partita.operator.resource.Backoff;
import dev.partita.operator.resource.Transitions;
import dev.partita.operator.status.Verdict;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/// Changes an existing Partition, one operation at a time: first its replicas are brought to where
/// they belong, then its copies at the edge, then it is split if it is to be, then loads are evened
/// out.
///
/// The id of an operation follows from the Partition, its epoch and the nodes, so whoever asks for
/// the same step again asks for the same operation.
final class ReplicaMoves {

  /// Moves of different Partitions that may run at once: each copies a replica over the network.
  private static final int MOVES_MAX = 2;

  private final Backoff backoff;
  private final Asking asking;
  private final Splits splits;
  private final Transitions transitions;

  ReplicaMoves(Backoff backoff, Asking asking, Splits splits, Transitions transitions) {
    this.backoff = backoff;
    this.asking = asking;
    this.splits = splits;
    this.transitions = transitions;
  }

  Verdict advance(
      Partition partition,
      PartitionView view,
      ClusterView cluster,
      Placement placement,
      EdgePlacement edges,
      SplitDecision decision,
      DataPlane dataPlane) {
    if (view.state() == PartitionView.State.DROPPING) {
      return Verdict.reconciling(
          "Deleting", "Dropping", "a Partition of this name is still being dropped");
    }
    Optional<OperationView> failed = acknowledge(view, cluster, dataPlane);
    Optional<OperationView> running =
        cluster.operations().stream()
            .filter(each -> isOf(each, view) && each.isRunning())
            .findFirst();
    Verdict health = health(partition, view, cluster);
    if (view.isSplit()) {
      return view.isFamily() ? Homes.keep(partition, view, placement, health, dataPlane) : health;
    }
    if (running.isPresent()) {
      String step = running.get().kind().text() + " is at step " + running.get().step();
      return running.get().kind() == OperationSpec.Kind.SPLIT_PARTITION
          ? underWay("Splitting", health, step)
          : moving(health, step);
    }
    if (failed.isPresent()) {
      return moving(
          health,
          "%s failed and will be tried again: %s"
              .formatted(failed.get().kind().text(), failed.get().message()));
    }
    return switch (placement.repair(view.name())) {
      case Step.Move move ->
          start(partition, view, move, MoveReason.REPAIR, health, cluster, dataPlane);
      case Step.Impossible(String message) ->
          health.kind() == Verdict.Kind.READY
              ? moving(health, message)
              : Verdict.stalled("CannotPlace", message);
      case Step.Settled _, Step.Create _ ->
          health.kind() != Verdict.Kind.READY
              ? health
              : edges.next(view.name()) instanceof Step.Move copy
                  ? start(partition, view, copy, MoveReason.EDGE, health, cluster, dataPlane)
                  : splits
                      .begin(partition, view, decision, cluster, dataPlane)
                      .orElseGet(
                          () -> rebalance(partition, view, placement, health, cluster, dataPlane));
    };
  }

  private Verdict rebalance(
      Partition partition,
      PartitionView view,
      Placement placement,
      Verdict health,
      ClusterView cluster,
      DataPlane dataPlane) {
    // Somebody's finished splits and merges may stand for as long as he likes.
    boolean quiet =
        cluster.operations().stream()
            .allMatch(each ->
                !each.isRunning()
                    && (each.kind() == OperationSpec.Kind.SPLIT_PARTITION
                        || each.kind() == OperationSpec.Kind.MERGE_PARTITIONS));
    return placement
        .rebalance()
        .filter(move -> quiet && move.partition().equals(view.name()))
        .map(move -> start(partition, view, move, MoveReason.BALANCE, health, cluster, dataPlane))
        .orElse(health);
  }

  private Verdict start(
      Partition partition,
      PartitionView view,
      Step.Move move,
      String reason,
      Verdict health,
      ClusterView cluster,
      DataPlane dataPlane) {
    long moves =
        cluster.operations().stream()
            .filter(each -> each.isRunning() && each.kind() == OperationSpec.Kind.MOVE_REPLICA)
            .count();
    if (moves >= MOVES_MAX) {
      return moving(health, "waiting for other moves to finish");
    }
    String id =
        "move-%s-%d-%s-%s"
            .formatted(
                partition.getMetadata().getUid(),
                view.epoch(),
                Objects.requireNonNullElse(move.remove(), "none"),
                Objects.requireNonNullElse(move.add(), "none"));
    OperationSpec spec = OperationSpec.moveReplica(view.name(), move.remove(), move.add());
    Asking.Asked asked = asking.ask(id, spec, reason, dataPlane);
    if (asked.isNew()) {
      transitions.tell(
          partition, "MovingReplica", MoveReason.tell(move, reason, partition, cluster));
    }
    return switch (asked.answer()) {
      case Answer.Done<OperationView> _ -> moving(health, "moving a replica");
      case Answer.Refused<OperationView> refused ->
          moving(health, "a move is refused: " + refused.detail());
      case Answer.Unreachable<OperationView>(String why) ->
          moving(health, "no node starts the move: " + why);
    };
  }

  /// Forgets finished moves and splits.
  ///
  /// @return one that has failed and is left standing for a while
  private Optional<OperationView> acknowledge(
      PartitionView view, ClusterView cluster, DataPlane dataPlane) {
    List<OperationView> finished =
        cluster.operations().stream()
            .filter(each ->
                each.kind() == OperationSpec.Kind.MOVE_REPLICA || OperationSpec.isOurSplit(each))
            .filter(each -> isOf(each, view) && !each.isRunning())
            .toList();
    Optional<OperationView> standing = Optional.empty();
    for (OperationView operation : finished) {
      if (operation.state() == OperationView.State.DONE || backoff.isOver(operation.id())) {
        dataPlane.ask((admin, at) -> admin.deleteOperation(at, operation.id()));
      } else {
        standing = Optional.of(operation);
      }
    }
    return standing;
  }

  private static boolean isOf(OperationView operation, PartitionView view) {
    return view.name().equals(operation.partition());
  }

  /// Whether the group serves and all its replicas are there.
  private static Verdict health(Partition partition, PartitionView view, ClusterView cluster) {
    if (view.isSplit()) {
      return healthOfChildren(partition, view, cluster);
    }
    if (view.state() == PartitionView.State.CREATING || view.leaderNodeId() == null) {
      return view.state() == PartitionView.State.CREATING
          ? Verdict.reconciling(
              "Creating", "Creating", "the group has not elected its first leader yet")
          : Verdict.reconciling("Degraded", "NoLeader", "the group has no leader that is known");
    }
    List<String> lagging =
        cluster.replicas(view).stream()
            .filter(replica -> !replica.caughtUp() || !cluster.isAlive(replica.nodeId()))
            .map(ReplicaView::nodeId)
            .map(id -> cluster.node(id).map(node -> node.name()).orElse(id))
            .sorted()
            .toList();
    if (!lagging.isEmpty()) {
      return Verdict.reconciling(
          "Degraded",
          "ReplicasNotReady",
          "waiting for the replicas on " + String.join(", ", lagging));
    }
    int wanted = partition.getSpec().replicas();
    return view.voters().size() == wanted
        ? Verdict.ready("all %d replicas are ready".formatted(wanted))
        : Verdict.reconciling(
            "Moving",
            "WrongReplicas",
            "%d of %d replicas exist".formatted(view.voters().size(), wanted));
  }

  /// A Partition that was split serves as its children do.
  private static Verdict healthOfChildren(
      Partition partition, PartitionView view, ClusterView cluster) {
    List<PartitionView> leaves = cluster.leaves(view);
    for (PartitionView leaf : leaves) {
      Verdict health = health(partition, leaf, cluster);
      if (health.kind() != Verdict.Kind.READY) {
        return Verdict.reconciling(
            health.phase(), health.reason(), leaf.name() + ": " + health.message());
      }
    }
    if (view.isFamily()) {
      return new Verdict(
          Verdict.Kind.READY,
          "Split",
          "Intervals",
          "%d intervals have partitions, all of which are ready; others get one when their first key is written"
              .formatted(view.children().size()));
    }
    return new Verdict(
        Verdict.Kind.READY,
        "Split",
        "Split",
        "it was split, and all %d parts that have its rows are ready".formatted(leaves.size()));
  }

  private static Verdict moving(Verdict health, String message) {
    return underWay("Moving", health, message);
  }

  private static Verdict underWay(String what, Verdict health, String message) {
    return switch (health.kind()) {
      case READY, READY_AND_RECONCILING -> Verdict.serving(what, what, message);
      case RECONCILING, STALLED ->
          Verdict.reconciling(health.phase(), health.reason(), health.message() + "; " + message);
    };
  }
}
