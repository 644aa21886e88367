package dev.partita.operator.site;

import dev.partita.crd.Site;
import dev.partita.operator.nodeclient.ClusterView;
import dev.partita.operator.nodeclient.Endpoint;
import dev.partita.operator.observation.DataPlane;
import dev.partita.operator.observation.DataPlanes;
import dev.partita.operator.observation.ObservationEventSource;
import dev.partita.operator.resource.Applied;
import dev.partita.operator.resource.Labels;
import dev.partita.operator.status.Verdict;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.apps.StatefulSet;
import io.fabric8.kubernetes.api.model.policy.v1.PodDisruptionBudget;
import io.javaoperatorsdk.operator.api.config.informer.InformerEventSourceConfiguration;
import io.javaoperatorsdk.operator.api.reconciler.Context;
import io.javaoperatorsdk.operator.api.reconciler.ControllerConfiguration;
import io.javaoperatorsdk.operator.api.reconciler.EventSourceContext;
import io.javaoperatorsdk.operator.api.reconciler.MaxReconciliationInterval;
import io.javaoperatorsdk.operator.api.reconciler.Reconciler;
import io.javaoperatorsdk.operator.api.reconciler.UpdateControl;
import io.javaoperatorsdk.operator.processing.event.ResourceID;
import io.javaoperatorsdk.operator.processing.event.source.EventSource;
import io.javaoperatorsdk.operator.processing.event.source.informer.InformerEventSource;
import io.javaoperatorsdk.operator.processing.retry.GradualRetry;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/// Gives a Site its pods and keeps them: a table of contents.
@ControllerConfiguration(
    name = "site",
    fieldManager = "partita-operator",
    maxReconciliationInterval =
        @MaxReconciliationInterval(interval = 90, timeUnit = TimeUnit.SECONDS))
@GradualRetry(maxAttempts = -1, initialInterval = 500, intervalMultiplier = 2, maxInterval = 30_000)
public class SiteReconciler implements Reconciler<Site> {

  /// Nothing tells when an unfounded node has started to answer.
  private static final long FOUNDING_RETRY_MILLIS = 1_000;

  /// Failed operations are tried again after a pause, of which nothing tells either.
  private static final long UNSETTLED_RETRY_MILLIS = 10_000;

  private final DataPlanes dataPlanes;
  private final SiteSettings settings;
  private final Founding founding;
  private final SiteOperations operations;
  private final Volumes volumes;
  private final VoterMarks voterMarks;
  private final SiteStatusWriter statusWriter;

  /// @param collaborators what the steps of the reconciler need
  public SiteReconciler(
      DataPlanes dataPlanes, SiteSettings settings, SiteCollaborators collaborators) {
    this.dataPlanes = dataPlanes;
    this.settings = settings;
    this.founding = new Founding(collaborators.client());
    this.operations = new SiteOperations(collaborators.backoff());
    this.volumes = new Volumes(collaborators.client());
    this.voterMarks = new VoterMarks(collaborators.client());
    this.statusWriter = new SiteStatusWriter(collaborators.transitions(), collaborators.clock());
  }

  @Override
  public List<EventSource<?, Site>> prepareEventSources(EventSourceContext<Site> context) {
    return List.of(
        informer(ConfigMap.class, context),
        informer(Service.class, context),
        informer(PodDisruptionBudget.class, context),
        informer(StatefulSet.class, context),
        informer(Pod.class, context),
        informer(PersistentVolumeClaim.class, context),
        ObservationEventSource.of(dataPlanes, context));
  }

  @Override
  public UpdateControl<Site> reconcile(Site site, Context<Site> context) {
    if (site.getSpec().kubeconfigSecret() != null) {
      Verdict verdict =
          Verdict.stalled(
              "OtherClusterUnsupported",
              "this version runs nodes in its own cluster only: create the Site without kubeconfigSecret");
      statusWriter.write(site, List.of(), verdict, Optional.empty(), context);
      return UpdateControl.noUpdate();
    }
    DataPlane dataPlane = dataPlanes.of(site.getMetadata().getNamespace());
    List<Pod> pods = pods(context);
    List<Endpoint> endpoints = endpoints(pods);
    dataPlane.report(site.getMetadata().getName(), endpoints, site.getSpec().edge());
    Optional<ClusterView> cluster = dataPlane.view();
    Scaling scaling = scaling(site, cluster, context);

    boolean applied = applyObjects(site, scaling, context);
    volumes.grow(site, context);
    Optional<Verdict> unfounded = founding.advance(site, endpoints, dataPlane);
    SiteProgress progress = new SiteProgress(site, pods, scaling, unfounded, cluster);
    if (cluster.isPresent()) {
      operations.acknowledge(cluster.get(), dataPlane);
      operations.submit(scaling, cluster.get(), dataPlane);
      volumes.renew(site, scaling, pods, cluster.get(), dataPlane, settings.httpPort());
      volumes.discard(site, scaling, context);
      voterMarks.write(site, cluster.get(), context);
      progress.rolling(
          new PodRestarts(site, context, dataPlane).advance(pods, cluster.get(), applied));
    }
    Verdict verdict = progress.verdict();
    statusWriter.write(site, pods, verdict, cluster, context);
    return reschedule(verdict, unfounded.isPresent());
  }

