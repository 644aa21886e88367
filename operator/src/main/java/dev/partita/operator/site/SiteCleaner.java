package dev.partita.operator.site;

import dev.partita.crd.Site;
import dev.partita.operator.cluster.Access;
import dev.partita.operator.cluster.NodeNames;
import dev.partita.operator.cluster.OtherClusters;
import dev.partita.operator.cluster.SiteCluster;
import dev.partita.operator.resource.Finalizers;
import dev.partita.operator.resource.Transitions;
import dev.partita.operator.status.Verdict;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.javaoperatorsdk.operator.api.config.informer.Informer;
import io.javaoperatorsdk.operator.api.reconciler.Cleaner;
import io.javaoperatorsdk.operator.api.reconciler.Context;
import io.javaoperatorsdk.operator.api.reconciler.ControllerConfiguration;
import io.javaoperatorsdk.operator.api.reconciler.DeleteControl;
import io.javaoperatorsdk.operator.api.reconciler.MaxReconciliationInterval;
import io.javaoperatorsdk.operator.api.reconciler.Reconciler;
import io.javaoperatorsdk.operator.api.reconciler.UpdateControl;
import io.javaoperatorsdk.operator.processing.event.source.filter.GenericFilter;
import io.javaoperatorsdk.operator.processing.retry.GradualRetry;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/// Takes what a Site has in another cluster away with the Site. A controller of its own, because
/// one that cleans up puts its finalizer on everything that it sees, and Sites of the operator's
/// own cluster need none.
@ControllerConfiguration(
    name = "site-elsewhere",
    fieldManager = "partita-operator",
    finalizerName = Elsewhere.FINALIZER,
    informer = @Informer(genericFilter = SiteCleaner.InOtherCluster.class),
    maxReconciliationInterval =
        @MaxReconciliationInterval(interval = 90, timeUnit = TimeUnit.SECONDS))
@GradualRetry(maxAttempts = -1, initialInterval = 500, intervalMultiplier = 2, maxInterval = 30_000)
public class SiteCleaner implements Reconciler<Site>, Cleaner<Site> {

  /// Lets Sites in other clusters through.
  public static final class InOtherCluster implements GenericFilter<Site> {

    @Override
    public boolean accept(Site site) {
      return NodeNames.isElsewhere(site);
    }
  }

  /// Deletion takes a moment, of which nothing tells.
  private static final long CLEARING_MILLIS = 1_000;

  private final OtherClusters clusters;
  private final SiteStatusWriter statusWriter;

  public SiteCleaner(OtherClusters clusters, Transitions transitions, InstantSource clock) {
    this.clusters = clusters;
    this.statusWriter = new SiteStatusWriter(transitions, clock);
  }

  /// Called once the finalizer is there, for which the other controller waits.
  @Override
  public UpdateControl<Site> reconcile(Site site, Context<Site> context) {
    clusters.wake(site);
    return UpdateControl.noUpdate();
  }

  @Override
  public DeleteControl cleanup(Site site, Context<Site> context) {
    if (clusters.isWorkedOn(site)) {
      return DeleteControl.noFinalizerRemoval().rescheduleAfter(CLEARING_MILLIS);
    }
    try {
      return switch (clusters.access(site)) {
        case Access.Reached(SiteCluster there) -> {
          yield Elsewhere.isCleared(site, there)
              ? Finalizers.remove(site, context)
              : DeleteControl.noFinalizerRemoval().rescheduleAfter(CLEARING_MILLIS);
        }
        case Access.Denied denied -> waiting(site, denied, context);
      };
    } catch (KubernetesClientException e) {
      Optional<Access.Denied> denied = clusters.failed(site, e);
      if (denied.isEmpty()) {
        throw e;
      }
      return waiting(site, denied.get(), context);
    }
  }

  private DeleteControl waiting(Site site, Access.Denied denied, Context<Site> context) {
    Verdict verdict =
        Verdict.reconciling(
            "Deleting",
            denied.verdict().reason(),
            "%s; the Site goes when its objects there are deleted. To leave them there: kubectl patch site %s --type=merge -p '{\"metadata\":{\"finalizers\":null}}'"
                .formatted(denied.verdict().message(), site.getMetadata().getName()));
    List<Pod> seen = denied.seen();
    var _ = statusWriter.write(site, seen, verdict, NodesHeard.nothing(site), context);
    return DeleteControl.noFinalizerRemoval().rescheduleAfter(clusters.lookInterval().toMillis());
  }
}
