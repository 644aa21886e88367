package dev.partita.node.http;

import jakarta.inject.Singleton;
import org.eclipse.microprofile.health.HealthCheck;
import org.eclipse.microprofile.health.HealthCheckResponse;
import org.eclipse.microprofile.health.Liveness;
import org.eclipse.microprofile.health.Readiness;

/// `/health/live`: the node has met no failure that only a restart heals. `/health/ready`: it
/// belongs to a cluster and knows its catalog, so that it can route any request.
final class NodeHealth {
  private NodeHealth() {}

  /// Fails for good once the log or the storage has failed.
  @Liveness
  @Singleton
  static final class Live implements HealthCheck {
    private final NodeLifecycle lifecycle;

    Live(NodeLifecycle lifecycle) {
      this.lifecycle = lifecycle;
    }

    @Override
    public HealthCheckResponse call() {
      return HealthCheckResponse.named("node").status(lifecycle.node().failure().isEmpty()).build();
    }
  }

  /// Fails until the node is registered and its system replica has caught up.
  @Readiness
  @Singleton
  static final class Ready implements HealthCheck {
    private final NodeLifecycle lifecycle;

    Ready(NodeLifecycle lifecycle) {
      this.lifecycle = lifecycle;
    }

    @Override
    public HealthCheckResponse call() {
      return HealthCheckResponse.named("cluster").status(lifecycle.node().ready()).build();
    }
  }
}
