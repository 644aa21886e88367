package dev.partita.node.routing;

import dev.partita.node.catalog.Catalog;
import dev.partita.node.catalog.PartitionEntry;
import dev.partita.node.key.PrimaryKey;
import dev.partita.node.partition.PartitionDescriptor;
import dev.partita.node.partition.PartitionId;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// The splits and merges that this node has learnt of from answers, before its catalog tells of
/// them. They are for ever, so what was learnt stays true: a merge gives its rows to a Partition
/// that was not there before. Thread-safe.
final class KnownSplits {

  /// How long children elect their first leaders at most, unless something is wrong.
  private static final Duration FRESH = Duration.ofSeconds(1);

  private final ConcurrentMap<PartitionId, List<PartitionDescriptor>> children =
      new ConcurrentHashMap<>();

  /// Children by when this node has learnt of them.
  private final ConcurrentMap<PartitionId, Long> learntNanos = new ConcurrentHashMap<>();

  void learn(PartitionId parent, List<PartitionDescriptor> of, long nowNanos) {
    if (children.putIfAbsent(parent, List.copyOf(of)) == null) {
      of.forEach(child -> learntNanos.put(child.id(), nowNanos));
    }
  }

  /// Whether a Partition was made by a split just now, so that it will have a leader in a moment.
  boolean isFresh(PartitionId child, long nowNanos) {
    Long learnt = learntNanos.get(child);
    return learnt != null && nowNanos - learnt < FRESH.toNanos();
  }

  /// What a Partition was split into, null if that is not known.
  @Nullable List<PartitionDescriptor> children(PartitionId parent) {
    return children.get(parent);
  }

  /// The Partition that has a row of one that may have been split.
  PartitionDescriptor owner(PartitionDescriptor root, PrimaryKey key) {
    return leaves(root).filter(leaf -> leaf.bounds().contains(key)).findFirst().orElse(root);
  }

  /// The Partitions that have the rows of one.
  Stream<PartitionDescriptor> leaves(PartitionDescriptor root) {
    List<PartitionDescriptor> split = children.get(root.id());
    return split == null ? Stream.of(root) : split.stream().flatMap(this::leaves);
  }

  /// The Partition that answers for the transactions of one.
  PartitionDescriptor heir(PartitionDescriptor root) {
    List<PartitionDescriptor> split = children.get(root.id());
    return split == null ? root : heir(split.getFirst());
  }

  /// Forgets what the catalog tells.
  void forget(Catalog present, long nowNanos) {
    learntNanos.keySet().removeIf(child -> !isFresh(child, nowNanos));
    children
        .keySet()
        .removeIf(parent ->
            present
                .partition(parent)
                .filter(entry -> entry.state() != PartitionEntry.State.SPLIT)
                .isEmpty());
  }
}
