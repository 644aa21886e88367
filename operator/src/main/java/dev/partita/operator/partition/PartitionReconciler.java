package dev.partita.operator.partition;

import dev.partita.crd.Partition;
import dev.partita.crd.PartitionStatus;
import dev.partita.crd.Site;
import dev.partita.operator.nodeclient.Answer;
import dev.partita.operator.nodeclient.ClusterView;
import dev.partita.operator.nodeclient.NodeAdmin.Nothing;
import dev.partita.operator.nodeclient.PartitionRequest;
import dev.partita.operator.nodeclient.PartitionView;
import dev.partita.operator.observation.DataPlane;
import dev.partita.operator.observation.DataPlanes;
import dev.partita.operator.observation.ObservationEventSource;
import dev.partita.operator.placement.EdgePlacement;
import dev.partita.operator.placement.Placement;
import dev.partita.operator.placement.Step;
import dev.partita.operator.repartition.MergePatience;
import dev.partita.operator.resource.Backoff;
import dev.partita.operator.resource.Finalizers;
import dev.partita.operator.resource.Labels;
import dev.partita.operator.resource.Looks;
import dev.partita.operator.resource.OverlookedEventSource;
import dev.partita.operator.resource.Transitions;
import dev.partita.operator.status.Verdict;
import io.javaoperatorsdk.operator.api.config.informer.InformerEventSourceConfiguration;
import io.javaoperatorsdk.operator.api.reconciler.Cleaner;
import io.javaoperatorsdk.operator.api.reconciler.Context;
import io.javaoperatorsdk.operator.api.reconciler.ControllerConfiguration;
import io.javaoperatorsdk.operator.api.reconciler.DeleteControl;
import io.javaoperatorsdk.operator.api.reconciler.EventSourceContext;
import io.javaoperatorsdk.operator.api.reconciler.MaxReconciliationInterval;
import io.javaoperatorsdk.operator.api.reconciler.Reconciler;
import io.javaoperatorsdk.operator.api.reconciler.UpdateControl;
import io.javaoperatorsdk.operator.processing.event.ResourceID;
import io.javaoperatorsdk.operator.processing.event.source.EventSource;
import io.javaoperatorsdk.operator.processing.event.source.informer.InformerEventSource;
import io.javaoperatorsdk.operator.processing.retry.GradualRetry;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.stream.Collectors;

/// Gives a Partition its replicas and keeps them where they belong: a table of contents.
@ControllerConfiguration(
    name = "partition",
    fieldManager = "partita-operator",
    finalizerName = "partita.dev/partition",
    maxReconciliationInterval =
        @MaxReconciliationInterval(interval = 90, timeUnit = TimeUnit.SECONDS))
@GradualRetry(maxAttempts = -1, initialInterval = 500, intervalMultiplier = 2, maxInterval = 30_000)
public class PartitionReconciler implements Reconciler<Partition>, Cleaner<Partition> {

  /// A refusal, a failed move or an unreachable cluster is looked at again after this; of a change
  /// an event tells.
  private static final long UNSETTLED_RETRY_MILLIS = 10_000;

  /// What waits for hours may wait for this as well.
  private static final long WATCHED_RETRY_MILLIS = 60_000;

  private static final long DROPPING_RETRY_MILLIS = 1_000;

  private static final String SITES = "sites";

  private final DataPlanes dataPlanes;
  private final Merges merges;
  private final ReplicaMoves moves;
  private final ChildPartitions children;
  private final LeaderTransfers transfers;
  private final Loads loads;
  private final Plans plans = new Plans();
  private final Peaks peaks;
  private final MergePatience patience;
  private final InstantSource clock;
  private final PartitionStatusWriter statusWriter;
  private final Looks looks;

  /// @param asked hears of the operations that the nodes are asked for
  /// @param patience of merges
  public PartitionReconciler(
      DataPlanes dataPlanes,
      Transitions transitions,
      Backoff backoff,
      InstantSource clock,
      AskedOperations asked,
      MergePatience patience,
      Looks looks) {
    this.dataPlanes = dataPlanes;
    this.clock = clock;
    this.patience = patience;
    this.looks = looks;
    Asking asking = new Asking(asked);
    this.merges = new Merges(asking, transitions, backoff, patience);
    this.moves = new ReplicaMoves(backoff, asking, transitions, merges, patience);
    this.loads = new Loads(clock);
    this.peaks = new Peaks(patience.slot(), clock);
    this.transfers = new LeaderTransfers(asking, transitions, loads);
    dataPlanes.addListener(loads);
    dataPlanes.addListener(peaks);
    this.children = new ChildPartitions(transitions);
    this.statusWriter = new PartitionStatusWriter(transitions, clock);
  }

