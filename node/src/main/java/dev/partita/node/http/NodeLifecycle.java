package dev.partita.node.http;

import dev.partita.node.Node;
import dev.partita.node.config.NodeSettings;
import dev.partita.node.document.Documents;
import dev.partita.node.query.Queries;
import dev.partita.node.time.SystemClock;
import io.quarkus.runtime.Quarkus;
import io.quarkus.runtime.Startup;
import jakarta.annotation.PreDestroy;
import jakarta.inject.Singleton;
import org.eclipse.microprofile.config.Config;
import org.jboss.logging.Logger;

/// Starts the engine with the process and closes it with the process: leadership is handed over
/// before the HTTP server's last request has been answered, and everything is flushed. A failure
/// that only a restart heals ends the process, so that whoever supervises it sees it.
@Singleton
@Startup
public final class NodeLifecycle {
  private static final Logger LOG = Logger.getLogger(NodeLifecycle.class);
  private static final int EXIT_FAILED = 3;

  private final Node node;
  private final Documents documents;
  private final Queries queries;

  NodeLifecycle(Config config) {
    NodeSettings settings =
        NodeSettings.of(name -> config.getOptionalValue(name, String.class).orElse(null));
    node = Node.start(settings, NodeLifecycle::failed);
    documents = new Documents(node.router());
    queries = new Queries(node.router(), node.router(), node.oracle(), new SystemClock());
  }

  Node node() {
    return node;
  }

  Documents documents() {
    return documents;
  }

  Queries queries() {
    return queries;
  }

  @PreDestroy
  void close() {
    node.close();
  }

  private static void failed(Throwable failure) {
    LOG.fatal("the node cannot go on and stops", failure);
    Quarkus.asyncExit(EXIT_FAILED);
  }
}
