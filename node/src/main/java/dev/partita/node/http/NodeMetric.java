package dev.partita.node.http;

import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tag;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;

/// Every number of its own that a node tells Prometheus. This list is the one source: meters are
/// bound through it, the table in `k8s/docs/metrics.md` is generated from it, and a test compares
/// it with what a node really answers.
///
/// A node may hold hundreds of replicas, so the series of one replica are counted: nineteen that
/// every replica has, and twenty of histograms only where it has answered requests, that is, where
/// it leads or has led. That is why the histogram of a Partition has few buckets and tells reads
/// from writes only, while the one of the node has many buckets and tells every kind of request.
/// With 300 replicas, a third of them leading, a node has about 7,900 series. Nothing is labelled
/// by key, client, or peer.
enum NodeMetric {
  NODE_INFO(
      Kind.GAUGE,
      "node.info",
      null,
      "Always 1; the labels say who this node is",
      "node_id",
      "node",
      "site",
      "zone",
      "version"),
  NODE_READY(Kind.GAUGE, "node.ready", null, "1 where the node can serve, else 0"),
  NODE_REPLICAS(Kind.GAUGE, "node.replicas", null, "Replicas of Partitions on this node"),
  NODE_LEADERS(Kind.GAUGE, "node.leaders", null, "Partitions that this node leads"),
  RECOVERIES_UNACKNOWLEDGED(
      Kind.GAUGE,
      "recoveries.unacknowledged",
      null,
      "Times that a lost quorum was given up, of which nobody has said that he has seen to what may be lost"),
  DISK_CAPACITY(
      Kind.GAUGE, "disk.capacity", Unit.BYTES, "Size of the file system with the node's data"),
  DISK_AVAILABLE(Kind.GAUGE, "disk.available", Unit.BYTES, "What the node may still write on it"),

  PARTITION_OPERATIONS(
      Kind.COUNTER,
      "partition.operations",
      null,
      "Requests that the replica answered, refused ones included",
      "partition",
      "collection",
      "operation"),
  PARTITION_REFUSALS(
      Kind.COUNTER,
      "partition.refusals",
      null,
      "Requests that the replica refused: not the leader, another epoch, a limit, a condition",
      "partition",
      "collection"),
  PARTITION_DURATION(
      Kind.HISTOGRAM,
      "partition.operation.duration",
      Unit.SECONDS,
      "Time from the arrival of a request at the replica to its answer, few buckets",
      "partition",
      "collection",
      "kind"),
  PARTITION_CPU(
      Kind.COUNTER,
      "partition.cpu",
      Unit.SECONDS,
      "Processor time of the replica's reads, writes and entries; not of HTTP, network and disk",
      "partition",
      "collection"),
  PARTITION_ROWS(
      Kind.GAUGE, "partition.rows", null, "Live rows in the replica", "partition", "collection"),
  PARTITION_SIZE(
      Kind.GAUGE,
      "partition.size",
      Unit.BYTES,
      "Bytes of the live rows in the replica: keys and documents",
      "partition",
      "collection"),
  PARTITION_LEADER(
      Kind.GAUGE,
      "partition.leader",
      null,
      "1 where the replica leads and serves, else 0",
      "partition",
      "collection"),
  PARTITION_VOTERS(
      Kind.GAUGE,
      "partition.voters",
      null,
      "Voters of the group, as the replica knows it",
      "partition",
      "collection"),
  PARTITION_VOTER(
      Kind.GAUGE,
      "partition.voter",
      null,
      "1 where the replica votes, 0 where it only learns",
      "partition",
      "collection"),
  PARTITION_EPOCH(
      Kind.GAUGE,
      "partition.epoch",
      null,
      "Raised by every change of bounds or members",
      "partition",
      "collection"),
  PARTITION_RAFT_LAG(
      Kind.GAUGE,
      "partition.raft.lag",
      Unit.ENTRIES,
      "Entries of the log here that the replica has not applied yet",
      "partition",
      "collection"),
  PARTITION_FOLLOWER_LAG(
      Kind.GAUGE,
      "partition.follower.lag",
      Unit.ENTRIES,
      "Committed entries that the furthest follower lacks, as the leader sees it; 0 elsewhere",
      "partition",
      "collection"),
  PARTITION_LAGGING_REPLICAS(
      Kind.GAUGE,
      "partition.lagging.replicas",
      null,
      "Members that are away or have not caught up, as the leader sees it; 0 elsewhere",
      "partition",
      "collection"),
  PARTITION_APPLY_QUEUE(
      Kind.GAUGE,
      "partition.apply.queue",
      Unit.BYTES,
      "Committed commands that wait to be applied",
      "partition",
      "collection"),
  OPERATION_DURATION(
      Kind.HISTOGRAM,
      "operation.duration",
      Unit.SECONDS,
      "Time from the arrival of a request at a replica of this node to its answer, many buckets",
      "operation"),
  WRITE_PAUSE(
      Kind.HISTOGRAM,
      "write.pause.duration",
      Unit.SECONDS,
      "Time for which no write is taken while a Partition is split or merged, where it is led: until all serve that have its rows then",
      "division"),
  REFUSALS(
      Kind.COUNTER,
      "refusals",
      null,
      "Requests refused because a bound was reached; the client may send them again",
      "bound"),