  @Override
  public List<EventSource<?, Partition>> prepareEventSources(
      EventSourceContext<Partition> context) {
    return List.of(
        ObservationEventSource.of(dataPlanes, context),
        OverlookedEventSource.of(looks, context),
        parts(context),
        sites(context));
  }

  /// Wakes the Partitions that select Sites by labels when these change. It is complete before the
  /// first reconcile: a Site whose labels are not known yet must not count as one without any.
  private static EventSource<?, Partition> sites(EventSourceContext<Partition> context) {
    return new InformerEventSource<>(
        InformerEventSourceConfiguration.from(Site.class, Partition.class)
            .withName(SITES)
            .withOnUpdateFilter(DeclaredSites::isOther)
            .withSecondaryToPrimaryMapper(site ->
                context
                    .getPrimaryCache()
                    .list(site.getMetadata().getNamespace(), Placements::selectsSites)
                    .map(ResourceID::fromResource)
                    .collect(Collectors.toSet()))
            .build(),
        context);
  }

  /// Wakes a Partition when something happens to the resource of one of its parts.
  private static EventSource<?, Partition> parts(EventSourceContext<Partition> context) {
    return new InformerEventSource<>(
        InformerEventSourceConfiguration.from(Partition.class, Partition.class)
            .withName("parts")
            .withLabelSelector(Labels.PARENT)
            .withSecondaryToPrimaryMapper(PartitionReconciler::parentOf)
            .build(),
        context);
  }

  private static Set<ResourceID> parentOf(Partition part) {
    return Lineage.owner(part)
        .map(owner -> Set.of(new ResourceID(owner.getName(), part.getMetadata().getNamespace())))
        .orElse(Set.of());
  }

  @Override
  public UpdateControl<Partition> reconcile(Partition partition, Context<Partition> context) {
    return looks.at(partition, () -> lookAt(partition, context));
  }

  private UpdateControl<Partition> lookAt(Partition partition, Context<Partition> context) {
    DataPlane dataPlane = dataPlanes.of(partition.getMetadata().getNamespace());
    Optional<ClusterView> cluster = dataPlane.view();
    Optional<Plan> plan = cluster.map(view -> plan(partition, view, dataPlane, context));
    Optional<ClusterView> described =
        cluster.filter(_ -> plan.isPresent() && plan.get().lineage().isPlaced(partition));
    Decisions decisions =
        described
            .flatMap(view ->
                view.partition(partition.getMetadata().getName())
                    .map(found -> decide(partition, found, view)))
            .orElse(Decisions.NONE);
    Verdict verdict =
        cluster.isPresent() && plan.isPresent()
            ? advance(partition, cluster.get(), plan.get(), decisions, dataPlane, context)
            : unobserved();
    Optional<String> missingCopy =
        described.isPresent()
            ? plan.flatMap(found -> missingCopy(partition, found.edges()))
            : Optional.empty();
    UpdateControl<Partition> control = UpdateControl.noUpdate();
    if (statusWriter.write(partition, verdict, described, decisions, missingCopy, context)) {
      return control.reschedule();
    }
    // Nothing tells of an annotation that approves something, nor that time has passed.
    if (verdict.kind() != Verdict.Kind.READY || decisions.areReported()) {
      return control.rescheduleAfter(
          Math.min(patience.retryFirst().toMillis(), UNSETTLED_RETRY_MILLIS));
    }
    return plan.isPresent() && plan.get().merges().isWatched(partition.getMetadata().getName())
        ? control.rescheduleAfter(Math.min(patience.slot().toMillis(), WATCHED_RETRY_MILLIS))
        : control;
  }

  /// Why a copy that belongs at the edge is not there.
  private static Optional<String> missingCopy(Partition partition, EdgePlacement edges) {
    return Placements.wantsCopies(partition)
            && edges.next(partition.getMetadata().getName())
                instanceof Step.Impossible(String message)
        ? Optional.of(message)
        : Optional.empty();
  }

  private Plan plan(
      Partition partition, ClusterView cluster, DataPlane dataPlane, Context<Partition> context) {
    String namespace = partition.getMetadata().getNamespace();
    DeclaredSites sites = sites(partition, context);
    List<Partition> resources = context.getPrimaryCache().list(namespace, _ -> true).toList();
    Plans.Basis basis = Plans.Basis.of(cluster, sites, dataPlane.steadyNodes(), resources.stream());
    return plans.of(namespace, basis, () -> plan(resources, sites, cluster, dataPlane));
  }

