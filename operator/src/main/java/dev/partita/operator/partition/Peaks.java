package dev.partita.operator.partition;

import dev.partita.operator.nodeclient.ClusterView;
import dev.partita.operator.nodeclient.PartitionView;
import dev.partita.operator.observation.DataPlane;
import dev.partita.operator.observation.DataPlanes;
import dev.partita.operator.repartition.Load;
import dev.partita.operator.repartition.PeakHistory;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/// How much each Partition has had and had to do over a long time. In memory only: a new operator
/// waits until it has seen enough. Written by the polling thread of each namespace, read by any.
final class Peaks implements DataPlanes.Listener {

  private final Duration slot;
  private final InstantSource clock;
  private final Map<String, Map<String, PeakHistory>> byNamespace = new ConcurrentHashMap<>();

  /// @param slot how exactly time is remembered
  Peaks(Duration slot, InstantSource clock) {
    this.slot = slot;
    this.clock = clock;
  }

  @Override
  public void observed(DataPlane dataPlane, ClusterView view) {
    Instant now = clock.instant();
    Map<String, PeakHistory> before = byNamespace.getOrDefault(dataPlane.namespace(), Map.of());
    Map<String, PeakHistory> after = new HashMap<>();
    for (PartitionView partition : view.serving()) {
      PeakHistory history = before.get(partition.id());
      after.put(
          partition.id(),
          history == null
              ? begin(partition, now)
              : history.seen(partition.id(), partition.bytes(), Load.of(partition), slot, now));
    }
    byNamespace.put(dataPlane.namespace(), Map.copyOf(after));
  }

  PeakHistory of(String namespace, PartitionView partition) {
    PeakHistory known = byNamespace.getOrDefault(namespace, Map.of()).get(partition.id());
    return known == null ? begin(partition, clock.instant()) : known;
  }

  private static PeakHistory begin(PartitionView partition, Instant now) {
    return PeakHistory.begin(partition.id(), partition.bytes(), Load.of(partition), now);
  }
}
