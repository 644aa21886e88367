package dev.partita.node.routing;

import dev.partita.node.catalog.Catalog;
import dev.partita.node.catalog.PartitionEntry;
import dev.partita.node.partition.Epoch;
import dev.partita.node.partition.PartitionDescriptor;
import dev.partita.node.partition.PartitionId;
import dev.partita.node.raft.Configuration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;

/// Bounds and members of Partitions as answers told them, where these are newer than what the
/// catalog of this node says. Thread-safe.
final class KnownEpochs {

  /// Checked against the catalog when used, so entries of dropped Partitions only take space.
  private final ConcurrentMap<PartitionId, PartitionDescriptor> newer = new ConcurrentHashMap<>();

  void learn(PartitionDescriptor current) {
    newer.put(current.id(), current);
  }

  /// A Partition of the catalog as it is by now, as far as is known.
  PartitionDescriptor descriptor(PartitionEntry entry) {
    PartitionDescriptor known = newer.get(entry.id());
    return known != null && known.epoch().value() > entry.epoch() ? known : describe(entry);
  }

  private static PartitionDescriptor describe(PartitionEntry entry) {
    return new PartitionDescriptor(
        entry.id(),
        entry.name(),
        entry.collectionId(),
        entry.collection(),
        entry.bounds(),
        new Epoch(Math.max(Epoch.FIRST.value(), entry.epoch())),
        Configuration.of(Set.copyOf(entry.voters()), Set.copyOf(entry.learners())),
        entry.columnGroupOrNone());
  }

  /// Forgets Partitions that are not in the catalog any more.
  void forget(Catalog present) {
    newer.keySet().removeIf(id -> present.partition(id).isEmpty());
  }
}
