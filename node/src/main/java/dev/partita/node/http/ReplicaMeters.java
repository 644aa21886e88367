package dev.partita.node.http;

import dev.partita.node.ReplicaFigures;
import dev.partita.node.partition.OperationListener.Operation;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.ToDoubleFunction;

/// The meters of one replica that are read; they come and go with it. Owned by the thread that
/// refreshes; scrapes only read the newest figures.
final class ReplicaMeters {
  private static final double NANOS_PER_SECOND = 1e9;

  private final MeterRegistry registry;
  private final List<Meter> meters = new ArrayList<>();
  private volatile ReplicaFigures figures;

  ReplicaMeters(MeterRegistry registry, ReplicaFigures first) {
    this.registry = registry;
    this.figures = first;
    for (Operation operation : Operation.values()) {
      add(
          NodeMetric.PARTITION_OPERATIONS,
          each -> each.answered().getOrDefault(operation, 0L),
          first.partition(),
          first.collection(),
          label(operation));
    }
    add(NodeMetric.PARTITION_REFUSALS, ReplicaFigures::refused);
    add(NodeMetric.PARTITION_CPU, each -> each.cpuNanos() / NANOS_PER_SECOND);
    add(NodeMetric.PARTITION_ROWS, ReplicaFigures::rows);
    add(NodeMetric.PARTITION_SIZE, ReplicaFigures::bytes);
    add(NodeMetric.PARTITION_LEADER, each -> each.leads() ? 1 : 0);
    add(NodeMetric.PARTITION_VOTER, each -> each.votes() ? 1 : 0);
    add(NodeMetric.PARTITION_VOTERS, ReplicaFigures::voters);
    add(NodeMetric.PARTITION_EPOCH, ReplicaFigures::epoch);
    add(NodeMetric.PARTITION_RAFT_LAG, ReplicaFigures::lagEntries);
    add(NodeMetric.PARTITION_FOLLOWER_LAG, ReplicaFigures::followerLagEntries);
    add(NodeMetric.PARTITION_LAGGING_REPLICAS, ReplicaFigures::laggingReplicas);
    add(NodeMetric.PARTITION_APPLY_QUEUE, ReplicaFigures::applyQueueBytes);
  }

  static String label(Enum<?> constant) {
    return constant.name().toLowerCase(Locale.ROOT);
  }

  /// Whether these meters bear the names of that replica; a Partition that is being made has none
  /// yet.
  boolean speaksOf(ReplicaFigures other) {
    return figures.partition().equals(other.partition())
        && figures.collection().equals(other.collection());
  }

  void update(ReplicaFigures next) {
    figures = next;
  }

  void remove() {
    meters.forEach(registry::remove);
    meters.forEach(Meter::close);
  }

  private void add(NodeMetric metric, ToDoubleFunction<ReplicaFigures> figure) {
    add(metric, figure, figures.partition(), figures.collection());
  }

  private void add(
      NodeMetric metric, ToDoubleFunction<ReplicaFigures> figure, String... labelValues) {
    meters.add(
        metric.bind(registry, this, each -> figure.applyAsDouble(each.figures), labelValues));
  }
}
