package dev.partita.node.http;

import dev.partita.node.Node;
import dev.partita.node.ReplicaFigures;
import dev.partita.node.admin.NodeAdmin;
import dev.partita.node.config.NodeSettings;
import dev.partita.node.partition.PartitionId;
import io.micrometer.core.instrument.MeterRegistry;
import io.quarkus.runtime.Startup;
import jakarta.annotation.PreDestroy;
import jakarta.inject.Singleton;
import java.io.IOException;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.jboss.logging.Logger;

/// Binds the node's figures to Micrometer, as [NodeMetric] lists them. The meters of replicas and
/// indexes come and go with them.
///
/// One thread refreshes the figures every [#REFRESH_SECONDS], so that what a scrape costs does not
/// depend on how many there are; histograms are recorded by whoever answers.
@Singleton
@Startup
final class NodeMeters {
  private static final Logger LOG = Logger.getLogger(NodeMeters.class);

  /// Well below the usual interval of scrapes.
  private static final long REFRESH_SECONDS = 2;

  private final Node node;
  private final MeterRegistry registry;
  private final EngineMeters engine;
  private final OperationTimes times;
  private final IndexMeters indexes;
  private final Map<PartitionId, ReplicaMeters> replicas = new HashMap<>();
  private final ScheduledExecutorService timer =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().daemon().name("meters").factory());
  private final ScheduledFuture<?> refreshing;
  private volatile int replicaCount;
  private volatile long leaderCount;

  NodeMeters(
      NodeLifecycle lifecycle,
      Admission admission,
      PageAdmission pages,
      LargeAnswers answers,
      ChangeStreams streams,
      ErrorCounts errors,
      MeterRegistry registry) {
    this.node = lifecycle.node();
    this.registry = registry;
    this.engine = new EngineMeters(registry, node);
    this.engine.bindHttp(admission, pages, answers, streams, errors);
    this.times = new OperationTimes(registry, node::catalog);
    this.indexes = new IndexMeters(registry);
    bindNode();
    node.onOperation(times);
    refreshing = timer.scheduleWithFixedDelay(this::refresh, 0, REFRESH_SECONDS, TimeUnit.SECONDS);
  }

  @PreDestroy
  void close() {
    refreshing.cancel(false);
    timer.shutdownNow();
  }

  private void bindNode() {
    NodeSettings settings = node.settings();
    NodeMetric.NODE_INFO.bind(
        registry,
        this,
        _ -> 1,
        node.id().toString(),
        settings.name(),
        settings.place().site(),
        settings.place().zone(),
        NodeAdmin.VERSION);
    NodeMetric.NODE_READY.bind(registry, node, each -> each.ready() ? 1 : 0);
    NodeMetric.NODE_REPLICAS.bind(registry, this, each -> each.replicaCount);
    NodeMetric.NODE_LEADERS.bind(registry, this, each -> each.leaderCount);
    NodeMetric.RECOVERIES_UNACKNOWLEDGED.bind(
        registry,
        node,
        each ->
            each.catalog().recoveries().values().stream()
                .filter(recovery -> !recovery.acknowledged())
                .count());
    try {
      FileStore disk = Files.getFileStore(settings.data());
      NodeMetric.DISK_CAPACITY.bind(registry, disk, each -> space(each, FileStore::getTotalSpace));
      NodeMetric.DISK_AVAILABLE.bind(
          registry, disk, each -> space(each, FileStore::getUsableSpace));
    } catch (IOException e) {
      LOG.warnf(e, "the file system of %s cannot be measured", settings.data());
    }
  }

  private interface Measure {
    long of(FileStore disk) throws IOException;
  }

  private static double space(FileStore disk, Measure measure) {
    try {
      return measure.of(disk);
    } catch (IOException e) {
      LOG.debug("the file system cannot be measured", e);
      return Double.NaN;
    }
  }

  /// A boundary: whatever one refresh meets, the next one comes.
  private void refresh() {
    try {
      if (node.failure().isEmpty()) {
        engine.refresh();
        List<ReplicaFigures> present = node.replicas();
        refresh(present);
        indexes.refresh(node.catalog(), present);
      }
    } catch (RuntimeException e) {
      LOG.warn("the metrics could not be refreshed", e);
    }
  }

  private void refresh(List<ReplicaFigures> present) {
    replicaCount = present.size();
    leaderCount = present.stream().filter(ReplicaFigures::leads).count();
    Map<PartitionId, ReplicaFigures> byId =
        present.stream().collect(Collectors.toMap(ReplicaFigures::id, each -> each));
    Set<PartitionId> ids = byId.keySet();
    times.retain(ids);
    replicas
        .entrySet()
        .removeIf(entry -> {
          ReplicaFigures now = byId.get(entry.getKey());
          boolean stale = now == null || !entry.getValue().speaksOf(now);
          if (stale) {
            entry.getValue().remove();
          }
          return stale;
        });
    present.forEach(figures ->
        replicas
            .computeIfAbsent(figures.id(), _ -> new ReplicaMeters(registry, figures))
            .update(figures));
  }
}
