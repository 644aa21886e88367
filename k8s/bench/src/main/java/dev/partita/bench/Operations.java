package dev.partita.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;

/// Operations on the partitions of three nodes, any of which may be away: they are asked for, and
/// what has become of them is told later.
final class Operations {
  static final String SPLIT = "SplitPartition";
  static final String MERGE = "MergePartitions";

  private static final String PATH = "/admin/v1/operations/";
  private static final String STATE = "/admin/v1/state";

  /// Ids are not used twice by one process: an operation may be asked for in one round and end in
  /// the next.
  private static final AtomicInteger SEQUENCE = new AtomicInteger();

  private final Nodes nodes;

  Operations(Nodes nodes) {
    this.nodes = nodes;
  }

  private static ObjectNode operation(String kind, String partition) {
    return Nodes.JSON.createObjectNode().put("kind", kind).put("partition", partition);
  }

  /// What has a node lead a partition.
  ObjectNode transfer(String partition, int node) {
    return operation("TransferLeader", partition).put("to", nodes.nodeId(node));
  }

  /// What takes a node's replica of a partition away.
  ObjectNode removal(String partition, int node) {
    return operation("MoveReplica", partition).put("remove", nodes.nodeId(node));
  }

  /// What gives each node a replica of a partition that has none.
  ///
  /// @param has the ids of those that have one
  List<ObjectNode> additions(String partition, Set<String> has) {
    return IntStream.range(0, Nodes.COUNT)
        .mapToObj(nodes::nodeId)
        .filter(id -> !has.contains(id))
        .map(id -> operation("MoveReplica", partition).put("add", id))
        .toList();
  }

  /// What splits a partition.
  ///
  /// @param at the first key of the second half
  static ObjectNode split(String partition, JsonNode at) {
    ObjectNode split = operation(SPLIT, partition);
    split.set("at", at);
    return split;
  }

  /// What makes one of the parts of a partition that was split.
  static ObjectNode merge(String partition) {
    return operation(MERGE, partition);
  }

  /// Asks for operations, all at once, each through any node that answers soon; nobody waits for
  /// their ends.
  void request(List<ObjectNode> asked) {
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      for (ObjectNode operation : asked) {
        threads.execute(() -> request(operation));
      }
    }
  }

  private void request(ObjectNode operation) {
    String path = PATH + operation.path("kind").asText() + "-" + SEQUENCE.incrementAndGet();
    for (int node = 0; node < Nodes.COUNT; node++) {
      if (nodes.isAlive(node)
          && AdminCalls.send(nodes.address(node), "PUT", path, operation, AdminCalls.IMPATIENCE)
              == 200) {
        return;
      }
    }
  }

  /// Acknowledges the operations that have ended, and tells what became of each.
  ///
  /// @param state that tells of them
  List<JsonNode> acknowledge(JsonNode state) {
    List<JsonNode> ended = new ArrayList<>();
    for (JsonNode operation : state.path("operations")) {
      if (!isRunning(operation) && forget(operation.path("id").asText())) {
        ended.add(operation);
      }
    }
    return ended;
  }

  static boolean isRunning(JsonNode operation) {
    return operation.path("state").asText().equals("Running");
  }

  private boolean forget(String id) {
    return AdminCalls.send(nodes.address(0), "DELETE", PATH + id, null, AdminCalls.PATIENCE) / 100
        == 2;
  }

  /// The newest state; a missing node if it is not told.
  JsonNode state() {
    // What is forgotten goes through the log, so the node knows all that was before.
    return forget("none")
        ? AdminCalls.exchange(nodes.address(0), "GET", STATE, null, AdminCalls.PATIENCE)
        : Nodes.JSON.missingNode();
  }

  /// The state as any node knows it that answers soon; a missing node if none does.
  JsonNode quickState() {
    for (int node = 0; node < Nodes.COUNT; node++) {
      JsonNode state = nodes.isAlive(node) ? quickState(node) : Nodes.JSON.missingNode();
      if (state.path("partitions").size() > 0) {
        return state;
      }
    }
    return Nodes.JSON.missingNode();
  }

  private JsonNode quickState(int node) {
    return AdminCalls.exchange(nodes.address(node), "GET", STATE, null, AdminCalls.IMPATIENCE);
  }

  /// Prints what each node that runs knows of all partitions, and has it write into its log what
  /// its threads do.
  void tellAll() {
    for (int node = 0; node < Nodes.COUNT; node++) {
      if (nodes.isAlive(node)) {
        System.out.println("node " + node + ": " + quickState(node));
        try {
          nodes.tellThreads(node);
        } catch (IOException e) {
          System.out.println("node " + node + ": " + e);
        } catch (InterruptedException _) {
          Thread.currentThread().interrupt();
        }
      }
    }
  }
}
