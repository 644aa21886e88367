package dev.partita.operator.cluster;

import dev.partita.crd.Site;
import io.javaoperatorsdk.operator.processing.event.Event;
import io.javaoperatorsdk.operator.processing.event.ResourceID;
import io.javaoperatorsdk.operator.processing.event.source.AbstractEventSource;
import java.util.Set;

/// Wakes the reconciler of a Site when something has changed in the other cluster that it is in.
public final class OtherClusterEventSource extends AbstractEventSource<Access, Site>
    implements OtherClusters.Listener {

  private OtherClusterEventSource() {
    // No kind of object: the SDK would look for those of this cluster here.
    super(Access.class, "other-clusters");
  }

  /// An event source that hears of all other clusters.
  public static OtherClusterEventSource of(OtherClusters clusters) {
    OtherClusterEventSource source = new OtherClusterEventSource();
    clusters.addListener(source);
    return source;
  }

  @Override
  public Set<Access> getSecondaryResources(Site primary) {
    return Set.of();
  }

  @Override
  public void changed(String namespace, String site) {
    if (isRunning()) {
      getEventHandler().handleEvent(new Event(new ResourceID(site, namespace)));
    }
  }
}
