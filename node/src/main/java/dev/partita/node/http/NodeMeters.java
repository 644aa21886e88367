package dev.partita.node.http;

import dev.partita.node.Node;
import dev.partita.node.ReplicaFigures;
import dev.partita.node.partition.PartitionId;
import dev.partita.node.storage.StorageStatistics;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.quarkus.runtime.Startup;
import jakarta.annotation.PreDestroy;
import jakarta.inject.Singleton;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;

/// Binds the node's figures to Micrometer: one set of meters for each replica here, labelled by
/// partition and collection, and one for the storage and the HTTP edge. A replica's meters come and
/// go with it.
///
/// One thread refreshes the figures every [#REFRESH_SECONDS]; a scrape reads what it found last.
@Singleton
@Startup
final class NodeMeters {
  private static final long REFRESH_SECONDS = 2;

  private final Node node;
  private final MeterRegistry registry;
  private final Map<PartitionId, ReplicaMeters> replicas = new HashMap<>();
  private final ScheduledExecutorService timer =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().daemon().name("meters").factory());
  private final ScheduledFuture<?> refreshing;
  private volatile @Nullable StorageStatistics storage;

  NodeMeters(NodeLifecycle lifecycle, Admission admission, MeterRegistry registry) {
    this.node = lifecycle.node();
    this.registry = registry;
    Gauge.builder("partita.http.requests.in.flight", admission, Admission::requestsInFlight)
        .description("Requests that are being answered")
        .register(registry);
    Gauge.builder("partita.http.body.bytes.in.flight", admission, Admission::bodyBytesInFlight)
        .description("Bytes of the bodies of requests that are being answered")
        .baseUnit("bytes")
        .register(registry);
    bindStorage();
    refreshing = timer.scheduleWithFixedDelay(this::refresh, 0, REFRESH_SECONDS, TimeUnit.SECONDS);
  }

  @PreDestroy
  void close() {
    refreshing.cancel(false);
    timer.shutdownNow();
  }

  private void bindStorage() {
    counter(
        "block.cache.hits",
        null,
        "Blocks found in the block cache",
        StorageStatistics::blockCacheHits);
    counter(
        "block.cache.misses", null, "Blocks read from disk", StorageStatistics::blockCacheMisses);
    gauge(
        "block.cache.hit.ratio",
        null,
        "Share of block lookups since the start that the cache answered",
        StorageStatistics::blockCacheHitRatio);
    gauge(
        "block.cache.usage",
        "bytes",
        "Block cache in use",
        StorageStatistics::blockCacheUsageBytes);
    gauge(
        "block.cache.capacity",
        "bytes",
        "Set size of the block cache, shared by all partitions of the node",
        StorageStatistics::blockCacheCapacityBytes);
    counter(
        "bloom.filter.useful",
        null,
        "Reads of a file that a filter saved",
        StorageStatistics::bloomFilterUseful);
    gauge(
        "memtables",
        "bytes",
        "Memory of rows that are not flushed yet",
        StorageStatistics::memtableBytes);
    gauge(
        "table.readers",
        "bytes",
        "Memory of open files outside the cache",
        StorageStatistics::tableReaderBytes);
    gauge("files", "bytes", "Live files on disk", StorageStatistics::fileBytes);
    counter("flushed", "bytes", "Written by flushes", StorageStatistics::flushedBytes);
    counter(
        "compaction.read", "bytes", "Read by compactions", StorageStatistics::compactionReadBytes);
    counter(
        "compaction.written",
        "bytes",
        "Written by compactions",
        StorageStatistics::compactionWrittenBytes);
    gauge(
        "compaction.pending",
        "bytes",
        "What compactions still have to rewrite, estimated",
        StorageStatistics::pendingCompactionBytes);
    counter(
        "stall",
        "seconds",
        "Time that writers were held back",
        statistics -> statistics.stallMicros() / 1e6);
  }

  private void counter(
      String name,
      @Nullable String unit,
      String description,
      ToDoubleFunction<StorageStatistics> figure) {
    FunctionCounter.builder("partita.storage." + name, this, meters -> meters.figure(figure))
        .description(description)
        .baseUnit(unit)
        .register(registry);
  }

  private void gauge(
      String name,
      @Nullable String unit,
      String description,
      ToDoubleFunction<StorageStatistics> figure) {
    Gauge.builder("partita.storage." + name, this, meters -> meters.figure(figure))
        .description(description)
        .baseUnit(unit)
        .register(registry);
  }

  private double figure(ToDoubleFunction<StorageStatistics> figure) {
    StorageStatistics present = storage;
    return present == null ? Double.NaN : figure.applyAsDouble(present);
  }

  private void refresh() {
    if (node.failure().isPresent()) {
      return;
    }
    storage = node.storage().statistics();
    Set<PartitionId> present = new HashSet<>();
    for (ReplicaFigures figures : node.replicas()) {
      present.add(figures.id());
      replicas
          .computeIfAbsent(figures.id(), _ -> new ReplicaMeters(registry, figures))
          .update(figures);
    }
    replicas
        .entrySet()
        .removeIf(entry -> {
          boolean gone = !present.contains(entry.getKey());
          if (gone) {
            entry.getValue().remove();
          }
          return gone;
        });
  }

  /// The meters of one replica.
  private static final class ReplicaMeters {
    private final MeterRegistry registry;
    private final Tags tags;
    private final List<Meter> meters = new ArrayList<>();
    private volatile ReplicaFigures figures;

    ReplicaMeters(MeterRegistry registry, ReplicaFigures first) {
      this.registry = registry;
      this.figures = first;
      this.tags = Tags.of("partition", first.partition(), "collection", first.collection());
      gauge("rows", "Live rows", null, ReplicaFigures::rows);
      gauge("size", "Bytes on disk, approximately", "bytes", ReplicaFigures::bytes);
      gauge("leader", "1 where the leader is, else 0", null, each -> each.leads() ? 1 : 0);
      gauge("epoch", "Raised by every change of bounds or members", null, ReplicaFigures::epoch);
      gauge(
          "raft.lag",
          "Entries of the log that are not applied here yet",
          "entries",
          ReplicaFigures::lagEntries);
      gauge(
          "apply.queue",
          "Bytes of committed commands that wait to be applied",
          "bytes",
          ReplicaFigures::applyQueueBytes);
      counter("reads", "Read requests that the leader here answered", ReplicaFigures::reads);
      counter("writes", "Write requests that the leader here answered", ReplicaFigures::writes);
    }

    void update(ReplicaFigures next) {
      figures = next;
    }

    void remove() {
      meters.forEach(registry::remove);
    }

    private void gauge(
        String name,
        String description,
        @Nullable String unit,
        ToDoubleFunction<ReplicaFigures> figure) {
      meters.add(
          Gauge.builder(
                  "partita.partition." + name, this, each -> figure.applyAsDouble(each.figures))
              .description(description)
              .baseUnit(unit)
              .tags(tags)
              .register(registry));
    }

    private void counter(String name, String description, ToDoubleFunction<ReplicaFigures> figure) {
      meters.add(
          FunctionCounter.builder(
                  "partita.partition." + name, this, each -> figure.applyAsDouble(each.figures))
              .description(description)
              .tags(tags)
              .register(registry));
    }
  }
}
