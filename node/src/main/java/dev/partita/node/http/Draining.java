package dev.partita.node.http;

import dev.partita.node.Node;
import dev.partita.node.error.DatabaseException;
import dev.partita.node.error.ErrorCode;
import io.quarkus.runtime.ShutdownDelayInitiatedEvent;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Singleton;
import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.container.ContainerResponseContext;
import java.time.Duration;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.jboss.logging.Logger;
import org.jboss.resteasy.reactive.server.ServerRequestFilter;
import org.jboss.resteasy.reactive.server.ServerResponseFilter;

/// How a node that is asked to stop parts from its clients, in the time `quarkus.shutdown.delay`.
///
/// First it hands leadership over, so that the other nodes miss nothing when it goes. It serves on
/// for half of the time, while load balancers hear from `/health/ready` that it goes and every
/// answer asks its client to close the connection. For the other half it refuses, retryably: so
/// nobody is left with a request that was never answered when the port is closed, and with a write
/// of which nobody can tell what became.
@Singleton
final class Draining {
  private static final Logger LOG = Logger.getLogger(Draining.class);

  private final Node node;
  private final Duration serveOn;
  private volatile boolean draining;
  private volatile long refuseFromNanos;

  Draining(
      NodeLifecycle lifecycle,
      @ConfigProperty(name = "quarkus.shutdown.delay", defaultValue = "0S") Duration delay) {
    this.node = lifecycle.node();
    this.serveOn = delay.dividedBy(2);
  }

  void begin(@Observes ShutdownDelayInitiatedEvent event) {
    LOG.info("The node was asked to stop: it hands leadership over and sends its clients away");
    node.yieldLeadership();
    refuseFromNanos = System.nanoTime() + serveOn.toNanos();
    draining = true;
  }

  /// Whether clients that would stay are to go.
  boolean isDraining() {
    return draining;
  }

  @ServerRequestFilter
  void refuseLate(ContainerRequestContext request) {
    if (draining && System.nanoTime() - refuseFromNanos >= 0) {
      throw new DatabaseException(
          ErrorCode.UNAVAILABLE, "this node is being stopped: ask another one");
    }
  }

  @ServerResponseFilter
  void sendAway(ContainerResponseContext response) {
    if (draining) {
      response.getHeaders().putSingle("Connection", "close");
    }
  }
}