  private static UpdateControl<Site> reschedule(Verdict verdict, boolean unfounded) {
    UpdateControl<Site> control = UpdateControl.noUpdate();
    if (unfounded) {
      return control.rescheduleAfter(FOUNDING_RETRY_MILLIS);
    }
    return verdict.kind() == Verdict.Kind.READY
        ? control
        : control.rescheduleAfter(UNSETTLED_RETRY_MILLIS);
  }

  private static Scaling scaling(Site site, Optional<ClusterView> cluster, Context<Site> context) {
    int existing =
        context
            .getSecondaryResource(StatefulSet.class)
            .map(set -> set.getSpec().getReplicas())
            .orElse(0);
    String name = site.getMetadata().getName();
    return cluster
        .map(view ->
            Scaling.plan(name, site.getSpec().nodes(), site.getMetadata().getGeneration(), view))
        .orElseGet(() -> Scaling.unobserved(site.getSpec().nodes(), existing));
  }

  /// @return whether the StatefulSet was written, so that its pods are about to change
  private boolean applyObjects(Site site, Scaling scaling, Context<Site> context) {
    SiteObjects objects = new SiteObjects(site, settings);
    Applied.ifChanged(
        context, objects.configMap(), existing(ConfigMap.class, objects.configMap(), context));
    Applied.ifChanged(
        context, objects.peersService(), existing(Service.class, objects.peersService(), context));
    Applied.ifChanged(
        context,
        objects.clientService(),
        existing(Service.class, objects.clientService(), context));
    Applied.ifChanged(
        context,
        objects.disruptionBudget(),
        existing(PodDisruptionBudget.class, objects.disruptionBudget(), context));
    return applyStatefulSet(site, objects, scaling, context);
  }

  private boolean applyStatefulSet(
      Site site, SiteObjects objects, Scaling scaling, Context<Site> context) {
    Optional<StatefulSet> existing = context.getSecondaryResource(StatefulSet.class);
    StatefulSet desired =
        objects.statefulSet(scaling.replicas(), image(existing), home(site, context));
    if (existing.isPresent() && volumes.isTemplateOutdated(desired, existing.get())) {
      volumes.replaceTemplate(existing.get());
      return true;
    }
    boolean rescaled =
        existing.isPresent()
            && !Objects.equals(existing.get().getSpec().getReplicas(), scaling.replicas());
    return Applied.ifChanged(context, desired, rescaled ? Optional.empty() : existing);
  }

  private String image(Optional<StatefulSet> existing) {
    return settings
        .nodeImage()
        .or(() ->
            existing.map(
                set -> set.getSpec().getTemplate().getSpec().getContainers().getFirst().getImage()))
        .orElse(settings.defaultNodeImage());
  }

  /// The oldest Site that is no edge: the one whose nodes the others ask for the cluster.
  private static String home(Site site, Context<Site> context) {
    return context
        .getPrimaryCache()
        .list(site.getMetadata().getNamespace(), each -> !each.getSpec().edge())
        .min(
            Comparator.comparing((Site each) -> each.getMetadata().getCreationTimestamp())
                .thenComparing(each -> each.getMetadata().getName()))
        .map(each -> each.getMetadata().getName())
        .orElse(site.getMetadata().getName());
  }

  private List<Pod> pods(Context<Site> context) {
    return context
        .getSecondaryResourcesAsStream(Pod.class)
        .filter(pod ->
            Objects.equals(
                pod.getMetadata().getLabels().get("app.kubernetes.io/component"), "node"))
        .sorted(Comparator.comparing(pod -> pod.getMetadata().getName()))
        .toList();
  }

  private List<Endpoint> endpoints(List<Pod> pods) {
    return pods.stream()
        .filter(pod -> pod.getStatus() != null && pod.getStatus().getPodIP() != null)
        .map(pod ->
            new Endpoint(
                pod.getMetadata().getName(),
                pod.getStatus().getPodIP() + ":" + settings.httpPort()))
        .toList();
  }

  private static <T extends HasMetadata> Optional<T> existing(
      Class<T> type, T desired, Context<Site> context) {
    return context
        .getSecondaryResourcesAsStream(type)
        .filter(each -> each.getMetadata().getName().equals(desired.getMetadata().getName()))
        .findFirst();
  }

  private static <T extends HasMetadata> EventSource<?, Site> informer(
      Class<T> type, EventSourceContext<Site> context) {
    return new InformerEventSource<>(
        InformerEventSourceConfiguration.from(type, Site.class)
            .withLabelSelector(Labels.SITE)
            .withSecondaryToPrimaryMapper(SiteReconciler::siteOf)
            .build(),
        context);
  }

  private static Set<ResourceID> siteOf(HasMetadata object) {
    Map<String, String> labels = object.getMetadata().getLabels();
    String site = labels == null ? null : labels.get(Labels.SITE);
    return site == null
        ? Set.of()
        : Set.of(new ResourceID(site, object.getMetadata().getNamespace()));
  }
}
