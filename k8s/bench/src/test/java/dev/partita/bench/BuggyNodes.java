package dev.partita.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Map;

/// Real nodes with a [BugAgent] each, all of which have the same bug.
///
/// @param directory of the nodes, the agent and the file that names the bug
record BuggyNodes(Path directory, Nodes nodes) implements AutoCloseable {

  /// Starts nodes without a bug.
  ///
  /// @param directory is to be empty
  static BuggyNodes start(Path directory) throws IOException {
    Path file = file(directory);
    Files.writeString(file, BugAgent.NONE);
    Path agent = directory.resolve("bug-agent.jar");
    NodeFaults.writeAgent(agent, BugAgent.class);
    Nodes.Wiring wiring =
        new Nodes.Wiring() {
          @Override
          public List<String> javaOptions(int node) {
            return List.of("-javaagent:" + agent + "=" + file);
          }
        };
    Path jar =
        Path.of(System.getProperty("partita.checkout"), "node/target/quarkus-app/quarkus-run.jar");
    return new BuggyNodes(
        directory, Nodes.start(jar, directory, new Nodes.Setup(wiring, Map.of())));
  }

  private static Path file(Path directory) {
    return directory.resolve("bug");
  }

  /// Returns when every node has the bug. Nobody is to write meanwhile, so that all replicas apply
  /// the same with it.
  void plant(BugAgent.Bug bug) throws IOException {
    Path next = directory.resolve("bug.next");
    Files.writeString(next, bug.name());
    Files.move(
        next, file(directory), StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    for (int node = 0; node < Nodes.COUNT; node++) {
      int each = node;
      Nodes.await(
          bug + " in node " + node, () -> log(each).contains(BugAgent.PLANTED + bug.name()));
    }
  }

  /// Takes the bug from all nodes, those that are started later included.
  void heal() throws IOException {
    Files.writeString(file(directory), BugAgent.NONE);
  }

  /// What a node has logged in all its runs.
  String log(int node) {
    try {
      return nodes.log(node);
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  @Override
  public void close() {
    nodes.close();
  }
}
