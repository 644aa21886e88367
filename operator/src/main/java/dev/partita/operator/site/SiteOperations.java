package dev.partita.operator.site;

import dev.partita.operator.nodeclient.ClusterView;
import dev.partita.operator.nodeclient.OperationSpec.Kind;
import dev.partita.operator.nodeclient.OperationView;
import dev.partita.operator.observation.DataPlane;
import dev.partita.operator.resource.Backoff;
import java.util.EnumSet;
import java.util.Set;

/// Operations on whole nodes: asked for, and acknowledged when they are finished.
final class SiteOperations {

  private static final Set<Kind> OF_NODES =
      EnumSet.of(Kind.DRAIN_NODE, Kind.CANCEL_DRAIN, Kind.REMOVE_NODE);

  private final Backoff backoff;

  SiteOperations(Backoff backoff) {
    this.backoff = backoff;
  }

  /// Forgets what is finished; what has failed is left standing for a while before it is tried
  /// again.
  void acknowledge(ClusterView cluster, DataPlane dataPlane) {
    cluster.operations().stream()
        .filter(operation -> OF_NODES.contains(operation.kind()) && !operation.isRunning())
        .filter(operation ->
            operation.state() == OperationView.State.DONE || backoff.isOver(operation.id()))
        .forEach(
            operation -> dataPlane.ask((admin, at) -> admin.deleteOperation(at, operation.id())));
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
