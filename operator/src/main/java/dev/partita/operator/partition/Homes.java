package dev.partita.operator.partition;

import dev.partita.crd.Partition;
import dev.partita.operator.nodeclient.Answer;
import dev.partita.operator.nodeclient.PartitionRequest;
import dev.partita.operator.nodeclient.PartitionView;
import dev.partita.operator.observation.DataPlane;
import dev.partita.operator.placement.Placement;
import dev.partita.operator.placement.Step;
import dev.partita.operator.status.Verdict;
import java.util.ArrayList;
import java.util.List;

/// Keeps where the next intervals of a family begin: placed as replicas of a Partition are, but
/// without a move, since nothing is there yet. Nodes make new intervals by themselves, and while
/// there is no operator they go by what it said last.
final class Homes {

  private Homes() {}

  /// @param health of the intervals that have rows
  static Verdict keep(
      Partition partition,
      PartitionView view,
      Placement placement,
      Verdict health,
      DataPlane dataPlane) {
    return switch (placement.repair(view.name())) {
      case Step.Move move -> change(partition, view, move, health, dataPlane);
      case Step.Impossible(String message) ->
          health.kind() == Verdict.Kind.READY
              ? Verdict.serving("Split", "CannotPlace", "new intervals: " + message)
              : health;
      case Step.Settled _, Step.Create _ ->
          placement
              .rebalance()
              .filter(move -> move.partition().equals(view.name()))
              .map(move -> change(partition, view, move, health, dataPlane))
              .orElse(health);
    };
  }

  private static Verdict change(
      Partition partition,
      PartitionView view,
      Step.Move move,
      Verdict health,
      DataPlane dataPlane) {
    List<String> home = new ArrayList<>(view.home());
    home.remove(move.remove());
    if (move.add() != null) {
      home.add(move.add());
    }
    PartitionRequest request = PartitionRequest.of(partition.getSpec(), home);
    return switch (dataPlane.ask((admin, at) -> admin.putPartition(at, view.name(), request))) {
      case Answer.Done<PartitionView> _, Answer.Unreachable<PartitionView> _ -> health;
      case Answer.Refused<PartitionView> refused ->
          health.kind() == Verdict.Kind.READY
              ? Verdict.serving("Split", "HomeRefused", "new intervals: " + refused.detail())
              : health;
    };
  }
}
