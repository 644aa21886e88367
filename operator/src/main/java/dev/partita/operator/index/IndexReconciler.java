package dev.partita.operator.index;

import dev.partita.crd.Index;
import dev.partita.crd.IndexStatus;
import dev.partita.crd.Partition;
import dev.partita.crd.Site;
import dev.partita.operator.nodeclient.Answer;
import dev.partita.operator.nodeclient.ClusterView;
import dev.partita.operator.nodeclient.IndexView;
import dev.partita.operator.nodeclient.NodeAdmin.Nothing;
import dev.partita.operator.observation.DataPlane;
import dev.partita.operator.observation.DataPlanes;
import dev.partita.operator.observation.ObservationEventSource;
import dev.partita.operator.resource.Finalizers;
import dev.partita.operator.resource.Looks;
import dev.partita.operator.resource.OverlookedEventSource;
import dev.partita.operator.resource.StatusWrite;
import dev.partita.operator.resource.Transitions;
import dev.partita.operator.status.Conditions;
import dev.partita.operator.status.Verdict;
import io.javaoperatorsdk.operator.api.reconciler.Cleaner;
import io.javaoperatorsdk.operator.api.reconciler.Context;
import io.javaoperatorsdk.operator.api.reconciler.ControllerConfiguration;
import io.javaoperatorsdk.operator.api.reconciler.DeleteControl;
import io.javaoperatorsdk.operator.api.reconciler.EventSourceContext;
import io.javaoperatorsdk.operator.api.reconciler.MaxReconciliationInterval;
import io.javaoperatorsdk.operator.api.reconciler.Reconciler;
import io.javaoperatorsdk.operator.api.reconciler.UpdateControl;
import io.javaoperatorsdk.operator.processing.event.source.EventSource;
import io.javaoperatorsdk.operator.processing.retry.GradualRetry;
import java.time.InstantSource;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// Keeps an Index in the nodes' catalog and mirrors how far its build is: a table of contents.
@ControllerConfiguration(
    name = "index",
    fieldManager = "partita-operator",
    finalizerName = "partita.dev/index",
    maxReconciliationInterval =
        @MaxReconciliationInterval(interval = 90, timeUnit = TimeUnit.SECONDS))
@GradualRetry(maxAttempts = -1, initialInterval = 500, intervalMultiplier = 2, maxInterval = 30_000)
public class IndexReconciler implements Reconciler<Index>, Cleaner<Index> {

  private static final long UNSETTLED_RETRY_MILLIS = 10_000;
  private static final long DROPPING_RETRY_MILLIS = 1_000;

  private final DataPlanes dataPlanes;
  private final Transitions transitions;
  private final InstantSource clock;
  private final Looks looks;

  public IndexReconciler(
      DataPlanes dataPlanes, Transitions transitions, InstantSource clock, Looks looks) {
    this.dataPlanes = dataPlanes;
    this.transitions = transitions;
    this.clock = clock;
    this.looks = looks;
  }

  @Override
  public List<EventSource<?, Index>> prepareEventSources(EventSourceContext<Index> context) {
    return List.of(
        ObservationEventSource.of(dataPlanes, context), OverlookedEventSource.of(looks, context));
  }

  @Override
  public UpdateControl<Index> reconcile(Index index, Context<Index> context) {
    return looks.at(index, () -> lookAt(index, context));
  }

  private UpdateControl<Index> lookAt(Index index, Context<Index> context) {
    DataPlane dataPlane = dataPlanes.of(index.getMetadata().getNamespace());
    Optional<ClusterView> cluster = dataPlane.view();
    IndexView view =
        cluster.flatMap(seen -> seen.index(index.getMetadata().getName())).orElse(null);
    Optional<String> obstacle =
        IndexResidency.obstacle(index.getSpec(), partitions(index, context));
    Verdict verdict;
    if (cluster.isEmpty()) {
      verdict = unobserved();
    } else if (view == null) {
      verdict =
          obstacle
              .map(why -> Verdict.stalled("ResidencyConflict", why))
              .orElseGet(() -> create(index, dataPlane));
    } else {
      verdict = obstacle.map(why -> conflict(view, why)).orElseGet(() -> verdict(view));
    }
    UpdateControl<Index> control = UpdateControl.noUpdate();
    if (writeStatus(index, verdict, view, context)) {
      return control.reschedule();
    }
    return verdict.kind() == Verdict.Kind.READY
        ? control
        : control.rescheduleAfter(UNSETTLED_RETRY_MILLIS);
  }

