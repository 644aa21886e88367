package dev.partita.operator.partition;

import dev.partita.crd.Partition;
import dev.partita.operator.nodeclient.ClusterView;
import dev.partita.operator.nodeclient.OperationSpec;
import dev.partita.operator.observation.DataPlane;
import dev.partita.operator.placement.LeaderBalance.Transfer;
import dev.partita.operator.repartition.Load;
import dev.partita.operator.resource.Transitions;
import java.util.List;
import java.util.Optional;

/// Has leaders where their Partitions want them, and spread evenly over the nodes, by load and by
/// number: one transfer at a time in the whole cluster, and none while pods are being restarted,
/// which hands leaders over on purpose.
///
/// All Partitions compute the same transfer from the same observation, and the one it is about asks
/// for it. What is finished is forgotten with the hand-overs of restarts, by the Site; until then
/// it keeps the next transfer from being asked for.
final class LeaderTransfers {

  private final Asking asking;
  private final Transitions transitions;
  private final Loads loads;

  LeaderTransfers(Asking asking, Transitions transitions, Loads loads) {
    this.asking = asking;
    this.transitions = transitions;
    this.loads = loads;
  }

  /// A hand-over that is to be.
  ///
  /// @param reason in the words of metrics
  record Wanted(Transfer transfer, String reason) {}

  /// The next one, if there is any.
  Optional<Wanted> next(
      ClusterView cluster, DeclaredSites sites, List<Partition> declared, DataPlane dataPlane) {
    return Placements.homecoming(cluster, sites, dataPlane.steadyNodes(), declared)
        .map(transfer -> new Wanted(transfer, MoveReason.LEADER))
        .or(() ->
            Placements.leaders(
                    cluster,
                    sites,
                    dataPlane.steadyNodes(),
                    declared,
                    view ->
                        loads
                            .of(dataPlane.namespace(), view)
                            .sustained()
                            .orElse(Load.NONE)
                            .operationsPerSecond())
                .next()
                .map(transfer -> new Wanted(transfer, MoveReason.BALANCE)));
  }

  /// Asks for the next one if it is about this Partition and may be now.
  void advance(Partition partition, ClusterView cluster, Plan plan, DataPlane dataPlane) {
    boolean underWay =
        cluster.operations().stream()
            .anyMatch(operation -> operation.kind() == OperationSpec.Kind.TRANSFER_LEADER);
    if (underWay || dataPlane.isRolling()) {
      return;
    }
    plan.transfer()
        .get()
        .ifPresent(next -> ask(next.transfer(), next.reason(), partition, cluster, dataPlane));
  }

  /// Asks for a transfer that is about this Partition.
  private void ask(
      Transfer transfer,
      String reason,
      Partition partition,
      ClusterView cluster,
      DataPlane dataPlane) {
    if (!transfer.partition().equals(partition.getMetadata().getName())) {
      return;
    }
    String id = OperationSpec.transferId(transfer.partition(), transfer.from(), transfer.to());
    OperationSpec spec = OperationSpec.transferLeader(transfer.partition(), transfer.to());
    // Refused or unanswered, it is computed anew from the next observation.
    if (asking.ask(id, spec, reason, dataPlane).isNew()) {
      transitions.tell(
          partition,
          "MovingLeader",
          "%s hands it over to %s, because %s"
              .formatted(
                  MoveReason.name(transfer.from(), cluster),
                  MoveReason.name(transfer.to(), cluster),
                  transfer.because()));
    }
  }
}