  INDEX_ENTRIES(
      Kind.GAUGE,
      "index.entries",
      null,
      "Entries in the Partitions that this node leads",
      "index",
      "collection"),
  INDEX_PROGRESS(
      Kind.GAUGE,
      "index.build.progress",
      Unit.RATIO,
      "Mean progress of the build, 0 to 1, over the Partitions that this node leads",
      "index",
      "collection"),

  SYSTEM_LEADER(Kind.GAUGE, "system.leader", null, "1 where the system partition is led, else 0"),
  SYSTEM_LEADER_KNOWN(
      Kind.GAUGE, "system.leader.known", null, "1 where a leader of the system partition is known"),
  SYSTEM_VOTER(
      Kind.GAUGE, "system.voter", null, "1 where this node votes in the system partition, else 0"),
  SYSTEM_VOTERS(Kind.GAUGE, "system.voters", null, "Voters of the system partition"),
  SYSTEM_TERM(
      Kind.GAUGE, "system.term", null, "Term of the system partition; every election raises it"),
  SYSTEM_LAG(
      Kind.GAUGE,
      "system.raft.lag",
      Unit.ENTRIES,
      "Entries of the system partition's log that are not applied here yet"),
  SYSTEM_REVISION(
      Kind.GAUGE, "system.catalog.revision", null, "Revision of the catalog on this node"),
  SYSTEM_OPERATIONS(
      Kind.GAUGE, "system.operations", null, "Operations that are recorded and not finished"),

  LOG_SYNC(
      Kind.HISTOGRAM,
      "log.sync.duration",
      Unit.SECONDS,
      "Time of one sync of the shared log, on which every write waits"),
  LOG_BATCH(
      Kind.HISTOGRAM,
      "log.batch",
      Unit.RECORDS,
      "Records of all groups that became durable with one sync (group commit)"),
  LOG_WRITTEN(Kind.COUNTER, "log.written", Unit.BYTES, "Written to the shared log"),
  LOG_SIZE(Kind.GAUGE, "log.size", Unit.BYTES, "Size of the shared log"),
  LOG_SEGMENTS(Kind.GAUGE, "log.segments", null, "Segment files of the shared log"),
  LOG_QUEUE(Kind.GAUGE, "log.queue", Unit.BYTES, "What waits to be written to the shared log"),
  SNAPSHOTS_DELIVERED(
      Kind.COUNTER,
      "snapshots.delivered",
      null,
      "Snapshots sent to replicas that are new, or too far behind for the log, and taken there"),
  SNAPSHOT_BYTES_SENT(
      Kind.COUNTER,
      "snapshots.sent",
      Unit.BYTES,
      "Sent of snapshots, of those too that were not taken in the end"),
  SNAPSHOTS_INSTALLED(
      Kind.COUNTER,
      "snapshots.installed",
      null,
      "Snapshots that replaced the state of a replica on this node"),