  private Plan plan(
      List<Partition> resources, DeclaredSites sites, ClusterView cluster, DataPlane dataPlane) {
    Lineage lineage = new Lineage(cluster);
    List<Partition> declared = resources.stream().filter(lineage::isPlaced).toList();
    DueMerges due =
        DueMerges.of(
            candidates(declared, cluster),
            declared,
            cluster,
            () -> Placements.of(cluster, sites, declared, DueMerges.NONE),
            () -> isSplitDue(declared, cluster));
    Placement placement = Placements.of(cluster, sites, declared, due);
    return new Plan(
        lineage,
        declared,
        due,
        placement,
        Placements.edges(cluster, sites, dataPlane.steadyNodes(), declared, due),
        new Once<>(placement::rebalance),
        new Once<>(() -> transfers.next(cluster, sites, declared, dataPlane)));
  }

  private static DeclaredSites sites(Partition partition, Context<Partition> context) {
    return context.eventSourceRetriever().getEventSourceFor(Site.class, SITES)
            instanceof InformerEventSource<Site, Partition> source
        ? DeclaredSites.of(source.list(partition.getMetadata().getNamespace(), _ -> true))
        : DeclaredSites.NONE;
  }

  private List<DueMerges.Candidate> candidates(List<Partition> declared, ClusterView cluster) {
    Map<String, PartitionView> split =
        cluster.partitions().stream()
            .filter(PartitionView::isSplit)
            .collect(Collectors.toMap(PartitionView::name, Function.identity()));
    List<DueMerges.Candidate> candidates = new ArrayList<>();
    for (Partition whole : split.isEmpty() ? List.<Partition>of() : declared) {
      PartitionView view = split.get(whole.getMetadata().getName());
      if (view != null) {
        MergeDecision decision = decideMerge(whole, view, cluster);
        candidates.add(
            new DueMerges.Candidate(whole, decision, merges.refusal(whole, decision.pair())));
      }
    }
    return candidates;
  }

  private boolean isSplitDue(List<Partition> declared, ClusterView cluster) {
    return declared.stream()
        .anyMatch(each ->
            cluster
                .partition(each.getMetadata().getName())
                .filter(view -> decideSplit(each, view).mayBegin())
                .isPresent());
  }

  private Decisions decide(Partition partition, PartitionView view, ClusterView cluster) {
    return new Decisions(decideSplit(partition, view), decideMerge(partition, view, cluster));
  }

  private SplitDecision decideSplit(Partition partition, PartitionView view) {
    String namespace = partition.getMetadata().getNamespace();
    return SplitDecision.of(partition, view, loads.of(namespace, view), clock.instant());
  }

  private MergeDecision decideMerge(Partition whole, PartitionView view, ClusterView cluster) {
    String namespace = whole.getMetadata().getNamespace();
    return MergeDecision.of(
        whole, view, cluster, part -> peaks.of(namespace, part), patience, clock.instant());
  }

  @Override
  public DeleteControl cleanup(Partition partition, Context<Partition> context) {
    return looks.at(partition, () -> cleanUp(partition, context));
  }

  private DeleteControl cleanUp(Partition partition, Context<Partition> context) {
    DataPlane dataPlane = dataPlanes.of(partition.getMetadata().getNamespace());
    Optional<ClusterView> cluster = dataPlane.view();
    if (cluster.isEmpty()) {
      return hasSites(partition, context)
          ? DeleteControl.noFinalizerRemoval().rescheduleAfter(DROPPING_RETRY_MILLIS)
          : Finalizers.remove(partition, context);
    }
    if (!(new Lineage(cluster.get()).roleOf(partition) instanceof Lineage.Role.Declared)) {
      // The rows are somebody else's, who makes the resource again if they are still there.
      return Finalizers.remove(partition, context);
    }
    String name = partition.getMetadata().getName();
    Answer<Nothing> dropped =
        dataPlane.ask(
            (admin, at) -> admin.deletePartition(at, name, partition.getSpec().deletionPolicy()));
    return dropped instanceof Answer.Done && isGone(name, dataPlane)
        ? Finalizers.remove(partition, context)
        : DeleteControl.noFinalizerRemoval().rescheduleAfter(DROPPING_RETRY_MILLIS);
  }

  private Verdict advance(
      Partition partition,
      ClusterView cluster,
      Plan plan,
      Decisions decisions,
      DataPlane dataPlane,
      Context<Partition> context) {
    return switch (plan.lineage().roleOf(partition)) {
      case Lineage.Role.Declared _, Lineage.Role.Part _ ->
          keep(partition, cluster, plan, decisions, dataPlane, context);
      case Lineage.Role.Unknown(String parent) -> unknown(partition, parent, cluster, context);
      case Lineage.Role.NameTaken(String parent) ->
          Verdict.stalled(
              "NameTaken",
              "a part of Partition %s has this name: delete this resource, which no row goes with, and declare it under another name"
                  .formatted(parent));
    };
  }

