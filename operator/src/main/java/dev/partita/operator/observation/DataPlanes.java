package dev.partita.operator.observation;

import dev.partita.operator.nodeclient.ClusterView;
import dev.partita.operator.nodeclient.NodeAdmin;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// All data planes, one for each namespace that has a resource of ours, each with its polling
/// thread.
///
/// A polling thread starts with the first reconcile of its namespace, which only the leading
/// operator does, and ends when the namespace has had no nodes for a while. [#close] ends all of
/// them.
public final class DataPlanes implements AutoCloseable {

  /// Hears of observations, on the polling thread of the namespace.
  public interface Listener {

    /// Before each poll.
    default void beforePoll(DataPlane dataPlane) {}

    /// After each poll that somebody answered.
    default void observed(DataPlane dataPlane, ClusterView view) {}

    /// Everything in the namespace may need another look.
    default void structureChanged(DataPlane dataPlane) {}

    /// The figures of these Partitions and Indexes moved.
    default void figuresChanged(
        DataPlane dataPlane, Iterable<String> partitions, Iterable<String> indexes) {}
  }

  private static final Logger LOG = LoggerFactory.getLogger(DataPlanes.class);

  /// Polls without a single known node after which a namespace counts as abandoned.
  private static final int IDLE_POLLS_MAX = 60;

  private final NodeAdmin admin;
  private final Duration pollInterval;
  private final Duration figuresInterval;
  private final Map<String, DataPlane> byNamespace = new ConcurrentHashMap<>();
  private final List<Listener> listeners = new CopyOnWriteArrayList<>();
  private final CountDownLatch closed = new CountDownLatch(1);

  /// @param figuresInterval how often moving figures may wake reconcilers
  public DataPlanes(NodeAdmin admin, Duration pollInterval, Duration figuresInterval) {
    this.admin = admin;
    this.pollInterval = pollInterval;
    this.figuresInterval = figuresInterval;
  }

  /// Adds a listener; it stays until [#close].
  public void addListener(Listener listener) {
    listeners.add(listener);
  }

  /// The data plane of a namespace, observed from now on.
  public DataPlane of(String namespace) {
    return byNamespace.computeIfAbsent(namespace, this::start);
  }

  @Override
  public void close() {
    closed.countDown();
  }

  private DataPlane start(String namespace) {
    DataPlane dataPlane = new DataPlane(namespace, admin);
    Thread.ofVirtual().name("observe-" + namespace).start(() -> pollUntilClosed(dataPlane));
    return dataPlane;
  }

  private void pollUntilClosed(DataPlane dataPlane) {
    Polling polling = new Polling(dataPlane);
    try {
      while (!closed.await(pollInterval.toMillis(), TimeUnit.MILLISECONDS)) {
        if (polling.isAbandoned() && byNamespace.remove(dataPlane.namespace(), dataPlane)) {
          return;
        }
        pollOnce(polling);
      }
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }

  /// A boundary: whatever one poll meets, the next one comes. Without it nothing would be known of
  /// the namespace any more.
  private void pollOnce(Polling polling) {
    try {
      polling.once();
    } catch (RuntimeException | Error e) {
      LOG.warn("observing namespace {} failed", polling.dataPlane.namespace(), e);
    }
  }

  /// What decisions rest on beside the view.
  private record Circumstances(Set<String> steadyNodes, Set<String> lostNodes, boolean rolling) {}

  /// The state of one polling thread.
  private final class Polling {

    private final DataPlane dataPlane;
    private @Nullable ClusterView told;
    private Circumstances toldCircumstances = new Circumstances(Set.of(), Set.of(), false);
    private long figuresToldNanos;
    private int idlePolls;

    Polling(DataPlane dataPlane) {
      this.dataPlane = dataPlane;
      this.figuresToldNanos = System.nanoTime() - figuresInterval.toNanos();
    }

    boolean isAbandoned() {
      return idlePolls > IDLE_POLLS_MAX;
    }

    void once() {
      listeners.forEach(listener -> listener.beforePoll(dataPlane));
      idlePolls = dataPlane.hasEndpoints() ? 0 : idlePolls + 1;
      Optional<ClusterView> view = dataPlane.observe();
      view.ifPresent(seen -> listeners.forEach(listener -> listener.observed(dataPlane, seen)));
      tell(view.orElse(null));
    }

    private void tell(@Nullable ClusterView known) {
      Change change = Change.between(told, known);
      Circumstances circumstances =
          new Circumstances(dataPlane.steadyNodes(), dataPlane.lostNodes(), dataPlane.isRolling());
      if (change.structural() || !circumstances.equals(toldCircumstances)) {
        told = known;
        toldCircumstances = circumstances;
        listeners.forEach(listener -> listener.structureChanged(dataPlane));
      } else if (!change.isNothing()
          && System.nanoTime() - figuresToldNanos >= figuresInterval.toNanos()) {
        told = known;
        figuresToldNanos = System.nanoTime();
        listeners.forEach(
            listener -> listener.figuresChanged(dataPlane, change.partitions(), change.indexes()));
      }
    }
  }
}
