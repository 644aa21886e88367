package dev.partita.node.http;

import dev.partita.node.ReplicaFigures;
import dev.partita.node.catalog.Catalog;
import dev.partita.node.catalog.IndexEntry;
import dev.partita.node.partition.IndexReport;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// The meters of the indexes, over the Partitions that this node leads. Owned by the thread that
/// refreshes.
final class IndexMeters {
  private static final double PERCENT = 100;

  private final MeterRegistry registry;
  private final Map<Long, IndexFigures> indexes = new HashMap<>();

  IndexMeters(MeterRegistry registry) {
    this.registry = registry;
  }

  void refresh(Catalog catalog, List<ReplicaFigures> replicas) {
    Map<Long, IndexEntry> declared = new HashMap<>();
    catalog.indexes().values().forEach(entry -> declared.put(entry.definition().id(), entry));
    indexes
        .entrySet()
        .removeIf(entry -> {
          boolean gone = !declared.containsKey(entry.getKey());
          if (gone) {
            entry.getValue().meters.forEach(registry::remove);
          }
          return gone;
        });
    declared.forEach((id, entry) ->
        indexes
            .computeIfAbsent(
                id,
                _ ->
                    new IndexFigures(
                        registry, entry.definition().name(), entry.definition().collection()))
            .update(id, replicas));
  }

  private static final class IndexFigures {
    final List<Meter> meters;
    private volatile long entries;
    private volatile double progress = 1;

    IndexFigures(MeterRegistry registry, String index, String collection) {
      meters =
          List.of(
              NodeMetric.INDEX_ENTRIES.bind(
                  registry, this, each -> each.entries, index, collection),
              NodeMetric.INDEX_PROGRESS.bind(
                  registry, this, each -> each.progress, index, collection));
    }

    void update(long id, List<ReplicaFigures> replicas) {
      List<IndexReport> reports =
          replicas.stream()
              .filter(ReplicaFigures::leads)
              .flatMap(replica -> replica.indexes().stream())
              .filter(report -> report.id() == id)
              .toList();
      entries = reports.stream().mapToLong(IndexReport::entries).sum();
      progress =
          reports.stream()
              .mapToDouble(report -> report.ready() ? 1 : report.progress() / PERCENT)
              .average()
              .orElse(1);
    }
  }
}
