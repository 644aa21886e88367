package dev.partita.node.http;

import dev.partita.node.catalog.Catalog;
import dev.partita.node.partition.OperationListener;
import dev.partita.node.partition.PartitionId;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// How long requests take, as histograms: of the node by operation, of each Partition by reads and
/// writes. The latter are made when the first request is answered. And how long writes pause while
/// Partitions are split and merged. For any thread.
final class OperationTimes implements OperationListener {
  private final MeterRegistry registry;
  private final Supplier<Catalog> catalog;
  private final Map<Operation, Timer> ofNode = new EnumMap<>(Operation.class);
  private final Map<Division, Timer> pauses = new EnumMap<>(Division.class);
  private final Map<PartitionId, Times> ofPartitions = new ConcurrentHashMap<>();

  private record Times(Timer reads, Timer writes) {}

  OperationTimes(MeterRegistry registry, Supplier<Catalog> catalog) {
    this.registry = registry;
    this.catalog = catalog;
    for (Operation operation : Operation.values()) {
      ofNode.put(
          operation, NodeMetric.OPERATION_DURATION.timer(registry, ReplicaMeters.label(operation)));
    }
    for (Division division : Division.values()) {
      pauses.put(division, NodeMetric.WRITE_PAUSE.timer(registry, ReplicaMeters.label(division)));
    }
  }

  @Override
  public void answered(PartitionId partition, Operation operation, long nanos, boolean refused) {
    Objects.requireNonNull(ofNode.get(operation)).record(nanos, TimeUnit.NANOSECONDS);
    Times times = ofPartitions.get(partition);
    if (times == null) {
      times = ofPartitions.computeIfAbsent(partition, this::create);
    }
    if (times != null) {
      switch (operation) {
        case READ, SCAN, INDEX_SCAN -> times.reads().record(nanos, TimeUnit.NANOSECONDS);
        case WRITE, PREPARE -> times.writes().record(nanos, TimeUnit.NANOSECONDS);
        case FINISH -> {} // a part of a write that was recorded
        case LOCK -> {} // waits for clients
      }
    }
  }

  @Override
  public void paused(Division division, long nanos) {
    Objects.requireNonNull(pauses.get(division)).record(nanos, TimeUnit.NANOSECONDS);
  }

  private @Nullable Times create(PartitionId partition) {
    return catalog
        .get()
        .partition(partition)
        .map(entry ->
            new Times(
                timer(entry.name(), entry.collection(), "read"),
                timer(entry.name(), entry.collection(), "write")))
        .orElse(null);
  }

  private Timer timer(String partition, String collection, String kind) {
    return NodeMetric.PARTITION_DURATION.timer(registry, partition, collection, kind);
  }

  /// Forgets the Partitions of which there is no replica here.
  void retain(Set<PartitionId> present) {
    ofPartitions
        .entrySet()
        .removeIf(entry -> {
          boolean gone = !present.contains(entry.getKey());
          if (gone) {
            registry.remove(entry.getValue().reads());
            registry.remove(entry.getValue().writes());
          }
          return gone;
        });
  }
}
