package dev.partita.operator.site;

import dev.partita.crd.Authentication;
import dev.partita.crd.Site;
import dev.partita.operator.certificate.Certificates;
import dev.partita.operator.cluster.Access;
import dev.partita.operator.cluster.NodeNames;
import dev.partita.operator.cluster.OtherClusterEventSource;
import dev.partita.operator.cluster.OtherClusters;
import dev.partita.operator.cluster.SiteCluster;
import dev.partita.operator.nodeclient.ClusterView;
import dev.partita.operator.nodeclient.Endpoint;
import dev.partita.operator.observation.DataPlane;
import dev.partita.operator.observation.DataPlanes;
import dev.partita.operator.observation.ObservationEventSource;
import dev.partita.operator.resource.Labels;
import dev.partita.operator.resource.Looks;
import dev.partita.operator.resource.OverlookedEventSource;
import dev.partita.operator.rollout.RolloutStep;
import dev.partita.operator.status.Verdict;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.apps.StatefulSet;
import io.fabric8.kubernetes.api.model.policy.v1.PodDisruptionBudget;
import io.fabric8.kubernetes.client.KubernetesClientException;
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
import java.time.InstantSource;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;

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
  private final Elsewhere elsewhere;
  private final OtherClusters clusters;
  private final SiteStatusWriter statusWriter;
  private final Certificates certificates;
  private final AdministratorSecret administrator;
  private final InstantSource clock;
  private final Looks looks;

  /// @param collaborators what the steps of the reconciler need
  public SiteReconciler(
      DataPlanes dataPlanes, SiteSettings settings, SiteCollaborators collaborators) {
    this.dataPlanes = dataPlanes;
    this.settings = settings;
    this.founding = new Founding(collaborators.client());
    this.operations = new SiteOperations(collaborators.backoff());
    this.certificates = collaborators.certificates();
    this.administrator = new AdministratorSecret(collaborators.client());
    this.clusters = collaborators.clusters();
    this.elsewhere = new Elsewhere(clusters);
    this.statusWriter = new SiteStatusWriter(collaborators.transitions(), collaborators.clock());
    this.clock = collaborators.clock();
    this.looks = collaborators.looks();
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
        OtherClusterEventSource.of(clusters),
        ObservationEventSource.of(dataPlanes, context),
        OverlookedEventSource.of(looks, context));
  }

  @Override
  public UpdateControl<Site> reconcile(Site site, Context<Site> context) {
    return looks.at(site, () -> lookAt(site, context));
  }

  private UpdateControl<Site> lookAt(Site site, Context<Site> context) {
    return switch (elsewhere.access(site, context)) {
      case Access.Reached(SiteCluster there) when NodeNames.isElsewhere(site) ->
          advanceElsewhere(site, there, context);
      case Access.Reached(SiteCluster there) -> advance(site, there, context);
      case Access.Denied denied -> leave(site, denied, context);
    };
  }

  private UpdateControl<Site> advanceElsewhere(
      Site site, SiteCluster there, Context<Site> context) {
    try {
      return elsewhere.begin(site, there, context.getClient())
          ? advance(site, there, context)
          : UpdateControl.noUpdate();
    } catch (KubernetesClientException e) {
      return leave(site, clusters.failed(site, e).orElseThrow(() -> e), context);
    } finally {
      clusters.finished(site);
    }
  }

  /// Nothing can be done in the cluster of the Site: what its nodes say is all that is known.
  private UpdateControl<Site> leave(Site site, Access.Denied denied, Context<Site> context) {
    String name = site.getMetadata().getName();
    DataPlane dataPlane = dataPlanes.of(site.getMetadata().getNamespace());
    founding.identify(site, dataPlane);
    NodesHeard heard = new NodesHeard(site, dataPlane.view(), dataPlane.lostNodes());
    NodeEndpoints where = new NodeEndpoints(site, settings);
    List<Endpoint> endpoints =
        IntStream.range(0, site.getSpec().nodes())
            .mapToObj(ordinal -> PodNames.of(name, ordinal))
            .filter(pod -> heard.cluster().isEmpty() || heard.isHeard(pod))
            .map(where::named)
            .toList();
    dataPlane.report(name, site.getMetadata().getUid(), endpoints);
    dataPlane.reportRolling(name, false);
    // What was true before this operator started is not taken back before it is known.
    boolean changed =
        (denied.decided() || site.getStatus() == null)
            && statusWriter.write(site, denied.seen(), denied.verdict(), heard, context);
    UpdateControl<Site> control = UpdateControl.noUpdate();
    return changed ? control.reschedule() : control.rescheduleAfter(clusters.lookInterval());
  }

  private UpdateControl<Site> advance(Site site, SiteCluster there, Context<Site> context) {
    Optional<Verdict> uncertified = certificates.keep(site, there.client());
    if (uncertified.isPresent()) {
      boolean changed =
          statusWriter.write(
              site, pods(there), uncertified.get(), NodesHeard.nothing(site), context);
      UpdateControl<Site> control = UpdateControl.noUpdate();
      return changed ? control.reschedule() : control.rescheduleAfter(UNSETTLED_RETRY_MILLIS);
    }
    if (site.getSpec().authentication() == Authentication.Required) {
      administrator.keep(site.getMetadata().getNamespace());
      if (NodeNames.isElsewhere(site)) {
        administrator.copy(site, there.client());
      }
    }
    DataPlane dataPlane = dataPlanes.of(site.getMetadata().getNamespace());
    List<Pod> pods = pods(there);
    List<Endpoint> endpoints = endpoints(site, pods);
    String name = site.getMetadata().getName();
    founding.identify(site, dataPlane);
    dataPlane.report(name, site.getMetadata().getUid(), endpoints);
    Optional<ClusterView> cluster = dataPlane.view();
    if (site.getSpec().paused()) {
      dataPlane.reportRolling(name, false);
      Verdict paused =
          Verdict.reconciling(
              "Paused", "Paused", "spec.paused is true: the operator leaves it as it is");
      NodesHeard heard = new NodesHeard(site, cluster, dataPlane.lostNodes());
      UpdateControl<Site> control = UpdateControl.noUpdate();
      return statusWriter.write(site, pods, paused, heard, context)
          ? control.reschedule()
          : control;
    }
    Scaling scaling = scaling(site, pods, cluster, there);
    PodRestarts restarts =
        new PodRestarts(site, there, () -> elsewhere.podsOfAllSites(site), dataPlane);
    Volumes volumes = new Volumes(there);

    boolean spared = cluster.isEmpty() || restarts.isAnyPodSpared(pods, cluster.get());
    applyObjects(site, spared, there);
    Site first = Elsewhere.first(site, context);
    boolean applied = applyStatefulSet(site, scaling, first, there);
    Volumes.Growth growth = volumes.grow(site);
    Optional<Verdict> unfounded = founding.advance(site, first, endpoints, dataPlane);
    NodesHeard heard = new NodesHeard(site, cluster, dataPlane.lostNodes());
    SiteProgress progress = new SiteProgress(site, pods, scaling, unfounded, heard);
    progress.growing(growth);
    if (cluster.isPresent()) {
      operations.acknowledge(cluster.get(), dataPlane);
      operations.submit(scaling, cluster.get(), dataPlane);
      volumes.renew(
          site, scaling, pods, cluster.get(), dataPlane, new NodeEndpoints(site, settings));
      volumes.discard(site, scaling);
      new VoterMarks(there).write(site, cluster.get());
      progress.replacing(new LostNodes(site, there, dataPlane, clock).advance(pods, cluster.get()));
      RolloutStep step = restarts.advance(pods, cluster.get(), applied);
      // Where nobody leads, restarts hand nothing over; they may wait for a line for long.
      dataPlane.reportRolling(
          name, !(step instanceof RolloutStep.Settled) && !site.getSpec().edge());
      progress.rolling(step);
    }
    Verdict verdict = progress.verdict();
    return statusWriter.write(site, pods, verdict, heard, context)
        ? UpdateControl.<Site>noUpdate().reschedule()
        : reschedule(verdict, unfounded.isPresent());
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

  private static Scaling scaling(
      Site site, List<Pod> pods, Optional<ClusterView> cluster, SiteCluster there) {
    String name = site.getMetadata().getName();
    int highest =
        pods.stream()
            .mapToInt(pod -> PodNames.ordinal(name, pod.getMetadata().getName()).orElse(-1))
            .max()
            .orElse(-1);
    // Without the StatefulSet, which somebody may have deleted, the pods tell how many they were.
    int existing =
        there
            .object(StatefulSet.class, name)
            .map(set -> set.getSpec().getReplicas())
            .orElse(highest + 1);
    return cluster
        .map(view ->
            Scaling.plan(name, site.getSpec().nodes(), site.getMetadata().getGeneration(), view))
        .orElseGet(() -> Scaling.unobserved(site.getSpec().nodes(), existing));
  }

  private void applyObjects(Site site, boolean spared, SiteCluster there) {
    SiteObjects objects = new SiteObjects(site, settings);
    there.applyIfChanged(objects.configMap());
    there.applyIfChanged(objects.peersService());
    there.applyIfChanged(objects.clientService());
    there.applyIfChanged(objects.disruptionBudget(spared ? 1 : 0));
  }

  /// @return whether the StatefulSet was written, so that its pods are about to change
  private boolean applyStatefulSet(Site site, Scaling scaling, Site home, SiteCluster there) {
    Optional<StatefulSet> existing = there.object(StatefulSet.class, site.getMetadata().getName());
    StatefulSet desired =
        new SiteObjects(site, settings)
            .statefulSet(scaling.replicas(), image(site, existing), home);
    Volumes volumes = new Volumes(there);
    if (existing.isPresent() && volumes.isTemplateOutdated(desired, existing.get())) {
      volumes.replaceTemplate(existing.get());
      return true;
    }
    boolean rescaled =
        existing.isPresent()
            && !Objects.equals(existing.get().getSpec().getReplicas(), scaling.replicas());
    if (rescaled) {
      there.apply(desired);
      return true;
    }
    return there.applyIfChanged(desired);
  }

  private String image(Site site, Optional<StatefulSet> existing) {
    return Optional.ofNullable(site.getSpec().image())
        .or(settings::nodeImage)
        .or(() ->
            existing.map(
                set -> set.getSpec().getTemplate().getSpec().getContainers().getFirst().getImage()))
        .orElse(settings.defaultNodeImage());
  }

  private static List<Pod> pods(SiteCluster there) {
    return there.objects(Pod.class).stream()
        .filter(pod ->
            Objects.equals(
                pod.getMetadata().getLabels().get("app.kubernetes.io/component"), "node"))
        .sorted(Comparator.comparing(pod -> pod.getMetadata().getName()))
        .toList();
  }

  private List<Endpoint> endpoints(Site site, List<Pod> pods) {
    NodeEndpoints where = new NodeEndpoints(site, settings);
    return pods.stream()
        .filter(pod -> pod.getStatus() != null && pod.getStatus().getPodIP() != null)
        .map(where::of)
        .toList();
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
