package dev.partita.operator.resource;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.javaoperatorsdk.operator.api.reconciler.EventSourceContext;
import io.javaoperatorsdk.operator.processing.event.EventHandler;
import io.javaoperatorsdk.operator.processing.event.ResourceID;
import io.javaoperatorsdk.operator.processing.event.source.AbstractEventSource;
import io.javaoperatorsdk.operator.processing.event.source.IndexerResourceCache;
import io.javaoperatorsdk.operator.processing.event.source.ResourceAction;
import io.javaoperatorsdk.operator.processing.event.source.controller.ResourceDeleteEvent;
import io.javaoperatorsdk.operator.processing.event.source.controller.ResourceEvent;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The net below all other events: has the reconciler of one kind look at resources that it has not
/// looked at for long.
///
/// The SDK has each resource looked at after an interval even if nothing happens, but by the same
/// books that it keeps of events, by name: what these take for deleted or for being reconciled is
/// not looked at, for as long as they do. So a resource that was overlooked is reported to it as
/// gone and as new, which makes it begin a new page. Reports are no writes: nothing reaches the API
/// server unless the reconciler finds something to do.
///
/// A thread of its own looks through the cache, from [#start] to [#stop].
public final class OverlookedEventSource<P extends HasMetadata>
    extends AbstractEventSource<Void, P> {

  private static final Logger LOG = LoggerFactory.getLogger(OverlookedEventSource.class);

  /// Rounds in the time that a resource may go without a look.
  private static final int ROUNDS = 10;

  private final Looks looks;
  private final Class<P> kind;
  private final IndexerResourceCache<P> resources;
  private CountDownLatch stopped = new CountDownLatch(0);

  /// An event source for the resources of a reconciler that tells of its looks.
  public static <P extends HasMetadata> OverlookedEventSource<P> of(
      Looks looks, EventSourceContext<P> context) {
    return new OverlookedEventSource<>(
        looks, context.getPrimaryResourceClass(), context.getPrimaryCache());
  }

  private OverlookedEventSource(Looks looks, Class<P> kind, IndexerResourceCache<P> resources) {
    super(Void.class, "overlooked");
    this.looks = looks;
    this.kind = kind;
    this.resources = resources;
  }

  @Override
  public Set<Void> getSecondaryResources(P primary) {
    return Set.of();
  }

  @Override
  public synchronized void start() {
    if (isRunning()) {
      return;
    }
    super.start();
    CountDownLatch end = new CountDownLatch(1);
    stopped = end;
    Thread.ofVirtual().name("overlooked-" + kind.getSimpleName()).start(() -> goRoundsUntil(end));
  }

  @Override
  public synchronized void stop() {
    super.stop();
    stopped.countDown();
  }

  private void goRoundsUntil(CountDownLatch end) {
    long millis = Math.max(1, looks.patience().toMillis() / ROUNDS);
    try {
      while (!end.await(millis, TimeUnit.MILLISECONDS)) {
        goRound();
      }
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }

  /// A boundary: whatever one round meets, the next one comes.
  private void goRound() {
    try {
      looks.overlooked(kind, resources.list(_ -> true).toList()).forEach(this::report);
    } catch (RuntimeException e) {
      LOG.warn("looking for overlooked resources of kind {} failed", kind.getSimpleName(), e);
    }
  }

  private void report(P resource) {
    LOG.warn(
        "{} {}/{} was overlooked for {}: it is looked at now",
        kind.getSimpleName(),
        resource.getMetadata().getNamespace(),
        resource.getMetadata().getName(),
        looks.patience());
    ResourceID id = ResourceID.fromResource(resource);
    EventHandler books = getEventHandler();
    books.handleEvent(new ResourceDeleteEvent(ResourceAction.DELETED, id, resource, true));
    books.handleEvent(new ResourceEvent(ResourceAction.ADDED, id, resource));
  }
}
