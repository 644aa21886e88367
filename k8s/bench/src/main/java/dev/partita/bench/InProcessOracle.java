package dev.partita.bench;

import dev.partita.node.Node;
import dev.partita.node.admin.BootstrapRequest;
import dev.partita.node.config.NodeSettings;
import dev.partita.node.time.Deadline;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/// Three nodes inside this process, over real connections and disks: what timestamps of the
/// database cost where they are handed out, and elsewhere.
final class InProcessOracle implements AutoCloseable {
  private static final int COUNT = 3;
  private static final Duration TIMEOUT = Duration.ofSeconds(30);

  private final List<Node> nodes = new ArrayList<>();

  private InProcessOracle() {}

  static InProcessOracle start(Path directory) throws IOException {
    InProcessOracle started = new InProcessOracle();
    try {
      List<Integer> ports = Ports.free(COUNT);
      for (int i = 0; i < COUNT; i++) {
        started.nodes.add(Node.start(settings(directory.resolve("node-" + i), i, ports.get(i))));
      }
      started.found();
      return started;
    } catch (IOException | RuntimeException e) {
      started.close();
      throw e;
    }
  }

  private static NodeSettings settings(Path data, int number, int port) {
    Map<String, String> settings =
        Map.of(
            "partita.data",
            data.toString(),
            "partita.name",
            "node-" + number,
            "partita.authentication",
            "disabled",
            "partita.peer.host",
            "127.0.0.1",
            "partita.peer.port",
            Integer.toString(port));
    return NodeSettings.of(settings::get);
  }

  private void found() {
    BootstrapRequest founders =
        new BootstrapRequest(
            "bench",
            nodes.stream()
                .map(node ->
                    new BootstrapRequest.Member(
                        node.id().toString(),
                        node.settings().name(),
                        node.peerAddress().toString()))
                .toList());
    nodes.forEach(node -> node.admin().bootstrap(founders));
    nodes.forEach(node -> Nodes.await("the nodes in this process", node::ready));
    Nodes.await("their timestamps", () -> leader().isPresent());
  }

  private Optional<Node> leader() {
    Node any = nodes.getFirst();
    String id = any.admin().state(Deadline.after(TIMEOUT, any.clock())).leaderNodeId();
    return nodes.stream().filter(node -> node.id().toString().equals(id)).findFirst();
  }

  /// Takes timestamps where they are handed out.
  ///
  /// @param count with one call
  Load.Client atTheLeader(int count) {
    return caller(leader().orElseThrow(), count);
  }

  /// Takes timestamps at a node that has to ask for them.
  ///
  /// @param count with one call
  Load.Client elsewhere(int count) {
    Node leader = leader().orElseThrow();
    return caller(nodes.stream().filter(node -> node != leader).findFirst().orElseThrow(), count);
  }

  private static Load.Client caller(Node node, int count) {
    return _ -> {
      long first =
          node.oracle().next(count).get(TIMEOUT.toMillis(), TimeUnit.MILLISECONDS).first().value();
      if (first <= 0) {
        throw new IllegalStateException("no timestamp: " + first);
      }
    };
  }

  @Override
  public void close() {
    nodes.forEach(Node::close);
  }
}
