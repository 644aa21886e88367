package dev.partita.operator.cluster;

import dev.partita.operator.resource.Labels;
import dev.partita.operator.status.Verdict;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.ListOptionsBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.net.HttpURLConnection;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The connection to another cluster, for the Sites of one namespace that name the same Secret.
///
/// Its own thread looks whether the API server answers, and owns all that is not volatile; other
/// threads read what it has found. Watches that were cut are begun anew when it answers again: a
/// line that was dead for a while may take a watch minutes to notice.
final class OtherCluster implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(OtherCluster.class);

  /// One may be lost by chance.
  private static final int FAILURES_MAX = 2;

  /// How often watches may be found without their first list, while requests are answered.
  private static final int UNSYNCED_LOOKS_MAX = 5;

  /// The one that the operator has in its own cluster.
  private static final String FIELD_MANAGER = "partita-operator";

  private sealed interface State {
    record Connecting() implements State {}

    record Reachable() implements State {}

    /// Nothing answers.
    record Unreachable(String reason) implements State {}

    /// It answers that this may not be.
    record Refusing(String reason) implements State {}
  }

  private final String namespace;
  private final String secret;
  private final KubernetesClient client;
  private final Duration lookInterval;
  private final Consumer<String> changed;
  private final Set<String> sites = ConcurrentHashMap.newKeySet();
  private final CountDownLatch closed = new CountDownLatch(1);
  private volatile State state = new State.Connecting();
  private volatile @Nullable WatchedObjects watched;
  private @Nullable WatchedObjects beginning;
  private int failures;
  private int unsynced;

  private OtherCluster(
      String namespace,
      String secret,
      KubernetesClient client,
      Duration lookInterval,
      Consumer<String> changed) {
    this.namespace = namespace;
    this.secret = secret;
    this.client = client;
    this.lookInterval = lookInterval;
    this.changed = changed;
  }

  /// Begins to look at a cluster until [#close].
  ///
  /// @param client for that cluster, which is closed with this
  /// @param changed hears of the names of Sites of which something has changed there
  static OtherCluster start(
      String namespace,
      String secret,
      KubernetesClient client,
      Duration lookInterval,
      Consumer<String> changed) {
    OtherCluster cluster = new OtherCluster(namespace, secret, client, lookInterval, changed);
    Thread.ofVirtual().name("cluster-" + namespace + "-" + secret).start(cluster::lookUntilClosed);
    return cluster;
  }

  /// What a Site that is there can do now.
  Access access(String site) {
    sites.add(site);
    State now = state;
    return now instanceof State.Reachable
        ? new Access.Reached(new View(site))
        : new Access.Denied(
            verdict(now), objects(Pod.class, site), !(now instanceof State.Connecting));
  }

  /// A call has failed while the cluster was taken for reachable.
  ///
  /// @return nothing if that does not say that Sites cannot be worked on there
  Optional<Access.Denied> failed(String site, KubernetesClientException failure) {
    return switch (failure.getCode()) {
      case 0,
          HttpURLConnection.HTTP_UNAUTHORIZED,
          HttpURLConnection.HTTP_FORBIDDEN,
          HttpURLConnection.HTTP_NOT_FOUND ->
          Optional.of(
              new Access.Denied(verdict(stateAfter(failure)), objects(Pod.class, site), true));
      default -> Optional.empty();
    };
  }

  private Verdict verdict(State found) {
    return switch (found) {
      case State.Connecting _, State.Reachable _ ->
          Verdict.reconciling(
              "Pending", "Connecting", "connecting to the cluster of Secret " + secret);
      case State.Unreachable(String reason) ->
          Verdict.reconciling(
              "Unreachable",
              "ClusterUnreachable",
              "the cluster of Secret %s does not answer (%s): its nodes go on as they are"
                  .formatted(secret, reason));
      case State.Refusing(String reason) ->
          Verdict.stalled(
              "ClusterRefuses",
              "the cluster of Secret %s refuses (%s): it needs namespace %s, and in it the rights of k8s/other-cluster/rights.yaml for the user of the kubeconfig"
                  .formatted(secret, reason, namespace));
    };
  }

  /// The node pods of all Sites there, as the API server has them now; nothing while it does not
  /// answer.
  List<Pod> podsNow() {
    if (!(state instanceof State.Reachable)) {
      return List.of();
    }
    try {
      return client.pods().inNamespace(namespace).withLabel(Labels.SITE).list().getItems();
    } catch (KubernetesClientException _) {
      return List.of();
    }
  }

  void forget(String site) {
    sites.remove(site);
  }

  boolean isUnused() {
    return sites.isEmpty();
  }

  @Override
  public void close() {
    closed.countDown();
  }

  private void lookUntilClosed() {
    try {
      do {
        lookOnce();
      } while (!closed.await(lookInterval.toMillis(), TimeUnit.MILLISECONDS));
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
    stop(beginning);
    stop(watched);
    client.close();
  }

  private static void stop(@Nullable WatchedObjects objects) {
    if (objects != null) {
      objects.close();
    }
  }

  /// A boundary: whatever one look meets, the next one comes.
  private void lookOnce() {
    try {
      // The cheapest request of those that a Site needs.
      client
          .apps()
          .statefulSets()
          .inNamespace(namespace)
          .list(new ListOptionsBuilder().withLimit(1L).build());
      answered();
    } catch (KubernetesClientException e) {
      failures++;
      if (failures >= FAILURES_MAX) {
        become(stateAfter(e));
      }
    } catch (RuntimeException e) {
      LOG.warn("looking at the cluster of Secret {}/{} failed", namespace, secret, e);
    }
  }

  private void answered() {
    boolean again = failures >= FAILURES_MAX;
    failures = 0;
    if (again || (watched == null && beginning == null)) {
      stop(beginning);
      beginning = WatchedObjects.start(client, namespace, changed);
      unsynced = 0;
    }
    WatchedObjects started = beginning;
    if (started == null) {
      become(new State.Reachable());
    } else if (started.hasSynced()) {
      stop(watched);
      watched = started;
      beginning = null;
      become(new State.Reachable());
    } else if (++unsynced > UNSYNCED_LOOKS_MAX) {
      become(
          started
              .failure()
              .map(OtherCluster::stateAfter)
              .orElseGet(() -> new State.Unreachable("its watches do not begin")));
    }
  }

  private void become(State next) {
    // The same obstacle in other words, such as another port, is nothing new.
    boolean same = next.equals(state) || (isUnreachable(next) && isUnreachable(state));
    if (!same) {
      state = next;
      LOG.info("cluster of Secret {}/{}: {}", namespace, secret, next);
      sites.forEach(changed);
    }
  }

  private static boolean isUnreachable(State found) {
    return found instanceof State.Unreachable;
  }

  private static State stateAfter(Throwable failure) {
    return failure instanceof KubernetesClientException e
            && e.getCode() >= HttpURLConnection.HTTP_BAD_REQUEST
            && e.getCode() < HttpURLConnection.HTTP_INTERNAL_ERROR
        ? new State.Refusing(reason(failure))
        : new State.Unreachable(reason(failure));
  }

  /// The innermost cause says what happened; the others say that something did.
  private static String reason(Throwable failure) {
    if (failure instanceof KubernetesClientException e
        && e.getStatus() != null
        && e.getStatus().getMessage() != null) {
      return e.getStatus().getMessage();
    }
    Throwable cause = failure;
    while (cause.getCause() != null) {
      cause = cause.getCause();
    }
    return cause.getMessage() == null ? cause.getClass().getSimpleName() : cause.getMessage();
  }

  private <T extends HasMetadata> List<T> objects(Class<T> kind, String site) {
    WatchedObjects known = watched;
    return known == null ? List.of() : known.ofSite(kind, site);
  }

  /// The cluster as a Site sees it.
  private final class View implements SiteCluster {

    private final String site;

    View(String site) {
      this.site = site;
    }

    @Override
    public KubernetesClient client() {
      return client;
    }

    @Override
    public <T extends HasMetadata> List<T> objects(Class<T> kind) {
      return OtherCluster.this.objects(kind, site);
    }

    @Override
    public void apply(HasMetadata desired) {
      client.resource(desired).fieldManager(FIELD_MANAGER).forceConflicts().serverSideApply();
    }
  }
}
