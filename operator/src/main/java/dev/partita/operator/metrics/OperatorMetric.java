package dev.partita.operator.metrics;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.MultiGauge;
import io.micrometer.core.instrument.Tag;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.DoubleStream;
import org.jspecify.annotations.Nullable;

/// Every number of its own that the operator tells Prometheus. This list is the one source: meters
/// are bound through it, the table in `k8s/docs/metrics.md` is generated from it, and a test
/// compares it with what an operator really answers.
///
/// Only what people declare in small numbers is a label: namespaces, Sites, and those Partitions
/// that set a size. What there is of each Partition, its nodes tell.
enum OperatorMetric {
  RECONCILE_DURATION(
      Kind.HISTOGRAM, "reconcile.duration", "seconds", "Time of one reconcile", "kind"),
  RECONCILE_ERRORS(
      Kind.COUNTER,
      "reconcile.errors",
      null,
      "Reconciles that ended with an exception; they are tried again after a pause",
      "kind"),
  API_WRITES(
      Kind.COUNTER,
      "api.writes",
      null,
      "Requests to the Kubernetes API server that write; none while there is nothing to do, but for leases",
      "resource",
      "verb"),
  API_ERRORS(
      Kind.COUNTER,
      "api.errors",
      null,
      "Requests to an API server, of its own cluster or another, that it refused, or that failed (code 0)",
      "resource",
      "code"),
  OBSERVATION_AGE(
      Kind.GAUGE,
      "observation.age",
      "seconds",
      "Time since a node of the namespace answered with the state of its cluster",
      "namespace"),
  SITE_NODES_WANTED(
      Kind.GAUGE, "site.nodes.wanted", null, "Nodes that a Site declares", "namespace", "site"),
  SITE_NODES_ALIVE(
      Kind.GAUGE,
      "site.nodes.alive",
      null,
      "Nodes of a Site that the cluster hears of; 0 when no node answers the operator",
      "namespace",
      "site"),
  PARTITIONS(
      Kind.GAUGE,
      "partitions",
      null,
      "Partitions by what was observed of them",
      "namespace",
      "state"),
  PARTITION_MAX_SIZE(
      Kind.GAUGE,
      "partition.max.size",
      "bytes",
      "Size above which a Partition is to be split, where it declares one",
      "namespace",
      "partition"),
  OPERATIONS(
      Kind.GAUGE,
      "operations",
      null,
      "Operations of the nodes that are running, by the step they are at",
      "namespace",
      "kind",
      "step"),
  OPERATIONS_ENDED(
      Kind.COUNTER,
      "operations.ended",
      null,
      "Operations of the nodes that this operator has seen end",
      "namespace",
      "kind",
      "outcome"),
  OPERATIONS_ASKED(
      Kind.COUNTER,
      "operations.asked",
      null,
      "Operations on Partitions that this operator has asked the nodes for, by what they are for",
      "namespace",
      "kind",
      "reason"),
  OPERATION_AGE(
      Kind.GAUGE,
      "operation.age",
      "seconds",
      "Time since this operator first saw the oldest of the running operations",
      "namespace",
      "kind");

  private static final String PREFIX = "partita.operator.";

  /// From a reconcile that finds nothing to do to one that runs into the deadlines of several
  /// calls.
  private static final double[] SECONDS = {0.001, 0.005, 0.025, 0.1, 0.5, 2.5, 10};

  /// What Prometheus makes of a metric.
  enum Kind {
    /// A number that goes up and down.
    GAUGE,
    /// A number that only goes up.
    COUNTER,
    /// How often a number was in which range.
    HISTOGRAM
  }

  private final Kind kind;
  private final String name;
  private final @Nullable String unit;
  private final String help;

  // List.of gives one that nobody can change.
  @SuppressWarnings("ImmutableEnumChecker")
  private final List<String> labels;

  OperatorMetric(Kind kind, String name, @Nullable String unit, String help, String... labels) {
    this.kind = kind;
    this.name = name;
    this.unit = unit;
    this.help = help;
    this.labels = List.of(labels);
  }

  Kind kind() {
    return kind;
  }

  /// Empty where the number has none.
  String unit() {
    return unit == null ? "" : unit;
  }

  String help() {
    return help;
  }

  List<String> labels() {
    return labels;
  }

  /// The name that Prometheus sees; of a histogram, what its series begin with.
  String prometheusName() {
    return (PREFIX + name).replace('.', '_')
        + (unit == null ? "" : "_" + unit)
        + (kind == Kind.COUNTER ? "_total" : "");
  }

  /// Upper bounds of a histogram's buckets, in its unit.
  double[] buckets() {
    return SECONDS.clone();
  }

  /// A gauge of which series come and go.
  MultiGauge gauge(MeterRegistry registry) {
    require(Kind.GAUGE);
    return MultiGauge.builder(PREFIX + name).description(help).baseUnit(unit).register(registry);
  }

  Counter counter(MeterRegistry registry, String... values) {
    require(Kind.COUNTER);
    return Counter.builder(PREFIX + name)
        .description(help)
        .baseUnit(unit)
        .tags(tags(values))
        .register(registry);
  }

  Timer timer(MeterRegistry registry, String... values) {
    require(Kind.HISTOGRAM);
    return Timer.builder(PREFIX + name)
        .description(help)
        .tags(tags(values))
        .serviceLevelObjectives(
            DoubleStream.of(buckets())
                .mapToObj(seconds -> Duration.ofNanos(Math.round(seconds * 1e9)))
                .toArray(Duration[]::new))
        .register(registry);
  }

  /// @param values of the labels, in their order
  Tags tags(String... values) {
    if (values.length != labels.size()) {
      throw new IllegalArgumentException(this + " has the labels " + labels);
    }
    List<Tag> tags = new ArrayList<>();
    for (int i = 0; i < values.length; i++) {
      tags.add(Tag.of(labels.get(i), values[i]));
    }
    return Tags.of(tags);
  }

  private void require(Kind wanted) {
    if (kind != wanted) {
      throw new IllegalStateException(this + " is a " + kind);
    }
  }
}
