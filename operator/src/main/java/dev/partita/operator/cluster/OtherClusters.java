package dev.partita.operator.cluster;

import dev.partita.crd.Site;
import dev.partita.operator.resource.ContentHash;
import dev.partita.operator.resource.Labels;
import dev.partita.operator.status.Verdict;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// The clusters beside the operator's own in which Sites are, each by a Secret with a kubeconfig.
/// Thread-safe.
///
/// A connection begins with the first reconcile of a Site that needs it, which only the leading
/// operator does, and ends some time after the last one, or when its Secret says something else.
public final class OtherClusters implements AutoCloseable {

  /// Hears that something has changed in the cluster of a Site.
  public interface Listener {
    void changed(String namespace, String site);
  }

  /// How often to look whether a cluster answers, and what a Secret says, which the operator has no
  /// right to watch: a small request each, and a person waits for no longer.
  public static final Duration LOOK_INTERVAL = Duration.ofSeconds(3);

  private final KubernetesClient home;
  private final Function<Config, KubernetesClient> connect;
  private final InstantSource clock;
  private final Duration lookInterval;
  private final Map<Key, Connection> connections = new ConcurrentHashMap<>();
  private final List<Listener> listeners = new CopyOnWriteArrayList<>();
  private final Set<String> worked = ConcurrentHashMap.newKeySet();

  /// @param home for the cluster of the operator, where the Secrets are
  /// @param connect makes a client of another one
  public OtherClusters(
      KubernetesClient home,
      Function<Config, KubernetesClient> connect,
      InstantSource clock,
      Duration lookInterval) {
    this.home = home;
    this.connect = connect;
    this.clock = clock;
    this.lookInterval = lookInterval;
  }

  /// Adds a listener; it stays until [#close].
  public void addListener(Listener listener) {
    listeners.add(listener);
  }

  /// How often there may be news of a cluster that cannot be worked on.
  public Duration lookInterval() {
    return lookInterval;
  }

  /// Whether the cluster of a Site that is elsewhere can be worked on.
  public Access access(Site site) {
    return connection(site).access(site);
  }

  /// What is to be said after a call has failed; nothing if that cluster is not to blame.
  public Optional<Access.Denied> failed(Site site, KubernetesClientException failure) {
    return connection(site).failed(site, failure);
  }

  /// The node pods of all Sites of a namespace, in all clusters that are not known to be lost, as
  /// they are now. What is there has to be judged by what its nodes say.
  ///
  /// @return nothing if one of them does not answer
  public Optional<List<Pod>> podsNow(String namespace) {
    List<Pod> pods =
        new ArrayList<>(
            home.pods().inNamespace(namespace).withLabel(Labels.SITE).list().getItems());
    for (Map.Entry<Key, Connection> each : connections.entrySet()) {
      if (each.getKey().namespace().equals(namespace)) {
        Optional<List<Pod>> there = each.getValue().podsNow();
        if (there.isEmpty()) {
          return Optional.empty();
        }
        pods.addAll(there.get());
      }
    }
    return Optional.of(pods);
  }

  /// Says that a Site is worked on in its cluster, until [#finished].
  public void working(Site site) {
    worked.add(site.getMetadata().getUid());
  }

  /// The work that was told of by [#working] is done, or has failed.
  public void finished(Site site) {
    worked.remove(site.getMetadata().getUid());
  }

  /// Whether something may still be made in the cluster of a Site. Who asks after the Site was
  /// deleted, and is told no, knows that nothing will be: whoever begins later sees the deletion.
  public boolean isWorkedOn(Site site) {
    return worked.contains(site.getMetadata().getUid());
  }

  /// Has the Site looked at again.
  public void wake(Site site) {
    tell(site.getMetadata().getNamespace(), site.getMetadata().getName());
  }

  @Override
  public void close() {
    connections.values().forEach(Connection::close);
  }

  private Connection connection(Site site) {
    return connections.computeIfAbsent(Key.of(site), Connection::new);
  }

  private void tell(String namespace, String site) {
    listeners.forEach(listener -> listener.changed(namespace, site));
  }

  private record Key(String namespace, String secret) {

    static Key of(Site site) {
      return new Key(
          site.getMetadata().getNamespace(),
          Objects.requireNonNull(site.getSpec().kubeconfigSecret(), "a Site of this cluster"));
    }
  }

  /// The state of one connection. Nothing here calls the other cluster while it is locked.
  private final class Connection {

    private final Key key;
    private Instant lookedAt = Instant.EPOCH;
    private @Nullable String hash;
    private @Nullable OtherCluster cluster;
    private @Nullable String unusable;

    Connection(Key key) {
      this.key = key;
    }

    synchronized Access access(Site site) {
      boolean leaving = site.isMarkedForDeletion();
      if (cluster != null && cluster.hasEnded()) {
        cluster = null;
        hash = null;
        lookedAt = Instant.EPOCH;
      }
      if (!clock.instant().isBefore(lookedAt.plus(lookInterval))) {
        lookAtSecret();
        lookedAt = clock.instant();
      }
      OtherCluster known = cluster;
      // Where a whole namespace is deleted, the Secret may be gone before its Sites.
      if (known != null && (unusable == null || leaving)) {
        return known.access(site.getMetadata().getName());
      }
      return new Access.Denied(
          Verdict.stalled(
              "KubeconfigUnusable",
              "Secret %s %s".formatted(key.secret(), Objects.requireNonNullElse(unusable, ""))),
          known == null ? List.of() : known.podsSeen(site.getMetadata().getName()),
          true);
    }

    private void lookAtSecret() {
      Secret secret = home.secrets().inNamespace(key.namespace()).withName(key.secret()).get();
      if (secret == null) {
        unusable = "does not exist";
        hash = null;
        return;
      }
      String present = ContentHash.of(secret.getData() == null ? Map.of() : secret.getData());
      if (present.equals(hash)) {
        return;
      }
      hash = present;
      switch (Kubeconfig.of(secret, home.getKubernetesSerialization())) {
        case Kubeconfig.Unusable(String reason) -> unusable = reason;
        case Kubeconfig.Usable(Config config) -> begin(config);
      }
    }

    private void begin(Config config) {
      KubernetesClient client;
      try {
        client = connect.apply(config);
      } catch (RuntimeException _) {
        // What is thrown may quote them.
        unusable = "has certificates or a key that cannot be read";
        return;
      }
      unusable = null;
      close();
      cluster =
          OtherCluster.start(
              key.namespace(),
              key.secret(),
              client,
              lookInterval,
              clock,
              site -> tell(key.namespace(), site));
    }

    Optional<Access.Denied> failed(Site site, KubernetesClientException failure) {
      return begun().flatMap(known -> known.failed(site.getMetadata().getName(), failure));
    }

    Optional<List<Pod>> podsNow() {
      return begun().map(OtherCluster::podsNow).orElse(Optional.of(List.of()));
    }

    private synchronized Optional<OtherCluster> begun() {
      return Optional.ofNullable(cluster).filter(known -> !known.hasEnded());
    }

    synchronized void close() {
      if (cluster != null) {
        cluster.close();
        cluster = null;
      }
    }
  }
}
