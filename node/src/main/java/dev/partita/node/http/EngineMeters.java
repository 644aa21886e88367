package dev.partita.node.http;

import dev.partita.node.Node;
import dev.partita.node.SystemFigures;
import dev.partita.node.error.ErrorCode;
import dev.partita.node.partition.OperationListener.Bound;
import dev.partita.node.replication.ReplicationHost;
import dev.partita.node.storage.StorageStatistics;
import dev.partita.node.transport.TransportFigures;
import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;

/// Binds the meters that a node has once: storage, shared log, transport, system partition, HTTP.
final class EngineMeters {
  private static final double MICROS_PER_SECOND = 1e6;

  private final MeterRegistry registry;
  private final Node node;
  private volatile @Nullable StorageStatistics storage;
  private volatile @Nullable SystemFigures system;
  private volatile @Nullable TransportFigures transport;

  EngineMeters(MeterRegistry registry, Node node) {
    this.registry = registry;
    this.node = node;
    bindStorage();
    bindLog(node.replicationHost());
    bindTransport();
    bindSystem();
  }

  /// Takes the figures that scrapes will read.
  void refresh() {
    storage = node.storage().statistics();
    system = node.systemFigures();
    transport = node.transportFigures();
  }

  private void bindStorage() {
    storage(NodeMetric.CACHE_HITS, StorageStatistics::blockCacheHits);
    storage(NodeMetric.CACHE_MISSES, StorageStatistics::blockCacheMisses);
    storage(NodeMetric.CACHE_HIT_RATIO, StorageStatistics::blockCacheHitRatio);
    storage(NodeMetric.CACHE_USAGE, StorageStatistics::blockCacheUsageBytes);
    storage(NodeMetric.CACHE_CAPACITY, StorageStatistics::blockCacheCapacityBytes);
    storage(NodeMetric.BLOOM_USEFUL, StorageStatistics::bloomFilterUseful);
    storage(NodeMetric.MEMTABLES, StorageStatistics::memtableBytes);
    storage(NodeMetric.IMMUTABLE_MEMTABLES, StorageStatistics::immutableMemtables);
    storage(NodeMetric.TABLE_READERS, StorageStatistics::tableReaderBytes);
    storage(NodeMetric.SST, StorageStatistics::fileBytes);
    for (int level = 0; level < StorageStatistics.LEVELS; level++) {
      int number = level;
      storage(
          NodeMetric.LEVEL_FILES,
          each -> each.filesByLevel().get(number),
          Integer.toString(number));
    }
    storage(NodeMetric.FLUSHES, StorageStatistics::flushes);
    storage(NodeMetric.FLUSHED, StorageStatistics::flushedBytes);
    storage(NodeMetric.COMPACTION_READ, StorageStatistics::compactionReadBytes);
    storage(NodeMetric.COMPACTION_WRITTEN, StorageStatistics::compactionWrittenBytes);
    storage(NodeMetric.COMPACTION_PENDING, StorageStatistics::pendingCompactionBytes);
    storage(NodeMetric.COMPACTIONS_RUNNING, StorageStatistics::runningCompactions);
    storage(NodeMetric.STALL, each -> each.stallMicros() / MICROS_PER_SECOND);
    storage(NodeMetric.WRITES_STOPPED, each -> each.writesStopped() ? 1 : 0);
    storage(NodeMetric.BACKGROUND_ERRORS, StorageStatistics::backgroundErrors);
    storage(NodeMetric.OPEN_VIEWS, StorageStatistics::openViews);
  }

  private void bindLog(ReplicationHost host) {
    Timer syncs = NodeMetric.LOG_SYNC.timer(registry);
    DistributionSummary batches = NodeMetric.LOG_BATCH.summary(registry);
    LongAdder written = new LongAdder();
    NodeMetric.LOG_WRITTEN.bind(registry, written, LongAdder::sum);
    NodeMetric.LOG_SIZE.bind(registry, host, ReplicationHost::logBytes);
    NodeMetric.LOG_SEGMENTS.bind(registry, host, ReplicationHost::logSegments);
    NodeMetric.LOG_QUEUE.bind(registry, host, ReplicationHost::logQueuedBytes);
    NodeMetric.SNAPSHOTS_DELIVERED.bind(registry, host, ReplicationHost::snapshotsDelivered);
    NodeMetric.SNAPSHOT_BYTES_SENT.bind(registry, host, ReplicationHost::snapshotBytesSent);
    NodeMetric.SNAPSHOTS_INSTALLED.bind(registry, host, ReplicationHost::snapshotsInstalled);
    host.onLogWrite((records, bytes, syncNanos) -> {
      syncs.record(syncNanos, TimeUnit.NANOSECONDS);
      batches.record(records);
      written.add(bytes);
    });
  }

