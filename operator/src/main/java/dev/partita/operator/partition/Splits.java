package dev.partita.operator.partition;

import dev.partita.crd.Partition;
import dev.partita.operator.nodeclient.Answer;
import dev.partita.operator.nodeclient.ClusterView;
import dev.partita.operator.nodeclient.OperationSpec;
import dev.partita.operator.nodeclient.OperationView;
import dev.partita.operator.nodeclient.PartitionView;
import dev.partita.operator.observation.DataPlane;
import dev.partita.operator.repartition.Finding;
import dev.partita.operator.repartition.SplitTurn;
import dev.partita.operator.resource.Transitions;
import dev.partita.operator.status.Verdict;
import java.util.Optional;

/// Has Partitions split that are to be, when it is their turn.
final class Splits {

  private final Asking asking;
  private final Transitions transitions;

  Splits(Asking asking, Transitions transitions) {
    this.asking = asking;
    this.transitions = transitions;
  }

  /// Asks for the split of a Partition that is well and that no operation changes.
  ///
  /// @return what is to be said about it; empty if it is to stay as it is
  Optional<Verdict> begin(
      Partition partition,
      PartitionView view,
      SplitDecision decision,
      ClusterView cluster,
      DataPlane dataPlane) {
    if (!decision.mayBegin() || !(decision.finding() instanceof Finding.Due due)) {
      return Optional.empty();
    }
    Optional<String> obstacle = SplitTurn.obstacle(view, cluster);
    if (obstacle.isPresent()) {
      return Optional.of(
          Verdict.serving(
              "Ready",
              "SplitWaits",
              "it is to be split, because %s; that waits, because %s"
                  .formatted(due.because(), obstacle.get())));
    }
    String id = OperationSpec.splitId(partition.getMetadata().getUid(), view.epoch());
    OperationSpec spec = OperationSpec.splitPartition(view.name(), decision.at());
    Asking.Asked asked = asking.ask(id, spec, due.reason().text(), dataPlane);
    String what = "a split %s, because %s".formatted(decision.where(), due.because());
    if (asked.isNew()) {
      transitions.tell(
          partition,
          "Splitting",
          decision.advice() == null
              ? "asked for %s (%s)".formatted(what, due.figure())
              : "asked for %s, as it was approved".formatted(what));
    }
    return Optional.of(
        switch (asked.answer()) {
          case Answer.Done<OperationView> _ -> Verdict.serving("Splitting", "Splitting", what);
          case Answer.Refused<OperationView> refused ->
              Verdict.serving("Ready", "SplitRefused", what + ", is refused: " + refused.detail());
          case Answer.Unreachable<OperationView>(String reason) ->
              Verdict.serving("Ready", "SplitWaits", "no node takes on " + what + ": " + reason);
        });
  }
}