  CACHE_HITS(Kind.COUNTER, "storage.block.cache.hits", null, "Blocks found in the block cache"),
  CACHE_MISSES(
      Kind.COUNTER, "storage.block.cache.misses", null, "Blocks that were read from a file"),
  CACHE_HIT_RATIO(
      Kind.GAUGE,
      "storage.block.cache.hit",
      Unit.RATIO,
      "Share of block lookups since the start that the cache answered, 0 to 1"),
  CACHE_USAGE(Kind.GAUGE, "storage.block.cache.usage", Unit.BYTES, "Block cache in use"),
  CACHE_CAPACITY(
      Kind.GAUGE,
      "storage.block.cache.capacity",
      Unit.BYTES,
      "Set size of the block cache, which all partitions of the node share"),
  BLOOM_USEFUL(
      Kind.COUNTER, "storage.bloom.filter.useful", null, "Reads of a file that a filter saved"),
  MEMTABLES(Kind.GAUGE, "storage.memtable", Unit.BYTES, "Memory of rows that are not flushed yet"),
  IMMUTABLE_MEMTABLES(
      Kind.GAUGE,
      "storage.immutable.memtables",
      null,
      "Memtables that are full and wait for a flush"),
  TABLE_READERS(
      Kind.GAUGE, "storage.table.readers", Unit.BYTES, "Memory of open files outside the cache"),
  SST(Kind.GAUGE, "storage.sst", Unit.BYTES, "Live SST files on disk"),
  LEVEL_FILES(Kind.GAUGE, "storage.level.files", null, "Live SST files on a level", "level"),
  FLUSHES(
      Kind.COUNTER,
      "storage.flushes",
      null,
      "Flushes of memtables; nothing else makes rows durable outside the shared log"),
  FLUSHED(Kind.COUNTER, "storage.flushed", Unit.BYTES, "Written by flushes"),
  COMPACTION_READ(Kind.COUNTER, "storage.compaction.read", Unit.BYTES, "Read by compactions"),
  COMPACTION_WRITTEN(
      Kind.COUNTER, "storage.compaction.written", Unit.BYTES, "Written by compactions"),
  COMPACTION_PENDING(
      Kind.GAUGE,
      "storage.compaction.pending",
      Unit.BYTES,
      "What compactions still have to rewrite, estimated"),
  COMPACTIONS_RUNNING(Kind.GAUGE, "storage.compactions.running", null, "Compactions that run now"),
  STALL(Kind.COUNTER, "storage.stall", Unit.SECONDS, "Time that writers were held back"),
  WRITES_STOPPED(
      Kind.GAUGE, "storage.writes.stopped", null, "1 while writers are held back altogether"),
  BACKGROUND_ERRORS(
      Kind.COUNTER,
      "storage.background.errors",
      null,
      "Flushes and compactions that failed; the node stops at its next write"),
  OPEN_VIEWS(Kind.GAUGE, "storage.open.views", null, "Views, cursors and calls under way"),

  TRANSPORT_SENT(Kind.COUNTER, "transport.sent", Unit.BYTES, "Sent to other nodes"),
  TRANSPORT_RECEIVED(Kind.COUNTER, "transport.received", Unit.BYTES, "Received from other nodes"),
  TRANSPORT_QUEUE(Kind.GAUGE, "transport.queue", Unit.BYTES, "What waits for other nodes"),
  TRANSPORT_CALLS(
      Kind.GAUGE, "transport.open.calls", null, "Calls to other nodes that wait for a response"),
  TRANSPORT_CONNECTIONS(
      Kind.GAUGE, "transport.connections", null, "Connections to other nodes that are ready"),
  TRANSPORT_CONNECTS(
      Kind.COUNTER,
      "transport.connects",
      null,
      "Connections that became ready; after the first one to each node they are reconnects"),
  TRANSPORT_LOST(Kind.COUNTER, "transport.connections.lost", null, "Ready connections that broke"),
  TRANSPORT_CONNECT_FAILURES(
      Kind.COUNTER, "transport.connect.failures", null, "Attempts to connect that failed"),
  TRANSPORT_DROPPED(
      Kind.COUNTER,
      "transport.dropped.messages",
      null,
      "Raft messages dropped because too much waited for a node; Raft sends them again"),

  HTTP_IN_FLIGHT(
      Kind.GAUGE, "http.requests.in.flight", null, "Requests with a body that are being answered"),
  HTTP_BODY_BYTES(
      Kind.GAUGE,
      "http.body.in.flight",
      Unit.BYTES,
      "Bytes of the bodies of requests that are being answered"),
  CHANGE_STREAMS(Kind.GAUGE, "changes.streams", null, "Clients that wait for changes"),
  CHANGES_SENT(Kind.COUNTER, "changes.sent", null, "Changes sent to clients that wait for them"),
  CHANGES_LAG(
      Kind.GAUGE,
      "changes.lag",
      Unit.SECONDS,
      "How far the client that waits for changes and is furthest behind is behind; 0 without any"),
  HTTP_ERRORS(
      Kind.COUNTER, "http.errors", null, "Requests answered with a problem document", "code"),
  CERTIFICATE_EXPIRY(
      Kind.GAUGE,
      "certificate.expiry.timestamp",
      Unit.SECONDS,
      "When the first certificate of the holder expires, since 1970; only where there are any",
      "holder");

