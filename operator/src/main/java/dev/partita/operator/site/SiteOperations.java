package dev.partita.operator.site;

import dev.partita.operator.nodeclient.ClusterView;
import dev.partita.operator.nodeclient.OperationSpec;
import dev.partita.operator.nodeclient.OperationSpec.Kind;
import dev.partita.operator.nodeclient.OperationView;
import dev.partita.operator.observation.DataPlane;
import dev.partita.operator.resource.Backoff;
import java.util.EnumSet;
import java.util.Set;

/// Operations on whole nodes: asked for, and acknowledged when they are finished. So are
/// hand-overs, which restarts of pods have asked for, and what was left over of Partitions that are
/// gone.
final class SiteOperations {

  private static final Set<Kind> OF_SITES =
      EnumSet.of(Kind.DRAIN_NODE, Kind.CANCEL_DRAIN, Kind.REMOVE_NODE, Kind.TRANSFER_LEADER);

  private final Backoff backoff;

  SiteOperations(Backoff backoff) {
    this.backoff = backoff;
  }

  /// Forgets what is finished; what has failed is left standing for a while before it is tried
  /// again.
  void acknowledge(ClusterView cluster, DataPlane dataPlane) {
    cluster.operations().stream()
        .filter(operation -> !operation.isRunning())
        .filter(operation ->
            isOrphan(operation, cluster)
                || (OF_SITES.contains(operation.kind()) && isOver(operation)))
        .forEach(
            operation -> dataPlane.ask((admin, at) -> admin.deleteOperation(at, operation.id())));
  }

  private boolean isOver(OperationView operation) {
    return operation.state() == OperationView.State.DONE || backoff.isOver(operation.id());
  }

  /// Whether it was the move or split of a Partition that was dropped meanwhile: nobody else will
  /// ask for it.
  private static boolean isOrphan(OperationView operation, ClusterView cluster) {
    String partition = operation.partition();
    boolean ours = operation.kind() == Kind.MOVE_REPLICA || OperationSpec.isOurSplit(operation);
    return ours && (partition == null || cluster.partition(partition).isEmpty());
  }

  /// Asks for what the plan wants and nobody has asked for yet.
  void submit(Scaling scaling, ClusterView cluster, DataPlane dataPlane) {
    scaling
        .operations()
        .forEach((id, spec) -> {
          if (cluster.operations().stream().noneMatch(operation -> operation.id().equals(id))) {
            dataPlane.ask((admin, at) -> admin.putOperation(at, id, spec));
          }
        });
  }
}