  /// The resource of a part that is no more goes, unless the nodes may only be behind.
  private static Verdict unknown(
      Partition partition, String parent, ClusterView cluster, Context<Partition> context) {
    boolean certain =
        cluster
            .partition(parent)
            .map(view -> view.isSplit() || isMerged(partition, view))
            .orElse(true);
    if (certain && !partition.isMarkedForDeletion()) {
      context.getClient().resource(partition).delete();
    }
    return Verdict.reconciling(
        "Pending",
        "NoSuchPart",
        certain
            ? "the nodes have no such part any more: the resource goes"
            : "the nodes do not tell that Partition %s was split; if it was made anew, delete this resource, which no row goes with"
                .formatted(parent));
  }

  /// Whether a Partition has the rows of its parts again: it is younger than this one was. One that
  /// was made anew begins with the first epoch.
  private static boolean isMerged(Partition part, PartitionView parent) {
    PartitionStatus status = part.getStatus();
    Long epoch = status == null ? null : status.epoch();
    return epoch != null && parent.epoch() > epoch;
  }

  private Verdict keep(
      Partition partition,
      ClusterView cluster,
      Plan plan,
      Decisions decisions,
      DataPlane dataPlane,
      Context<Partition> context) {
    Optional<PartitionView> split =
        cluster.partition(partition.getMetadata().getName()).filter(PartitionView::isSplit);
    // These are mirrors, which a pause does not keep from following; it reaches the parts by them.
    Optional<String> obstacle =
        split.flatMap(view -> children.keep(partition, view, cluster, context));
    if (partition.getSpec().paused()) {
      return Verdict.reconciling(
          "Paused", "Paused", "spec.paused is true: the operator leaves it as it is");
    }
    Verdict verdict =
        cluster
            .partition(partition.getMetadata().getName())
            .map(view -> moves.advance(partition, view, cluster, plan, decisions, dataPlane))
            .orElseGet(() -> create(partition, plan.placement(), dataPlane));
    if (verdict.kind() == Verdict.Kind.READY) {
      transfers.advance(partition, cluster, plan, dataPlane);
    }
    return obstacle.isPresent() && verdict.kind() == Verdict.Kind.READY
        ? Verdict.serving("Split", "NoResource", obstacle.get())
        : verdict;
  }

  private Verdict create(Partition partition, Placement placement, DataPlane dataPlane) {
    String name = partition.getMetadata().getName();
    return switch (placement.create(name)) {
      case Step.Impossible(String message) -> Verdict.stalled("CannotPlace", message);
      case Step.Create(List<String> nodes) -> create(partition, nodes, dataPlane);
      case Step.Settled _, Step.Move _ ->
          throw new IllegalStateException("placement moves what does not exist");
    };
  }

  private Verdict create(Partition partition, List<String> nodes, DataPlane dataPlane) {
    String name = partition.getMetadata().getName();
    PartitionRequest request = PartitionRequest.of(partition.getSpec(), nodes);
    return switch (dataPlane.ask((admin, at) -> admin.putPartition(at, name, request))) {
      case Answer.Done<PartitionView>(PartitionView created) -> {
        dataPlane.learn(created);
        yield Verdict.reconciling("Creating", "Creating", "the replicas are being created");
      }
      case Answer.Refused<PartitionView> refused -> refusal(partition, refused);
      case Answer.Unreachable<PartitionView>(String reason) ->
          Verdict.reconciling("Pending", "Unreachable", "no node could create it: " + reason);
    };
  }

  private static Verdict refusal(Partition partition, Answer.Refused<PartitionView> refused) {
    if (refused.code().equals("OVERLAP") && refused.with() != null) {
      return Verdict.stalled(
          "Overlap",
          "its bounds overlap those of Partition %s in collection %s: delete one of the two"
              .formatted(refused.with(), partition.getSpec().collection()));
    }
    return Verdict.stalled("Refused", refused.reason());
  }

  private Verdict unobserved() {
    return Verdict.reconciling(
        "Pending",
        "Unreachable",
        "no node of this namespace answers; it needs a Site whose nodes are ready");
  }

  private static boolean isGone(String name, DataPlane dataPlane) {
    return dataPlane.ask((admin, at) -> admin.state(at))
            instanceof Answer.Done<ClusterView>(ClusterView view)
        && view.clusterId() != null
        && view.partition(name).isEmpty();
  }

  /// Without a Site there is nobody who could serve or keep the rows but the volumes, which stay.
  private static boolean hasSites(Partition partition, Context<Partition> context) {
    String namespace = partition.getMetadata().getNamespace();
    return !context
        .getClient()
        .resources(Site.class)
        .inNamespace(namespace)
        .list()
        .getItems()
        .isEmpty();
  }
}
