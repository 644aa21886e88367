package dev.partita.operator.partition;

import dev.partita.crd.Partition;
import dev.partita.crd.PartitionSpec;
import dev.partita.operator.nodeclient.Answer;
import dev.partita.operator.nodeclient.ClusterView;
import dev.partita.operator.nodeclient.OperationSpec;
import dev.partita.operator.nodeclient.OperationView;
import dev.partita.operator.nodeclient.PartitionView;
import dev.partita.operator.observation.DataPlane;
import dev.partita.operator.repartition.MergeFinding;
import dev.partita.operator.repartition.MergeTurn;
import dev.partita.operator.repartition.SplitTurn;
import dev.partita.operator.resource.Transitions;
import dev.partita.operator.status.Verdict;
import java.util.List;
import java.util.Optional;

/// Has the parts of Partitions merged that are to be, when it is their turn and their replicas are
/// on the same nodes.
final class Merges {

  /// What merges are for, in the words of metrics.
  private static final String REASON = "SmallParts";

  private final Asking asking;
  private final Transitions transitions;

  Merges(Asking asking, Transitions transitions) {
    this.asking = asking;
    this.transitions = transitions;
  }

  /// Asks for the merge of the parts of a Partition that are well and that no operation changes.
  ///
  /// @return what is to be said about it; empty if it is to stay as it is
  Optional<Verdict> begin(
      Partition partition,
      MergeDecision decision,
      DueMerges merges,
      List<Partition> declared,
      ClusterView cluster,
      DataPlane dataPlane) {
    MergeTurn.Pair pair = decision.pair();
    if (!decision.mayBegin()
        || pair == null
        || !(decision.finding() instanceof MergeFinding.Due due)) {
      return Optional.empty();
    }
    Optional<String> obstacle =
        dataPlane.isRolling()
            ? Optional.of("pods are being restarted")
            : obstacle(partition, pair, merges, declared, cluster);
    if (obstacle.isPresent()) {
      return Optional.of(
          Verdict.serving(
              "Split",
              "MergeWaits",
              "its parts are to be merged, because %s; that waits, because %s"
                  .formatted(due.because(), obstacle.get())));
    }
    String id =
        OperationSpec.mergeId(partition.getMetadata().getUid(), pair.one().id(), pair.other().id());
    Asking.Asked asked =
        asking.ask(id, OperationSpec.mergePartitions(pair.whole()), REASON, dataPlane);
    String what =
        "a merge of its parts %s and %s, because %s"
            .formatted(pair.one().name(), pair.other().name(), due.because());
    if (asked.isNew()) {
      transitions.tell(
          partition,
          "Merging",
          decision.approval() == null
              ? "asked for %s (%s)".formatted(what, due.figure())
              : "asked for %s, as it was approved".formatted(what));
    }
    return Optional.of(
        switch (asked.answer()) {
          case Answer.Done<OperationView> _ -> Verdict.serving("Merging", "Merging", what);
          case Answer.Refused<OperationView> refused ->
              Verdict.serving("Split", "MergeRefused", what + ", is refused: " + refused.detail());
          case Answer.Unreachable<OperationView>(String reason) ->
              Verdict.serving("Split", "MergeWaits", "no node takes on " + what + ": " + reason);
        });
  }

  private static Optional<String> obstacle(
      Partition partition,
      MergeTurn.Pair pair,
      DueMerges merges,
      List<Partition> declared,
      ClusterView cluster) {
    Optional<String> general = MergeTurn.obstacle(cluster);
    if (general.isPresent()) {
      return general;
    }
    if (!merges.isInTurn(pair.whole())) {
      return Optional.of("other Partitions are being merged, or a part of it is not well");
    }
    for (PartitionView part : List.of(pair.one(), pair.other())) {
      Optional<Partition> resource =
          declared.stream()
              .filter(each -> each.getMetadata().getName().equals(part.name()))
              .findFirst();
      if (resource.isEmpty() && !pair.hasSameVoters()) {
        return Optional.of(
            "its parts are on different nodes, and %s has no resource by which it could be moved: move it by hand"
                .formatted(part.name()));
      }
      if (resource.isPresent() && !hasSameWants(resource.get().getSpec(), partition.getSpec())) {
        return Optional.of("the spec of %s is not yet that of its parent".formatted(part.name()));
      }
    }
    if (SplitTurn.isMoving(cluster)) {
      return Optional.of("a replica is being moved");
    }
    return DueMerges.areTogether(pair, cluster)
        ? Optional.empty()
        : Optional.of("the replicas of both are brought to the same nodes first");
  }

  /// Whether two Partitions are the same but for their bounds.
  private static boolean hasSameWants(PartitionSpec one, PartitionSpec other) {
    return new PartitionSpec(
            one.collection(),
            other.range(),
            other.hash(),
            other.columns(),
            one.replicas(),
            one.placement(),
            one.survive(),
            one.leader(),
            one.residency(),
            one.split(),
            one.deletionPolicy(),
            one.paused())
        .equals(other);
  }
}