  @Override
  public DeleteControl cleanup(Index index, Context<Index> context) {
    return looks.at(index, () -> cleanUp(index, context));
  }

  private DeleteControl cleanUp(Index index, Context<Index> context) {
    DataPlane dataPlane = dataPlanes.of(index.getMetadata().getNamespace());
    if (dataPlane.view().isEmpty()) {
      return hasSites(index, context)
          ? DeleteControl.noFinalizerRemoval().rescheduleAfter(DROPPING_RETRY_MILLIS)
          : Finalizers.remove(index, context);
    }
    Answer<Nothing> dropped =
        dataPlane.ask((admin, at) -> admin.deleteIndex(at, index.getMetadata().getName()));
    return dropped instanceof Answer.Done
        ? Finalizers.remove(index, context)
        : DeleteControl.noFinalizerRemoval().rescheduleAfter(DROPPING_RETRY_MILLIS);
  }

  private static Verdict unobserved() {
    return Verdict.reconciling(
        "Pending",
        "Unreachable",
        "no node of this namespace answers; it needs a Site whose nodes are ready");
  }

  /// It was made before the Partitions were as they are now. Its entries are needed by whoever uses
  /// it, so it is for a person to drop it.
  private static Verdict conflict(IndexView view, String why) {
    return new Verdict(
        Verdict.Kind.STALLED,
        verdict(view).phase(),
        "ResidencyConflict",
        why + ", or delete the Index");
  }

  private static List<Partition> partitions(Index index, Context<Index> context) {
    return context
        .getClient()
        .resources(Partition.class)
        .inNamespace(index.getMetadata().getNamespace())
        .list()
        .getItems();
  }

  private static Verdict create(Index index, DataPlane dataPlane) {
    String name = index.getMetadata().getName();
    return switch (dataPlane.ask((admin, at) -> admin.putIndex(at, name, index.getSpec()))) {
      case Answer.Done<IndexView> _ ->
          Verdict.reconciling("Building", "Building", "the build has started");
      case Answer.Refused<IndexView> refused -> Verdict.stalled("Refused", refused.reason());
      case Answer.Unreachable<IndexView>(String reason) ->
          Verdict.reconciling("Pending", "Unreachable", "no node could create it: " + reason);
    };
  }

  private static Verdict verdict(IndexView view) {
    return switch (view.state()) {
      case BUILDING -> Verdict.reconciling("Building", "Building", "the entries are being built");
      case READY -> Verdict.ready("the index is exact");
      case FAILED ->
          new Verdict(
              Verdict.Kind.STALLED,
              "Failed",
              "BuildFailed",
              Objects.requireNonNullElse(view.message(), "the build failed")
                  + ": correct the rows, then delete the Index and create it again");
    };
  }

  /// Writes the status unless it is the same.
  ///
  /// @return whether the Index has changed meanwhile, so that it must be looked at again
  private boolean writeStatus(
      Index index, Verdict verdict, @Nullable IndexView view, Context<Index> context) {
    IndexStatus before = index.getStatus();
    long generation = index.getMetadata().getGeneration();
    IndexStatus after =
        new IndexStatus(
            verdict.phase(),
            view == null ? null : view.progress(),
            view == null ? null : view.entries(),
            generation,
            Conditions.of(
                verdict, generation, before == null ? null : before.conditions(), clock.instant()));
    if (Objects.equals(before, after)) {
      return false;
    }
    Index applied = new Index();
    applied.setStatus(after);
    boolean changed = StatusWrite.apply(index, applied, context);
    transitions.report(
        index,
        before == null ? null : before.conditions(),
        Objects.requireNonNull(after.conditions()),
        verdict.kind() == Verdict.Kind.STALLED);
    return changed;
  }

  private static boolean hasSites(Index index, Context<Index> context) {
    String namespace = index.getMetadata().getNamespace();
    return !context
        .getClient()
        .resources(Site.class)
        .inNamespace(namespace)
        .list()
        .getItems()
        .isEmpty();
  }
}
