package dev.partita.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.partita.bench.PartitionTree.PartitionKey;
import dev.partita.bench.PartitionTree.Range;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.SortedSet;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/// What is done to the partitions under load, whatever they have become by now: they are split and
/// merged, led elsewhere, and lose replicas. Whatever was asked for while there was trouble has to
/// end when there is none.
final class Divisions {
  /// Collections whose partitions never lose a replica: those of the terms of a unique index would
  /// follow them long after.
  private static final List<String> STAYING = List.of("people");

  /// Keys of collections that have integers are below it.
  private static final int INTEGERS = 12;

  private static final int PAGE = 1_000;

  /// Partitions that are asked for at a time.
  private static final int AT_ONCE_MAX = 4;

  /// More are not made, each being a group of three replicas on the same few cores.
  private static final int SERVING_MAX = 44;

  /// After a round there are not more.
  private static final int LEFT_MAX = 30;

  private final Nodes nodes;
  private final Operations operations;
  private final Random random;
  private final List<String> untouched;
  private PartitionTree last;
  private int splits;
  private int merges;
  private int givenUp;

  /// @param untouched collections that are not under load
  Divisions(Nodes nodes, Random random, List<String> untouched) {
    this.nodes = nodes;
    this.operations = new Operations(nodes);
    this.random = random;
    this.untouched = List.copyOf(untouched);
    this.last = new PartitionTree(Map.of());
  }

  /// What has rows and is under load, as a node tells that answers soon, or as was told last.
  List<Range> serving() {
    JsonNode state = operations.quickState();
    if (state.path("partitions").size() > 0) {
      last = PartitionTree.of(state);
    }
    return last.serving().stream()
        .filter(range -> !untouched.contains(range.collection()))
        .toList();
  }

  /// Asks for some partitions to be split, each at a key near its middle; nobody waits for it.
  void trySplits() {
    List<Range> serving = new ArrayList<>(serving());
    Collections.shuffle(serving, random);
    int count = Math.min(1 + random.nextInt(AT_ONCE_MAX), SERVING_MAX - serving.size());
    List<ObjectNode> asked = new ArrayList<>();
    try (Requests requests = new Requests(nodes, random)) {
      for (Range range : serving) {
        PartitionKey at =
            asked.size() < count && range.ranged() ? somewhereIn(range, requests) : null;
        if (at != null) {
          asked.add(Operations.split(range.name(), at.json()));
        }
      }
    }
    operations.request(asked);
  }

  /// A key that is there, near the middle; null if none is known.
  private @Nullable PartitionKey somewhereIn(Range range, Requests requests) {
    List<PartitionKey> all = keys(range, requests).stream().filter(range::canBeSplitAt).toList();
    if (all.isEmpty()) {
      return null;
    }
    int quarter = all.size() / 4;
    return all.get(quarter + random.nextInt(all.size() - 2 * quarter));
  }

  private SortedSet<PartitionKey> keys(Range range, Requests requests) {
    var keys = new TreeSet<PartitionKey>();
    boolean integers = range.collection().equals("lists") || range.collection().equals("accounts");
    if (integers) {
      for (int key = 0; key < INTEGERS; key++) {
        keys.add(PartitionKey.of(key));
      }
    } else if (range.isHidden()) {
      // Digests, which nobody can list.
      for (int i = 0; i < PAGE; i++) {
        keys.add(new PartitionKey("%08x".formatted(random.nextInt()), 0));
      }
    } else {
      String path =
          "/v1/collections/%s/documents?limit=%d%s%s"
              .formatted(
                  range.collection(),
                  PAGE,
                  parameter("start", range.start()),
                  parameter("end", range.end()));
      if (requests.send("GET", path, "", "") instanceof Requests.Outcome.Done(JsonNode page)) {
        for (JsonNode document : page.path("data")) {
          PartitionKey key = PartitionKey.of(document.path("id"));
          if (key != null) {
            keys.add(key);
          }
        }
      }
    }
    return keys;
  }

  private static String parameter(String name, @Nullable PartitionKey key) {
    return key == null
        ? ""
        : "&" + name + "=" + URLEncoder.encode(key.toString(), StandardCharsets.UTF_8);
  }

  /// Asks for some partitions to be made one again of their parts; nobody waits for it.
  void tryMerges() {
    serving();
    List<Range> mergeable = new ArrayList<>(last.mergeable());
    Collections.shuffle(mergeable, random);
    operations.request(
        mergeable.stream()
            .limit(1 + random.nextInt(AT_ONCE_MAX))
            .map(range -> Operations.merge(range.name()))
            .toList());
  }

  /// Sends leaders of all partitions elsewhere, or nowhere; nobody waits for it.
  void tryTransfers() {
    operations.request(
        serving().stream()
            .map(range -> operations.transfer(range.name(), random.nextInt(Nodes.COUNT)))
            .toList());
  }

  /// Takes a node's replica of some partition away; nobody waits for it.
  void tryRemoval(int node) {
    List<Range> may =
        serving().stream()
            .filter(range -> !STAYING.contains(range.collection()) && !range.isHidden())
            .toList();
    if (!may.isEmpty()) {
      String partition = may.get(random.nextInt(may.size())).name();
      operations.request(List.of(operations.removal(partition, node)));
    }
  }

  /// Waits until everything is as it was: all that was asked for has ended, each partition has a
  /// leader and a replica on every node, and there are not too many. A merge that is given up,
  /// because transactions are in its way, is asked for again.
  void awaitWhole() {
    int left = LEFT_MAX - random.nextInt(AT_ONCE_MAX);
    try {
      Nodes.await("all partitions", () -> look(Integer.MAX_VALUE));
      Nodes.await("merges", () -> look(left));
    } catch (IllegalStateException e) {
      operations.tellAll();
      throw e;
    }
    List<String> wrong = last.wrong();
    if (!wrong.isEmpty()) {
      throw new IllegalStateException("keys are divided wrongly: " + wrong);
    }
  }

  /// @param left how many partitions are not too many
  /// @return whether nothing was missing
  private boolean look(int left) {
    JsonNode state = operations.state();
    if (state.isMissingNode()) {
      return false;
    }
    operations.acknowledge(state).forEach(this::count);
    for (JsonNode operation : state.path("operations")) {
      if (Operations.isRunning(operation)) {
        return false;
      }
    }
    last = PartitionTree.of(state);
    List<ObjectNode> additions =
        last.serving().stream()
            .flatMap(range -> operations.additions(range.name(), range.replicas()).stream())
            .toList();
    operations.request(additions);
    if (!additions.isEmpty()
        || !last.serving().stream().allMatch(range -> range.active() && range.well())) {
      return false;
    }
    boolean few = last.serving().size() <= left || last.mergeable().isEmpty();
    if (!few) {
      tryMerges();
    }
    return few;
  }

  private void count(JsonNode operation) {
    String kind = operation.path("kind").asText();
    boolean done = operation.path("state").asText().equals("Done");
    if (kind.equals(Operations.SPLIT) && !done) {
      throw new IllegalStateException("a split has failed: " + operation);
    }
    splits += kind.equals(Operations.SPLIT) ? 1 : 0;
    merges += kind.equals(Operations.MERGE) && done ? 1 : 0;
    givenUp += kind.equals(Operations.MERGE) && !done ? 1 : 0;
  }

  /// What came of what was asked for.
  String summary() {
    return "%d splits and %d merges done, %d merges given up".formatted(splits, merges, givenUp);
  }
}
