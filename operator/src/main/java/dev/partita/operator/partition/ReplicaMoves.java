package dev.partita.operator.partition;

import dev.partita.crd.Partition;
import dev.partita.operator.nodeclient.Answer;
import dev.partita.operator.nodeclient.ClusterView;
import dev.partita.operator.nodeclient.OperationSpec;
import dev.partita.operator.nodeclient.OperationView;
import dev.partita.operator.nodeclient.PartitionView;
import dev.partita.operator.nodeclient.PartitionView.ReplicaView;
import dev.partita.operator.observation.DataPlane;
import dev.partita.operator.placement.Placement;
import dev.partita.operator.placement.Step;
import dev.partita.operator.repartition.MergePatience;
import dev.partita.operator.repartition.SplitTurn;
import dev.partita.operator.resource.Backoff;
import dev.partita.operator.resource.Transitions;
import dev.partita.operator.status.Verdict;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/// Changes an existing Partition, one operation at a time: first its replicas are brought to where
/// they belong, then its copies at the edge, then it is split if it is to be, then it is brought to
/// another one or its parts are merged, then loads are evened out.
///
/// The id of an operation follows from the Partition, its epoch and the nodes, so whoever asks for
/// the same step again asks for the same operation.
final class ReplicaMoves {

  /// Moves of different Partitions that may run at once: each copies a replica over the network.
  private static final int MOVES_MAX = 2;

  private final Backoff backoff;
  private final Asking asking;
  private final Splits splits;
  private final Merges merges;
  private final MergePatience patience;
  private final Transitions transitions;

  ReplicaMoves(
      Backoff backoff,
      Asking asking,
      Transitions transitions,
      Merges merges,
      MergePatience patience) {
    this.backoff = backoff;
    this.asking = asking;
    this.splits = new Splits(asking, transitions);
    this.merges = merges;
    this.patience = patience;
    this.transitions = transitions;
  }

  Verdict advance(
      Partition partition,
      PartitionView view,
      ClusterView cluster,
      Plan plan,
      Decisions decisions,
      DataPlane dataPlane) {
    if (view.state() == PartitionView.State.DROPPING) {
      return Verdict.reconciling(
          "Deleting", "Dropping", "a Partition of this name is still being dropped");
    }
    Optional<OperationView> failed = acknowledge(view, cluster, dataPlane);
    Optional<OperationView> running =
        cluster.operations().stream()
            .filter(each -> isOf(each, view) && each.isRunning() && !onlyWaits(each, view, cluster))
            .findFirst();
    Verdict health = health(partition, view, cluster);
    if (view.isSplit()) {
      return advanceParts(partition, health, running, failed, plan, decisions, cluster, dataPlane);
    }
    if (running.isPresent()) {
      return underWay(running.get(), health);
    }
    Optional<OperationView> merging = mergeOfParent(view, cluster);
    if (merging.isPresent()) {
      return underWay(merging.get(), health);
    }
    if (failed.isPresent()) {
      return moving(
          health,
          "%s failed and will be tried again: %s"
              .formatted(failed.get().kind().text(), failed.get().message()));
    }
    return switch (plan.placement().repair(view.name())) {
      case Step.Move move ->
          start(partition, view, move, MoveReason.REPAIR, health, cluster, dataPlane);
      case Step.Impossible(String message) ->
          health.kind() == Verdict.Kind.READY
              ? moving(health, message)
              : Verdict.stalled("CannotPlace", message);
      case Step.Settled _, Step.Create _ ->
          health.kind() != Verdict.Kind.READY
              ? health
              : plan.edges().next(view.name()) instanceof Step.Move copy
                  ? copy(partition, view, copy, plan, health, cluster, dataPlane)
                  : splits
                      .begin(partition, view, decisions.split(), cluster, dataPlane)
                      .or(() -> join(partition, view, plan.placement(), health, cluster, dataPlane))
                      .orElseGet(
                          () -> rebalance(partition, view, plan, health, cluster, dataPlane));
    };
  }

  private Verdict copy(
      Partition partition,
      PartitionView view,
      Step.Move move,
      Plan plan,
      Verdict health,
      ClusterView cluster,
      DataPlane dataPlane) {
    boolean inTheWay = move.add() == null && plan.merges().isInTurn(view.name());
    String reason = inTheWay ? MoveReason.MERGE : MoveReason.EDGE;
    return start(partition, view, move, reason, health, cluster, dataPlane);
  }

