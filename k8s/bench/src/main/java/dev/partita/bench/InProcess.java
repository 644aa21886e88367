package dev.partita.bench;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.partita.node.Node;
import dev.partita.node.admin.PartitionWish;
import dev.partita.node.config.NodeSettings;
import dev.partita.node.document.Documents;
import dev.partita.node.index.JsonBytes;
import dev.partita.node.key.PrimaryKey;
import dev.partita.node.partition.Mutation;
import dev.partita.node.time.Deadline;
import dev.partita.node.transaction.DocumentWrites;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;

/// A single node inside this process: what reads cost without HTTP.
final class InProcess implements AutoCloseable {
  private static final String COLLECTION = "in-process";
  private static final int BATCH = 500;
  private static final Duration TIMEOUT = Duration.ofSeconds(30);

  private final Node node;
  private final Documents documents;
  private final int count;

  private InProcess(Node node, int count) {
    this.node = node;
    this.documents =
        new Documents(
            node.router(),
            new DocumentWrites(node.router(), node.transactions(), node.oracle(), node.clock()));
    this.count = count;
  }

  static InProcess start(Path directory, int count, int valueBytes) throws IOException {
    Map<String, String> settings =
        Map.of(
            "partita.dev", "true",
            "partita.data", directory.toString(),
            "partita.peer.host", "127.0.0.1",
            "partita.peer.port", "0");
    Node node = Node.start(NodeSettings.of(settings::get));
    Nodes.await("the node in this process", node::ready);
    InProcess process = new InProcess(node, count);
    process.fill(valueBytes);
    return process;
  }

  Load.Client reader() {
    return sequence -> {
      PrimaryKey key = PrimaryKey.of("d" + ThreadLocalRandom.current().nextInt(count));
      if (documents.get(COLLECTION, key, null, deadline()) == null) {
        throw new IllegalStateException("a document is missing: " + key);
      }
    };
  }

  @Override
  public void close() {
    node.close();
  }

  private void fill(int valueBytes) {
    ObjectNode bounds = JsonNodeFactory.instance.objectNode();
    bounds.putObject("range");
    node.admin()
        .requestPartition(
            COLLECTION, new PartitionWish(COLLECTION, bounds, 1, List.of()), deadline());
    String value = "x".repeat(valueBytes - 20);
    for (int from = 0; from < count; from += BATCH) {
      List<Mutation> batch = new ArrayList<>();
      for (int i = from; i < from + BATCH; i++) {
        String key = "d" + i;
        batch.add(
            Mutation.put(
                PrimaryKey.of(key),
                JsonBytes.of("{\"id\":\"" + key + "\",\"v\":\"" + value + "\"}")));
      }
      documents.write(COLLECTION, batch, false, deadline());
    }
  }

  private Deadline deadline() {
    return Deadline.after(TIMEOUT, node.clock());
  }
}
