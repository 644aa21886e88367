package dev.partita.bench;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Path;

/// Three nodes, as packaged, with one partition that holds all of one collection.
final class LedgerNodes {
  static final String PARTITION = "ledger-all";
  static final String COLLECTION = "ledger";

  private LedgerNodes() {}

  static Nodes start(Path directory, Nodes.Setup setup) throws IOException {
    String checkout = System.getProperty("partita.checkout");
    Path jar = Path.of(checkout, "node/target/quarkus-app/quarkus-run.jar");
    Nodes nodes = Nodes.start(jar, directory, setup);
    nodes.createPartition(
        PARTITION, COLLECTION, (ObjectNode) Nodes.JSON.readTree("{\"range\":{}}"));
    return nodes;
  }
}
