package dev.partita.operator.metrics;

import dev.partita.operator.nodeclient.ClusterView;
import dev.partita.operator.nodeclient.MemberView;
import dev.partita.operator.nodeclient.OperationView;
import dev.partita.operator.nodeclient.PartitionView;
import dev.partita.operator.observation.DataPlane;
import dev.partita.operator.observation.DataPlanes;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.MultiGauge;
import io.micrometer.core.instrument.Tags;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;

/// Tells what is observed of the nodes of each namespace. Polling threads of several namespaces
/// report here; all state is guarded by this object's lock.
public final class ClusterMeters implements DataPlanes.Listener {

  private static final double MILLIS_PER_SECOND = 1e3;

  private final MeterRegistry registry;
  private final ReconcileMeters declared;
  private final InstantSource clock;
  private final Map<OperatorMetric, MultiGauge> gauges = new HashMap<>();
  private final Map<String, Namespace> namespaces = new TreeMap<>();

  /// @param declared what the reconciled resources declare
  public ClusterMeters(MeterRegistry registry, ReconcileMeters declared, InstantSource clock) {
    this.registry = registry;
    this.declared = declared;
    this.clock = clock;
    for (OperatorMetric metric : OperatorMetric.values()) {
      if (metric.kind() == OperatorMetric.Kind.GAUGE) {
        gauges.put(metric, metric.gauge(registry));
      }
    }
  }

  /// What is remembered of one namespace from poll to poll.
  private static final class Namespace {
    private Instant answered;
    private final Map<String, Instant> runningSince = new HashMap<>();
    private final Map<String, OperationView> running = new HashMap<>();
    private List<Row> rows = List.of();

    Namespace(Instant begun) {
      this.answered = begun;
    }
  }

  /// One series of a gauge.
  private record Row(OperatorMetric metric, Tags tags, double value) {}

  @Override
  public void beforePoll(DataPlane dataPlane) {
    if (dataPlane.view().isEmpty()) {
      unanswered(dataPlane.namespace());
    }
  }

  @Override
  public void observed(DataPlane dataPlane, ClusterView view) {
    observed(dataPlane.namespace(), view);
  }

  /// Nobody has answered for some polls.
  synchronized void unanswered(String name) {
    Namespace namespace = namespaces.computeIfAbsent(name, _ -> new Namespace(clock.instant()));
    namespace.rows = unobserved(name, namespace.rows);
    publish();
  }

  /// Somebody has answered.
  synchronized void observed(String name, ClusterView view) {
    Instant now = clock.instant();
    Namespace namespace = namespaces.computeIfAbsent(name, _ -> new Namespace(now));
    namespace.answered = now;
    follow(name, namespace, view.operations(), now);
    List<Row> rows = new ArrayList<>();
    sites(name, view.nodes(), rows);
    partitions(name, view, rows);
    operations(name, namespace, now, rows);
    namespace.rows = rows;
    publish();
  }

  /// Counts the operations that have ended since the last look, once each.
  private void follow(
      String name, Namespace namespace, List<OperationView> operations, Instant now) {
    Map<String, OperationView> present =
        operations.stream().collect(Collectors.toMap(OperationView::id, each -> each));
    List.copyOf(namespace.running.values())
        .forEach(before -> {
          OperationView after = present.get(before.id());
          if (after == null || !after.isRunning()) {
            namespace.running.remove(before.id());
            namespace.runningSince.remove(before.id());
            boolean failed = after != null && after.state() == OperationView.State.FAILED;
            OperatorMetric.OPERATIONS_ENDED
                .counter(registry, name, before.kind().text(), failed ? "failed" : "done")
                .increment();
          }
        });
    operations.stream()
        .filter(OperationView::isRunning)
        .forEach(operation -> {
          namespace.running.put(operation.id(), operation);
          namespace.runningSince.putIfAbsent(operation.id(), now);
        });
  }

  private void sites(String namespace, List<MemberView> nodes, List<Row> rows) {
    declared
        .siteNodes(namespace)
        .forEach((site, wanted) -> {
          long alive =
              nodes.stream()
                  .filter(node -> node.site().equals(site) && node.alive())
                  .filter(node -> node.state() != MemberView.State.GONE)
                  .count();
          rows.add(row(OperatorMetric.SITE_NODES_WANTED, wanted, namespace, site));
          rows.add(row(OperatorMetric.SITE_NODES_ALIVE, (double) alive, namespace, site));
        });
  }

