package dev.partita.node.http;

import dev.partita.node.Node;
import dev.partita.node.config.NodeSettings;
import dev.partita.node.document.Documents;
import dev.partita.node.document.Sessions;
import dev.partita.node.query.Changes;
import dev.partita.node.query.Queries;
import dev.partita.node.transaction.DocumentWrites;
import dev.partita.node.transaction.OneShotTransactions;
import io.quarkus.runtime.Quarkus;
import io.quarkus.runtime.Startup;
import jakarta.annotation.PreDestroy;
import jakarta.inject.Singleton;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import org.eclipse.microprofile.config.Config;
import org.jboss.logging.Logger;

/// Starts the engine with the process and closes it with the process, after [Draining], when the
/// HTTP server's last request has been answered: everything is flushed. A failure that only a
/// restart heals ends the process, so that whoever supervises it sees it.
@Singleton
@Startup
public final class NodeLifecycle {
  private static final Logger LOG = Logger.getLogger(NodeLifecycle.class);
  private static final int EXIT_FAILED = 3;

  /// How long a node that has failed may take to end in order. Nothing depends on that it does: its
  /// next start finds what a crash would have left.
  private static final Duration END_PATIENCE = Duration.ofSeconds(10);

  private final Node node;
  private final Documents documents;
  private final Queries queries;
  private final Changes changes;
  private final OneShotTransactions transactions;

  NodeLifecycle(Config config) {
    NodeSettings settings =
        NodeSettings.of(name -> config.getOptionalValue(name, String.class).orElse(null));
    try {
      node = Node.start(settings);
    } catch (IOException e) {
      throw new UncheckedIOException("the node cannot start on " + settings.data(), e);
    }
    node.onFailure(this::failed);
    documents =
        new Documents(
            node.router(),
            new DocumentWrites(node.router(), node.transactions(), node.oracle(), node.clock()));
    transactions =
        new OneShotTransactions(node.router(), node.transactions(), node.oracle(), node.clock());
    queries = new Queries(node.router(), node.router(), node.oracle(), node.clock());
    changes = new Changes(node.router(), node.router(), node.oracle(), node.clock());
  }

  Node node() {
    return node;
  }

  Documents documents() {
    return documents;
  }

  Sessions sessions() {
    return node.sessions();
  }

  OneShotTransactions transactions() {
    return transactions;
  }

  Queries queries() {
    return queries;
  }

  Changes changes() {
    return changes;
  }

  @PreDestroy
  void close() {
    node.close();
  }

  private void failed() {
    LOG.fatalf("the node cannot go on and stops: %s", node.failure().orElse("unknown"));
    Thread.ofPlatform().daemon().name("last-resort").start(NodeLifecycle::haltSoon);
    Quarkus.asyncExit(EXIT_FAILED);
  }

  /// Ends the process if it does not end in order: what closes may wait for a disk that is gone.
  private static void haltSoon() {
    try {
      Thread.sleep(END_PATIENCE);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    Runtime.getRuntime().halt(EXIT_FAILED);
  }
}