  /// The next move to the nodes of another Partition for a merge. One at a time in a database, and
  /// none while a repair is due: those are not to wait for it.
  private Optional<Verdict> join(
      Partition partition,
      PartitionView view,
      Placement placement,
      Verdict health,
      ClusterView cluster,
      DataPlane dataPlane) {
    return placement
        .join(view.name())
        .map(move ->
            SplitTurn.isMoving(cluster) || placement.isRepairDue()
                ? Verdict.serving(
                    "Ready", "MergeWaits", "waiting for other moves, to be merged with another one")
                : start(partition, view, move, MoveReason.MERGE, health, cluster, dataPlane));
  }

  /// A Partition that was split has nothing to be moved, but its parts may become one again.
  private Verdict advanceParts(
      Partition partition,
      Verdict health,
      Optional<OperationView> running,
      Optional<OperationView> failed,
      Plan plan,
      Decisions decisions,
      ClusterView cluster,
      DataPlane dataPlane) {
    if (running.isPresent()) {
      return running.get().kind() == OperationSpec.Kind.MERGE_PARTITIONS
          ? underWay(running.get(), health)
          : health;
    }
    if (health.kind() != Verdict.Kind.READY) {
      return health;
    }
    return failed
        .map(each ->
            Verdict.serving(
                "Split",
                "MergeFailed",
                "a merge of its parts was given up and will be tried again: " + each.message()))
        .or(() -> merges.begin(partition, decisions.merge(), plan.merges(), cluster, dataPlane))
        .orElse(health);
  }

  /// The merge of a part with another one that is going on.
  private static Optional<OperationView> mergeOfParent(PartitionView view, ClusterView cluster) {
    return cluster.operations().stream()
        .filter(each -> each.kind() == OperationSpec.Kind.MERGE_PARTITIONS && each.isRunning())
        .filter(each ->
            Optional.ofNullable(each.partition()).stream()
                .flatMap(whole -> cluster.partition(whole).stream())
                .anyMatch(whole -> whole.children().contains(view.name())))
        .findFirst();
  }

  private static Verdict underWay(OperationView operation, Verdict health) {
    String step = operation.kind().text() + " is at step " + operation.step();
    return switch (operation.kind()) {
      case SPLIT_PARTITION -> underWay("Splitting", health, step);
      case MERGE_PARTITIONS -> underWay("Merging", health, step);
      case MOVE_REPLICA, TRANSFER_LEADER, DRAIN_NODE, CANCEL_DRAIN, REMOVE_NODE ->
          moving(health, step);
    };
  }

  private Verdict rebalance(
      Partition partition,
      PartitionView view,
      Plan plan,
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
    return plan.rebalance()
        .get()
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

  /// Forgets finished moves, splits and merges.
  ///
  /// @return one that has failed and is left standing for a while
  private Optional<OperationView> acknowledge(
      PartitionView view, ClusterView cluster, DataPlane dataPlane) {
    List<OperationView> finished =
        cluster.operations().stream()
            .filter(each ->
                each.kind() == OperationSpec.Kind.MOVE_REPLICA
                    || OperationSpec.isOurSplit(each)
                    || OperationSpec.isOurMerge(each))
            .filter(each -> isOf(each, view) && !each.isRunning())
            .toList();
    Optional<OperationView> standing = Optional.empty();
    for (OperationView operation : finished) {
      if (operation.state() == OperationView.State.DONE || isOver(operation)) {
        dataPlane.ask((admin, at) -> admin.deleteOperation(at, operation.id()));
      } else {
        standing = Optional.of(operation);
      }
    }
    return standing;
  }

  /// Whether a failure has been standing for long enough. A merge keeps writers waiting, and what
  /// keeps it from happening may last.
  private boolean isOver(OperationView failed) {
    return failed.kind() == OperationSpec.Kind.MERGE_PARTITIONS
        ? backoff.isOver(failed.id(), patience.retryFirst(), MergePatience.RETRY_MAX)
        : backoff.isOver(failed.id());
  }

  /// Whether a merge is over but for a member that is not heard from: the one is repaired
  /// meanwhile.
  private static boolean onlyWaits(
      OperationView operation, PartitionView view, ClusterView cluster) {
    return operation.kind() == OperationSpec.Kind.MERGE_PARTITIONS
        && !view.isSplit()
        && view.voters().stream().anyMatch(voter -> !cluster.isAlive(voter.nodeId()));
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
