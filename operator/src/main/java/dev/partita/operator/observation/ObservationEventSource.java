package dev.partita.operator.observation;

import dev.partita.crd.Index;
import dev.partita.crd.Partition;
import dev.partita.crd.Site;
import dev.partita.operator.nodeclient.ClusterView;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.javaoperatorsdk.operator.api.reconciler.EventSourceContext;
import io.javaoperatorsdk.operator.processing.event.Event;
import io.javaoperatorsdk.operator.processing.event.ResourceID;
import io.javaoperatorsdk.operator.processing.event.source.AbstractEventSource;
import io.javaoperatorsdk.operator.processing.event.source.IndexerResourceCache;
import java.util.Set;

/// Wakes the reconciler of one kind when an observation concerns it.
public final class ObservationEventSource<P extends HasMetadata>
    extends AbstractEventSource<ClusterView, P> implements DataPlanes.Listener {

  private final Class<P> kind;
  private final IndexerResourceCache<P> resources;

  /// An event source that hears of all data planes.
  public static <P extends HasMetadata> ObservationEventSource<P> of(
      DataPlanes dataPlanes, EventSourceContext<P> context) {
    ObservationEventSource<P> source =
        new ObservationEventSource<>(context.getPrimaryResourceClass(), context.getPrimaryCache());
    dataPlanes.addListener(source);
    return source;
  }

  private ObservationEventSource(Class<P> kind, IndexerResourceCache<P> resources) {
    super(ClusterView.class, "observation");
    this.kind = kind;
    this.resources = resources;
  }

  @Override
  public Set<ClusterView> getSecondaryResources(P primary) {
    return Set.of();
  }

  @Override
  public void beforePoll(DataPlane dataPlane) {
    if (kind == Site.class && isRunning()) {
      dataPlane.retainSites(
          resources
              .list(dataPlane.namespace(), _ -> true)
              .map(site -> site.getMetadata().getName())
              .toList());
    }
  }

  @Override
  public void structureChanged(DataPlane dataPlane) {
    if (isRunning()) {
      resources
          .list(dataPlane.namespace(), _ -> true)
          .forEach(resource -> wake(dataPlane, resource.getMetadata().getName()));
    }
  }

  @Override
  public void figuresChanged(
      DataPlane dataPlane, Iterable<String> partitions, Iterable<String> indexes) {
    if (kind == Partition.class) {
      partitions.forEach(name -> wakeIfKnown(dataPlane, name));
    } else if (kind == Index.class) {
      indexes.forEach(name -> wakeIfKnown(dataPlane, name));
    }
  }

  private void wakeIfKnown(DataPlane dataPlane, String name) {
    if (isRunning() && resources.get(new ResourceID(name, dataPlane.namespace())).isPresent()) {
      wake(dataPlane, name);
    }
  }

  private void wake(DataPlane dataPlane, String name) {
    getEventHandler().handleEvent(new Event(new ResourceID(name, dataPlane.namespace())));
  }
}
