package dev.partita.operator.partition;

import dev.partita.operator.nodeclient.ClusterView;
import dev.partita.operator.nodeclient.PartitionView;
import dev.partita.operator.observation.DataPlane;
import dev.partita.operator.observation.DataPlanes;
import dev.partita.operator.repartition.Load;
import dev.partita.operator.repartition.LoadWindows;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/// What the load of each Partition was lately. In memory only: a new operator waits until it has
/// seen enough. Written by the polling thread of each namespace, read by any.
final class Loads implements DataPlanes.Listener {

  private final InstantSource clock;
  private final Map<String, Map<String, LoadWindows>> byNamespace = new ConcurrentHashMap<>();

  Loads(InstantSource clock) {
    this.clock = clock;
  }

  @Override
  public void observed(DataPlane dataPlane, ClusterView view) {
    Instant now = clock.instant();
    Map<String, LoadWindows> before = byNamespace.getOrDefault(dataPlane.namespace(), Map.of());
    Map<String, LoadWindows> after = new HashMap<>();
    for (PartitionView partition : view.serving()) {
      LoadWindows windows =
          before.getOrDefault(partition.name(), LoadWindows.begin(partition.epoch(), now));
      after.put(partition.name(), windows.seen(partition.epoch(), Load.of(partition), now));
    }
    byNamespace.put(dataPlane.namespace(), Map.copyOf(after));
  }

  LoadWindows of(String namespace, PartitionView partition) {
    LoadWindows known = byNamespace.getOrDefault(namespace, Map.of()).get(partition.name());
    return known != null && known.epoch() == partition.epoch()
        ? known
        : LoadWindows.begin(partition.epoch(), clock.instant());
  }
}