  static final String PREFIX = "partita";

  /// Of a request at a replica, for one Partition: from a cached read to a write that waits for an
  /// election. Six, because there are hundreds of Partitions.
  private static final double[] PARTITION_SECONDS = {0.001, 0.005, 0.025, 0.1, 0.5, 2.5};

  /// Of a request at a replica, for the node: 1-2.5-5 steps from a cached read to the deadline.
  private static final double[] OPERATION_SECONDS = {
    0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10
  };

  /// Of a split or merge: from a few rounds of the group to what a client takes for an outage.
  private static final double[] PAUSE_SECONDS = {
    0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5
  };

  /// Of a sync: from a preallocated file on a fast disk to a disk that is about to fail.
  private static final double[] SYNC_SECONDS = {
    0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1
  };

  private static final double[] BATCH_RECORDS = {1, 2, 4, 8, 16, 32, 64, 128, 256};

  /// What Prometheus makes of a metric.
  enum Kind {
    GAUGE,
    COUNTER,
    HISTOGRAM
  }

  /// The base units; a name ends with its unit.
  private static final class Unit {
    static final String BYTES = "bytes";
    static final String SECONDS = "seconds";
    static final String RATIO = "ratio";
    static final String ENTRIES = "entries";
    static final String RECORDS = "records";
  }

  private final Kind kind;
  private final String name;
  private final @Nullable String unit;
  private final String help;

  // List.of gives one that nobody can change.
  @SuppressWarnings("ImmutableEnumChecker")
  private final List<String> labels;

  NodeMetric(Kind kind, String name, @Nullable String unit, String help, String... labels) {
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
    return PREFIX
        + "_"
        + name.replace('.', '_')
        + (unit == null ? "" : "_" + unit)
        + (kind == Kind.COUNTER ? "_total" : "");
  }

  /// Upper bounds of a histogram's buckets, in its unit.
  double[] buckets() {
    return switch (this) {
      case PARTITION_DURATION -> PARTITION_SECONDS.clone();
      case OPERATION_DURATION -> OPERATION_SECONDS.clone();
      case WRITE_PAUSE -> PAUSE_SECONDS.clone();
      case LOG_SYNC -> SYNC_SECONDS.clone();
      case LOG_BATCH -> BATCH_RECORDS.clone();
      default -> throw new IllegalStateException(this + " is no histogram");
    };
  }

  /// Binds a gauge or a counter to where it is read.
  ///
  /// @param values of the labels, in their order
  <T> Meter bind(MeterRegistry registry, T source, ToDoubleFunction<T> figure, String... values) {
    return switch (kind) {
      case GAUGE ->
          Gauge.builder(meterName(), source, figure)
              .description(help)
              .baseUnit(unit)
              .tags(tags(values))
              .strongReference(true)
              .register(registry);
      case COUNTER ->
          FunctionCounter.builder(meterName(), source, figure)
              .description(help)
              .baseUnit(unit)
              .tags(tags(values))
              .register(registry);
      case HISTOGRAM -> throw new IllegalStateException(this + " is recorded, not read");
    };
  }

  /// A histogram of times.
  Timer timer(MeterRegistry registry, String... values) {
    return Timer.builder(meterName())
        .description(help)
        .tags(tags(values))
        .serviceLevelObjectives(
            Arrays.stream(buckets())
                .mapToObj(seconds -> Duration.ofNanos(Math.round(seconds * 1e9)))
                .toArray(Duration[]::new))
        .register(registry);
  }

  /// A histogram of numbers.
  DistributionSummary summary(MeterRegistry registry, String... values) {
    return DistributionSummary.builder(meterName())
        .description(help)
        .baseUnit(unit)
        .tags(tags(values))
        .serviceLevelObjectives(buckets())
        .register(registry);
  }

  private String meterName() {
    return PREFIX + "." + name;
  }

  private List<Tag> tags(String... values) {
    if (values.length != labels.size()) {
      throw new IllegalArgumentException(this + " has the labels " + labels);
    }
    List<Tag> tags = new ArrayList<>();
    for (int i = 0; i < values.length; i++) {
      tags.add(Tag.of(labels.get(i), values[i]));
    }
    return tags;
  }
}
