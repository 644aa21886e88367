package dev.partita.operator.metrics;

import dev.partita.crd.Partition;
import dev.partita.crd.Site;
import dev.partita.crd.Split;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.javaoperatorsdk.operator.api.monitoring.Metrics;
import io.javaoperatorsdk.operator.api.reconciler.Constants;
import io.javaoperatorsdk.operator.api.reconciler.RetryInfo;
import io.javaoperatorsdk.operator.processing.GroupVersionKind;
import io.javaoperatorsdk.operator.processing.event.ResourceID;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// Times reconciles, counts their failures, and remembers what the reconciled resources declare, as
/// far as metrics tell it. For any thread.
public final class ReconcileMeters implements Metrics {

  private static final String UNKNOWN = "unknown";

  private final MeterRegistry registry;
  private final Map<ResourceID, Integer> siteNodes = new ConcurrentHashMap<>();
  private final Map<ResourceID, Double> partitionMaxBytes = new ConcurrentHashMap<>();

  public ReconcileMeters(MeterRegistry registry) {
    this.registry = registry;
    Stream.of("Site", "Partition", "Index")
        .forEach(kind -> OperatorMetric.RECONCILE_ERRORS.counter(registry, kind));
  }

  @Override
  public <T> T timeControllerExecution(ControllerExecution<T> execution) throws Exception {
    long begun = System.nanoTime();
    try {
      return execution.execute();
    } finally {
      OperatorMetric.RECONCILE_DURATION
          .timer(registry, kind(execution.metadata()))
          .record(System.nanoTime() - begun, TimeUnit.NANOSECONDS);
    }
  }

  @Override
  public void reconciliationStarted(HasMetadata resource, Map<String, Object> metadata) {
    ResourceID id = ResourceID.fromResource(resource);
    switch (resource) {
      case Site site -> siteNodes.put(id, site.getSpec().nodes());
      case Partition partition -> {
        Double maxBytes = maxBytes(partition.getSpec().split());
        if (maxBytes == null) {
          partitionMaxBytes.remove(id);
        } else {
          partitionMaxBytes.put(id, maxBytes);
        }
      }
      default -> {}
    }
  }

  @Override
  public void reconciliationFailed(
      HasMetadata resource,
      @Nullable RetryInfo retry,
      Exception failure,
      Map<String, Object> metadata) {
    OperatorMetric.RECONCILE_ERRORS.counter(registry, kind(metadata)).increment();
  }

  @Override
  public void cleanupDone(ResourceID id, Map<String, Object> metadata) {
    switch (kind(metadata)) {
      case "Site" -> siteNodes.remove(id);
      case "Partition" -> partitionMaxBytes.remove(id);
      default -> {}
    }
  }

  /// Nodes that the Sites of a namespace declare, by the name of the Site.
  Map<String, Integer> siteNodes(String namespace) {
    return inNamespace(siteNodes, namespace);
  }

  /// Sizes above which the Partitions of a namespace are to be split, by their names.
  Map<String, Double> partitionMaxBytes(String namespace) {
    return inNamespace(partitionMaxBytes, namespace);
  }

  private static <T> Map<String, T> inNamespace(Map<ResourceID, T> all, String namespace) {
    return all.entrySet().stream()
        .filter(each -> each.getKey().getNamespace().filter(namespace::equals).isPresent())
        .collect(Collectors.toMap(each -> each.getKey().getName(), Map.Entry::getValue));
  }

  private static @Nullable Double maxBytes(@Nullable Split split) {
    Long bytes = split == null ? null : split.maxBytes();
    return bytes == null ? null : bytes.doubleValue();
  }

  private static String kind(Map<String, Object> metadata) {
    return metadata.get(Constants.RESOURCE_GVK_KEY) instanceof GroupVersionKind gvk
        ? gvk.getKind()
        : UNKNOWN;
  }
}
