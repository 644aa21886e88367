package dev.partita.operator.fake;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.LongSupplier;
import java.util.function.Predicate;

/// Splits of the Partitions of a [FakeCluster], by the rules of the real catalog: parts have their
/// names from the recording on and serve from the publication on; the Partition keeps its name and
/// bounds and loses its replicas when the split is done. Guarded by the cluster's lock.
final class FakeSplits {

  private final Map<String, FakePartition> partitions;
  private final Map<String, FakeOperation> operations;
  private final LongSupplier ids;
  private final Predicate<String> alive;
  private boolean mergesFail;
  private Set<String> refused = Set.of();

  FakeSplits(
      Map<String, FakePartition> partitions,
      Map<String, FakeOperation> operations,
      LongSupplier ids,
      Predicate<String> alive) {
    this.alive = alive;
    this.partitions = partitions;
    this.operations = operations;
    this.ids = ids;
  }

  /// Gives the parts their names.
  ///
  /// @return why the split is refused
  Optional<String> begin(FakeOperation operation) {
    FakePartition whole = partitions.get(operation.text("partition"));
    if (whole == null || !whole.state.equals("Active")) {
      return Optional.of("the partition does not serve");
    }
    Optional<List<JsonNode>> halves =
        FakeBounds.halves(whole.spec.get("bounds"), operation.spec.path("at"));
    if (halves.isEmpty()) {
      return Optional.of("the partition cannot be split there");
    }
    for (JsonNode half : halves.get()) {
      ObjectNode spec = whole.spec.deepCopy();
      spec.set("bounds", half);
      String id = String.valueOf(ids.getAsLong());
      String name = root(whole).name + "-" + id;
      while (partitions.containsKey(name)) {
        name += "-x";
      }
      operation.parts.add(new FakePartition(id, name, spec, whole.name));
    }
    return Optional.empty();
  }

  /// One step: the leader is told, the parts are published, the group is given up.
  void advance(FakeOperation operation) {
    FakePartition whole = partitions.get(operation.text("partition"));
    if (whole == null) {
      operation.state = "Failed";
      operation.message = "the partition was dropped";
    } else if (operation.step == 2) {
      publish(whole, operation.parts);
    } else if (operation.step == 3) {
      whole.caughtUpByNode.clear();
      whole.learners.clear();
      whole.leader = "";
      operation.state = "Done";
    }
  }

  /// Looks whether the parts of a Partition can be merged.
  ///
  /// @return why the merge is refused
  Optional<String> beginMerge(FakeOperation operation) {
    FakePartition whole = partitions.get(operation.text("partition"));
    if (whole == null || !whole.isSplit() || !whole.caughtUpByNode.isEmpty()) {
      return Optional.of("the partition is not split, or not yet");
    }
    if (refused.contains(whole.name)) {
      return Optional.of("parts may have the same terms of a unique index");
    }
    List<FakePartition> parts = partsOf(whole);
    return parts.size() == 2 && parts.stream().allMatch(part -> part.state.equals("Active"))
        ? Optional.empty()
        : Optional.of("a part of the partition is split itself, or does not serve");
  }

  /// Has merges given up, as when not all replicas are frozen in time.
  void failMerges(boolean fail) {
    mergesFail = fail;
  }

  /// Refuses the merges of the parts of these Partitions.
  void refuseMerges(Set<String> wholes) {
    refused = Set.copyOf(wholes);
  }

  /// Why a merge is given up before its point of no return; empty if it is not.
  private String obstacle(List<FakePartition> parts) {
    FakePartition one = parts.getFirst();
    FakePartition other = parts.getLast();
    boolean together =
        one.caughtUpByNode.keySet().equals(other.caughtUpByNode.keySet())
            && one.learners.equals(other.learners);
    if (!together) {
      return "the replicas of its parts are on different nodes; move them to the same ones first";
    }
    if (!one.caughtUpByNode.keySet().stream().allMatch(alive)) {
      return "a node, which has replicas of its parts, is not alive";
    }
    return mergesFail ? "not all replicas could be frozen in time" : "";
  }

  private List<FakePartition> partsOf(FakePartition whole) {
    return partitions.values().stream().filter(each -> each.parent.equals(whole.name)).toList();
  }

  /// One step: both are frozen, the merge is committed, their groups are given up.
  void advanceMerge(FakeOperation operation) {
    FakePartition whole = partitions.get(operation.text("partition"));
    if (whole == null) {
      operation.state = "Failed";
      operation.message = "the partition was dropped";
    } else if (operation.step == 2) {
      List<FakePartition> parts = partsOf(whole);
      operation.message = obstacle(parts);
      if (operation.message.isEmpty()) {
        merge(whole, parts);
      } else {
        operation.state = "Failed";
      }
    } else if (operation.step == 3) {
      operation.state = "Done";
    }
  }

  private void merge(FakePartition whole, List<FakePartition> parts) {
    FakePartition first = parts.getFirst();
    whole.state = "Active";
    whole.leader = first.leader;
    whole.caughtUpByNode.putAll(first.caughtUpByNode);
    whole.learners.addAll(first.learners);
    whole.splitPoints = first.splitPoints;
    for (FakePartition part : parts) {
      whole.epoch = Math.max(whole.epoch, part.epoch + 1);
      whole.rows += part.rows;
      whole.bytes += part.bytes;
      whole.operationsPerSecond += part.operationsPerSecond;
      partitions.remove(part.name);
    }
  }

  private void publish(FakePartition whole, List<FakePartition> parts) {
    whole.state = "Split";
    whole.epoch++;
    for (FakePartition part : parts) {
      part.state = "Active";
      part.epoch = whole.epoch;
      part.caughtUpByNode.putAll(whole.caughtUpByNode);
      part.learners.addAll(whole.learners);
      part.leader = whole.leader;
      part.rows = whole.rows / parts.size();
      part.bytes = whole.bytes / parts.size();
      part.operationsPerSecond = whole.operationsPerSecond / parts.size();
      partitions.put(part.name, part);
    }
    whole.rows = 0;
    whole.bytes = 0;
    whole.operationsPerSecond = 0;
  }

  /// A Partition with everything that it was split into, itself first.
  List<FakePartition> tree(FakePartition root) {
    List<FakePartition> tree = new ArrayList<>(List.of(root));
    for (int at = 0; at < tree.size(); at++) {
      String name = tree.get(at).name;
      partitions.values().stream().filter(each -> each.parent.equals(name)).forEach(tree::add);
    }
    return tree;
  }

  /// Whether some replica may not have split yet.
  boolean isUnfinished(List<FakePartition> tree) {
    return tree.stream()
        .anyMatch(each ->
            (each.isSplit() && !each.caughtUpByNode.isEmpty())
                || operations.values().stream()
                    .anyMatch(operation ->
                        operation.isRunning()
                            && operation.text("kind").equals("SplitPartition")
                            && operation.text("partition").equals(each.name)));
  }

  private FakePartition root(FakePartition part) {
    return part.parent.isEmpty() ? part : root(Objects.requireNonNull(partitions.get(part.parent)));
  }
}