  private void partitions(String namespace, ClusterView view, List<Row> rows) {
    Map<String, Integer> states = new LinkedHashMap<>();
    List.of("Ready", "Degraded", "NoLeader", "Creating", "Dropping")
        .forEach(state -> states.put(state, 0));
    view.partitions().stream()
        .filter(each -> !each.isSplit())
        .forEach(each -> states.merge(state(each, view), 1, Integer::sum));
    states.forEach(
        (state, count) -> rows.add(row(OperatorMetric.PARTITIONS, count, namespace, state)));
    Set<String> existing =
        view.partitions().stream().map(PartitionView::name).collect(Collectors.toSet());
    declared
        .partitionMaxBytes(namespace)
        .forEach((partition, bytes) -> {
          if (existing.contains(partition)) {
            rows.add(row(OperatorMetric.PARTITION_MAX_SIZE, bytes, namespace, partition));
          }
        });
  }

  private static String state(PartitionView partition, ClusterView view) {
    return switch (partition.state()) {
      case CREATING -> "Creating";
      case DROPPING -> "Dropping";
      case ACTIVE, SPLIT -> {
        if (partition.leaderNodeId() == null) {
          yield "NoLeader";
        }
        yield view.replicas(partition).stream()
                .allMatch(replica -> replica.caughtUp() && view.isAlive(replica.nodeId()))
            ? "Ready"
            : "Degraded";
      }
    };
  }

  private static void operations(String name, Namespace namespace, Instant now, List<Row> rows) {
    namespace.running.values().stream()
        .collect(
            Collectors.groupingBy(
                each -> List.of(each.kind().text(), each.step()), Collectors.counting()))
        .forEach((kindAndStep, count) ->
            rows.add(
                row(
                    OperatorMetric.OPERATIONS,
                    count,
                    name,
                    kindAndStep.getFirst(),
                    kindAndStep.getLast())));
    namespace.running.values().stream()
        .collect(
            Collectors.toMap(
                each -> each.kind().text(),
                each -> Objects.requireNonNull(namespace.runningSince.get(each.id())),
                (one, other) -> one.isBefore(other) ? one : other,
                TreeMap::new))
        .forEach((kind, since) ->
            rows.add(row(OperatorMetric.OPERATION_AGE, seconds(since, now), name, kind)));
  }

  /// What is left to say when nobody answers: nothing lives, and nothing has a leader.
  private List<Row> unobserved(String namespace, List<Row> before) {
    List<Row> rows = new ArrayList<>();
    sites(namespace, List.of(), rows);
    double partitions =
        before.stream()
            .filter(each -> each.metric() == OperatorMetric.PARTITIONS)
            .mapToDouble(Row::value)
            .sum();
    if (partitions > 0) {
      rows.add(row(OperatorMetric.PARTITIONS, partitions, namespace, "NoLeader"));
    }
    return rows;
  }

  private void publish() {
    Instant now = clock.instant();
    Map<OperatorMetric, List<MultiGauge.Row<?>>> byMetric = new HashMap<>();
    namespaces.forEach((name, namespace) -> {
      byMetric
          .computeIfAbsent(OperatorMetric.OBSERVATION_AGE, _ -> new ArrayList<>())
          .add(
              MultiGauge.Row.of(
                  OperatorMetric.OBSERVATION_AGE.tags(name), seconds(namespace.answered, now)));
      namespace.rows.forEach(row ->
          byMetric
              .computeIfAbsent(row.metric(), _ -> new ArrayList<>())
              .add(MultiGauge.Row.of(row.tags(), row.value())));
    });
    gauges.forEach(
        (metric, gauge) -> gauge.register(byMetric.getOrDefault(metric, List.of()), true));
  }

  private static Row row(OperatorMetric metric, double value, String... labels) {
    return new Row(metric, metric.tags(labels), value);
  }

  private static double seconds(Instant since, Instant now) {
    return Duration.between(since, now).toMillis() / MILLIS_PER_SECOND;
  }
}
