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
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The connection to another cluster, for the Sites of one namespace that name the same Secret.
///
/// Its own thread looks whether the API server answers, and owns all that is not volatile; other
/// threads read what it has found. Watches that were cut are begun anew when it answers again: a
/// line that was dead for a while may take a watch minutes to notice. It ends when it is closed, or
/// when no Site asks for it any more.
final class OtherCluster implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(OtherCluster.class);

  /// One may be lost by chance.
  private static final int FAILURES_MAX = 2;

  /// How often watches may be found broken, or without their first list, while requests are
  /// answered.
  private static final int UNSYNCED_LOOKS_MAX = 5;

  /// The reconciles of a Site are at most minutes apart.
  static final Duration ABANDONED_AFTER = Duration.ofMinutes(10);

  /// Of these a person has to know; others go away.
  private static final Set<Integer> REFUSALS =
      Set.of(
          HttpURLConnection.HTTP_UNAUTHORIZED,
          HttpURLConnection.HTTP_FORBIDDEN,
          HttpURLConnection.HTTP_NOT_FOUND);

  /// Nobody wraps more often; a circle would have no end.
  private static final int CAUSES_MAX = 20;

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
  private final InstantSource clock;
  private final Consumer<String> changed;
  private final Set<String> sites = ConcurrentHashMap.newKeySet();
  private final CountDownLatch closed = new CountDownLatch(1);
  private volatile State state = new State.Connecting();
  private volatile Instant askedAt;
  private volatile boolean ended;
  private volatile @Nullable WatchedObjects watched;
  private @Nullable WatchedObjects beginning;
  private int failures;
  private int unsynced;

  private OtherCluster(
      String namespace,
      String secret,
      KubernetesClient client,
      Duration lookInterval,
      InstantSource clock,
      Consumer<String> changed) {
    this.namespace = namespace;
    this.secret = secret;
    this.client = client;
    this.lookInterval = lookInterval;
    this.clock = clock;
    this.askedAt = clock.instant();
    this.changed = changed;
  }

  /// Begins to look at a cluster until [#close], or until no Site has asked for it for long.
  ///
  /// @param client for that cluster, which is closed with this
  /// @param changed hears of the names of Sites of which something has changed there
  static OtherCluster start(
      String namespace,
      String secret,
      KubernetesClient client,
      Duration lookInterval,
      InstantSource clock,
      Consumer<String> changed) {
    OtherCluster cluster =
        new OtherCluster(namespace, secret, client, lookInterval, clock, changed);
    Thread.ofVirtual().name("cluster-" + namespace + "-" + secret).start(cluster::lookUntilClosed);
    return cluster;
  }

  /// What a Site that is there can do now.
  Access access(String site) {
    sites.add(site);
    askedAt = clock.instant();
    State now = state;
    return now instanceof State.Reachable ? new Access.Reached(new View(site)) : denied(site, now);
  }

  /// A call has failed, perhaps one to this cluster, while it was taken for reachable.
  ///
  /// @return nothing if that does not say that Sites cannot be worked on there
  Optional<Access.Denied> failed(String site, KubernetesClientException failure) {
    if (failure.getCode() <= 0) {
      // It does not say which cluster has not answered.
      return unanswered().map(found -> denied(site, found));
    }
    return isRefusal(failure) && isOfThis(failure)
        ? Optional.of(denied(site, stateAfter(failure)))
        : Optional.empty();
  }

  /// One of the messages says where the request went.
  private boolean isOfThis(KubernetesClientException failure) {
    String url = client.getMasterUrl().toString();
    return Stream.<Throwable>iterate(failure, Objects::nonNull, Throwable::getCause)
        .limit(CAUSES_MAX)
        .anyMatch(each -> each.getMessage() != null && each.getMessage().contains(url));
  }

  private Access.Denied denied(String site, State found) {
    return new Access.Denied(verdict(found), podsSeen(site), !(found instanceof State.Connecting));
  }

  /// Asks once more.
  private Optional<State> unanswered() {
    try {
      ask();
      return Optional.empty();
    } catch (RuntimeException e) {
      return Optional.of(stateAfter(e));
    }
  }

  /// The cheapest request of those that a Site needs.
  private void ask() {
    client
        .apps()
        .statefulSets()
        .inNamespace(namespace)
        .list(new ListOptionsBuilder().withLimit(1L).build());
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

  /// The node pods of all Sites there, as the API server has them now; none while it is known not
  /// to answer.
  ///
  /// @return nothing if it should have answered, and did not
  Optional<List<Pod>> podsNow() {
    if (!(state instanceof State.Reachable)) {
      return Optional.of(List.of());
    }
    try {
      return Optional.of(
          client.pods().inNamespace(namespace).withLabel(Labels.SITE).list().getItems());
    } catch (KubernetesClientException _) {
      return Optional.empty();
    }
  }

  /// The pods of a Site, as they were told of last.
  List<Pod> podsSeen(String site) {
    return objects(Pod.class, site);
  }

  /// Whether it looks no more, for whichever reason.
  boolean hasEnded() {
    return ended;
  }

  @Override
  public void close() {
    closed.countDown();
  }

  private void lookUntilClosed() {
    try {
      do {
        lookOnce();
      } while (!closed.await(lookInterval.toMillis(), TimeUnit.MILLISECONDS) && !isAbandoned());
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    } finally {
      ended = true;
      stop(beginning);
      stop(watched);
      client.close();
    }
  }

  private boolean isAbandoned() {
    return clock.instant().isAfter(askedAt.plus(ABANDONED_AFTER));
  }

  private static void stop(@Nullable WatchedObjects objects) {
    if (objects != null) {
      objects.close();
    }
  }

  /// A boundary: whatever one look meets, the next one comes.
  private void lookOnce() {
    try {
      ask();
      answered();
    } catch (RuntimeException e) {
      failures++;
      if (failures >= FAILURES_MAX) {
        become(stateAfter(e));
      }
    }
  }

  private void answered() {
    boolean again = failures >= FAILURES_MAX;
    failures = 0;
    if (again || (beginning == null && isBroken(watched))) {
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
      unsynced = 0;
      become(new State.Reachable());
    } else if (++unsynced > UNSYNCED_LOOKS_MAX) {
      become(
          started
              .failure()
              .map(OtherCluster::stateAfter)
              .orElseGet(() -> new State.Unreachable("its watches do not begin")));
    }
  }

  /// A watch is sometimes between two connections; one that stays there is refused, or worse.
  private boolean isBroken(@Nullable WatchedObjects objects) {
    if (objects != null && objects.isWatching()) {
      unsynced = 0;
      return false;
    }
    return objects == null || ++unsynced > UNSYNCED_LOOKS_MAX;
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
    return isRefusal(failure)
        ? new State.Refusing(reason(failure))
        : new State.Unreachable(reason(failure));
  }

  private static boolean isRefusal(Throwable failure) {
    return failure instanceof KubernetesClientException e && REFUSALS.contains(e.getCode());
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
