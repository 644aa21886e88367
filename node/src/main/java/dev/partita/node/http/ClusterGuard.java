package dev.partita.node.http;

import dev.partita.node.Node;
import dev.partita.node.error.DatabaseException;
import dev.partita.node.error.ErrorCode;
import jakarta.inject.Singleton;
import jakarta.ws.rs.container.ContainerRequestContext;
import org.jboss.resteasy.reactive.server.ServerRequestFilter;

/// Refuses requests that were meant for a node of another cluster. The operator finds nodes by the
/// addresses of their pods, and an address may be another database's by the time the request
/// arrives; so it says in a header which cluster it means. A node that belongs to none answers as
/// always, because it is asked before it is told where it belongs.
@Singleton
final class ClusterGuard {
  /// Id of the cluster that is meant; a request without it means whatever cluster it reaches.
  static final String HEADER = "Partita-Cluster";

  private final Node node;

  ClusterGuard(NodeLifecycle lifecycle) {
    this.node = lifecycle.node();
  }

  @ServerRequestFilter
  void check(ContainerRequestContext request) {
    String meant = request.getHeaderString(HEADER);
    String own = node.clusterId();
    if (meant != null && !own.isEmpty() && !own.equals(meant)) {
      throw new DatabaseException(
              ErrorCode.WRONG_CLUSTER,
              "this node belongs to another cluster: look up the address of the node that is meant")
          .with("cluster", own)
          .with("meant", meant);
    }
  }
}