  private void bindTransport() {
    transport(NodeMetric.TRANSPORT_SENT, TransportFigures::sentBytes);
    transport(NodeMetric.TRANSPORT_RECEIVED, TransportFigures::receivedBytes);
    transport(NodeMetric.TRANSPORT_QUEUE, TransportFigures::queuedBytes);
    transport(NodeMetric.TRANSPORT_CALLS, TransportFigures::openCalls);
    transport(NodeMetric.TRANSPORT_CONNECTIONS, TransportFigures::connections);
    transport(NodeMetric.TRANSPORT_CONNECTS, TransportFigures::connects);
    transport(NodeMetric.TRANSPORT_LOST, TransportFigures::losses);
    transport(NodeMetric.TRANSPORT_CONNECT_FAILURES, TransportFigures::connectFailures);
    transport(NodeMetric.TRANSPORT_DROPPED, TransportFigures::droppedMessages);
    transport(NodeMetric.REFUSALS, TransportFigures::refusedRequests, "peer_requests");
    transport(NodeMetric.REFUSALS, TransportFigures::refusedCalls, "peer_queue");
  }

  private void bindSystem() {
    system(NodeMetric.SYSTEM_LEADER, each -> each.leads() ? 1 : 0);
    system(NodeMetric.SYSTEM_LEADER_KNOWN, each -> each.hasLeader() ? 1 : 0);
    system(NodeMetric.SYSTEM_VOTER, each -> each.votes() ? 1 : 0);
    system(NodeMetric.SYSTEM_VOTERS, SystemFigures::voters);
    system(NodeMetric.SYSTEM_TERM, SystemFigures::term);
    system(NodeMetric.SYSTEM_LAG, SystemFigures::lagEntries);
    system(NodeMetric.SYSTEM_REVISION, SystemFigures::revision);
    system(NodeMetric.SYSTEM_OPERATIONS, SystemFigures::operations);
    for (Bound bound : Bound.values()) {
      NodeMetric.REFUSALS.bind(
          registry, node, each -> each.overloads(bound), "partition_" + ReplicaMeters.label(bound));
    }
  }

  /// Binds what the HTTP edge counts.
  void bindHttp(
      Admission admission,
      PageAdmission pages,
      LargeAnswers answers,
      ChangeStreams streams,
      ErrorCounts errors) {
    NodeMetric.HTTP_IN_FLIGHT.bind(registry, admission, Admission::requestsInFlight);
    NodeMetric.HTTP_BODY_BYTES.bind(registry, admission, Admission::bodyBytesInFlight);
    NodeMetric.REFUSALS.bind(registry, admission, Admission::refusedRequests, "http_requests");
    NodeMetric.REFUSALS.bind(registry, admission, Admission::refusedBodies, "http_body_bytes");
    NodeMetric.REFUSALS.bind(registry, pages, PageAdmission::refused, "http_pages");
    NodeMetric.REFUSALS.bind(registry, answers, LargeAnswers::refused, "http_answer_bytes");
    NodeMetric.CHANGE_STREAMS.bind(registry, streams, ChangeStreams::count);
    NodeMetric.CHANGES_SENT.bind(registry, streams, ChangeStreams::sent);
    NodeMetric.CHANGES_LAG.bind(registry, streams, ChangeStreams::lagSeconds);
    NodeMetric.REFUSALS.bind(registry, streams, ChangeStreams::refused, "http_streams");
    for (ErrorCode code : ErrorCode.values()) {
      NodeMetric.HTTP_ERRORS.bind(registry, errors, each -> each.of(code), code.name());
    }
  }

  private void storage(
      NodeMetric metric, ToDoubleFunction<StorageStatistics> figure, String... labels) {
    metric.bind(registry, this, each -> read(each.storage, figure), labels);
  }

  private void transport(
      NodeMetric metric, ToDoubleFunction<TransportFigures> figure, String... labels) {
    metric.bind(registry, this, each -> read(each.transport, figure), labels);
  }

  private void system(NodeMetric metric, ToDoubleFunction<SystemFigures> figure) {
    metric.bind(registry, this, each -> read(each.system, figure));
  }

  private static <T> double read(@Nullable T figures, ToDoubleFunction<T> figure) {
    return figures == null ? Double.NaN : figure.applyAsDouble(figures);
  }
}
